"""What holds on every page: no violation that axe finds, and no sideways scrolling, wide or narrow."""

from datetime import timedelta
from decimal import Decimal
from time import monotonic, sleep

import pytest
from sqlalchemy import create_engine, select, text

from app import create_app
from app.assistants.models import Assistant
from app.automations.analysis.operations import given_by, keep_analysis
from app.automations.analysis.schemas import AnalyzeInput
from app.automations.definitions.types import STEP_TYPES
from app.automations.editor.operations import begin_draft
from app.automations.models import Secret
from app.automations.monitoring.failures import failures
from app.automations.operations import change_workflow
from app.core.audit import SYSTEM
from app.core.clock import today
from app.core.ids import new_id
from app.core.outbox import begin_mail, end_mail
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import User
from app.projects.change_orders import operations as change_orders
from app.projects.change_orders.schemas import ChangeOrderInput
from app.projects.timesheets import operations as time
from app.projects.timesheets.schemas import TimeInput
from config import ROOT, sqlalchemy_url
from tests.automations.running import drain
from tests.conftest import settings_for
from tests.factories.assistants import make_assistant
from tests.factories.automations import make_automation, make_run
from tests.factories.engagements import make_match, make_request
from tests.factories.projects import make_project, make_team

pytestmark = pytest.mark.browser

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE = "() => axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)"
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Time enough to draw what a change of size or colours asked for."""
LOOSE_CELLS = """[...document.querySelectorAll("tr > *")]
    .filter((cell) => getComputedStyle(cell.parentElement).display === "table-row")
    .filter((cell) => getComputedStyle(cell).position !== "absolute")
    .filter((cell) => !["table-cell", "none"].includes(getComputedStyle(cell).display))
    .slice(0, 3).map((cell) => cell.outerHTML.slice(0, 80))"""
SQUEEZED_CAPTIONS = """[...document.querySelectorAll("caption:not(.visually-hidden)")]
    .filter((caption) => caption.offsetWidth < caption.parentElement.offsetWidth - 2)
    .map((caption) => caption.textContent)"""
WIDTHS = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"

NARROW = {"width": 390, "height": 844}
WIDE, NARROW_AND_DARK = ({"width": 1280, "height": 720}, "light"), (NARROW, "dark")
KEYS = ("products", "solutions", "services")
PAGES = {
    None: ["/login", "/register", "/forgot-password", "/reset-password", "/invitation", "/api/docs", "/nowhere"],
    "client": [
        "/dashboard/",
        "/account",
        "/account/company",
        "/account/password",
        "/account/email",
        "/account/two-factor",
        "/account/passkeys",
        "/account/passkeys/new",
        "/account/confirm",
        "/account/sessions",
        "/account/api-keys",
        "/account/api-keys/new",
        *("/notifications", "/account/providers", "/dashboard/projects", "/dashboard/projects?q=nothing+like+it"),
        "/dashboard/projects/new",
        *(
            "/dashboard/matches",
            "/dashboard/matches/requests",
            "/dashboard/matches/engagements",
            "/dashboard/matches/new",
        ),
        *("/account/applications", "/account/company/applications", "/account/company/applications/new"),
        "/oauth/authorize?client_id=nobody",
        *(f"/dashboard/automations/{page}" for page in ("runs", "failures", "approvals", "due", "savings", "costs")),
        *("/dashboard/automations/costs/calls", "/dashboard/automations/tables", "/dashboard/automations/secrets"),
        "/admin/",
    ],
    "expert": [
        *("/dashboard/", "/dashboard/profile", "/dashboard/calendar", "/dashboard/calendar?from=2020-01-06"),
        *("/dashboard/assignments", "/dashboard/time"),
    ],
    "manager": [
        "/admin/",
        *("/admin/assistants", "/admin/assistants/new", "/admin/assistants/import", "/admin/assistants?skill=excel"),
        *("/admin/audit", "/admin/audit?action=sign-in&via=portal", "/admin/see-as?q=client"),
        *("/admin/timeline", "/admin/timeline?by=client", "/admin/teams/import"),
        "/admin/jobs",
        "/admin/events",
        *("/admin/mails", "/admin/outbox", "/admin/outbox?source=portal&status=failed"),
        "/admin/api-keys",
        "/admin/mailbox",
        "/admin/changes",
        "/account",
        "/admin/palette?q=product",
        *(
            f"/admin/automations/{page}"
            for page in ("runs", "failures", "approvals", "due", "queue", "savings", "costs")
        ),
        *("/admin/automations/tables", "/admin/automations/secrets"),
        *("/admin/projects", "/admin/projects/new", "/admin/projects?status=on_hold"),
        *("/admin/teams", "/admin/teams/new", "/admin/teams/capacity", "/admin/teams/capacity?q=nothing+like+it"),
        *(
            "/admin/matches",
            "/admin/matches/assign",
            "/admin/matches/requests",
            "/admin/matches/new",
            "/admin/matches?who=nobody",
        ),
    ],
    "admin": [
        *(f"/admin/{key}{page}" for key in KEYS for page in ("", "/new", "/import")),
        *("/admin/users", "/admin/users/new", "/admin/clients", "/admin/clients/new", "/admin/permissions"),
        *("/admin/applications", "/admin/applications/new"),
        *(f"/admin/skills{page}" for page in ("", "/new", "/import", "/waiting", "/waiting?q=nothing", "/excel")),
        *("/admin/time", "/admin/time?status=submitted", "/admin/time?status=lost", "/admin/time/import"),
        *(f"/admin/products?{query}" for query in ("q=nothing+like+it", "archived=all&sort=-price", "limit=9999")),
    ],
}


@pytest.fixture(scope="module")
def record_pages(live):
    engine = create_engine(sqlalchemy_url(live.database_url))
    tables = dict(zip(KEYS, ("products", "solutions", "service_categories"), strict=True)) | {
        "assistants": "assistants"
    }
    with engine.connect() as connection:
        ids = {key: connection.scalar(text(f"select min(id::text) from {table}")) for key, table in tables.items()}
    engine.dispose()
    return [f"/admin/{key}/{ids[key]}{page}" for key in tables for page in ("", "/edit", "/history")]


@pytest.fixture(scope="module")
def pages_of_money(live):
    """By role, the pages of time and of change orders, of a project of the company that `client` belongs to."""
    app = create_app(settings_for(live.database_url))
    with app.app_context():
        company = db.session.scalars(select(User).where(User.username == "client")).one().client
        worker = db.session.scalars(select(User).where(User.username == "expert")).one()
        team = make_team(members=[db.session.scalars(select(Assistant).where(Assistant.user_id == worker.id)).one()])
        project = make_running_project(company, team)
        entry = time.log_time(project, TimeInput(worked_on=today(), minutes=450), user_id=worker.id, actor=worker)
        other = time.log_time(project, TimeInput(worked_on=today(), minutes=60), user_id=worker.id, actor=worker)
        time.reject_time(other, "What was it?", actor=SYSTEM)
        changed = ChangeOrderInput(title="More", budget_change=500, changes=[{"action": "add", "title": "Archive"}])
        order = change_orders.create_change_order(project, changed, actor=SYSTEM)
        draft = change_orders.create_change_order(project, changed, actor=SYSTEM)
        change_orders.propose_change_order(order, actor=SYSTEM)
        soon = {"start_date": today() + timedelta(days=14), "end_date": today() + timedelta(days=60)}
        waiting = make_project(client=company, status="requested", specialization="cloud", **soon)
        db.session.commit()
        base, orders = f"/projects/{project.id}", f"/projects/{project.id}/change-orders"
        found = {
            "expert": [
                "/dashboard/time",
                f"/dashboard/time/{entry.id}",
                f"/dashboard/time/{other.id}",
                f"/dashboard{base}",
            ],
            "client": [f"/dashboard{base}", f"/dashboard/projects/{waiting.id}", f"/dashboard{orders}/{order.id}"],
            "manager": [
                *(
                    f"/admin/teams/{team.id}{page}"
                    for page in ("", "/edit", "/capacity", "/deliver?hours=900&by=2030-01-04")
                ),
                f"/admin{base}/teams",
                f"/admin/projects/{waiting.id}",
                *(f"/admin{page}" for page in (base, f"{base}/time/new", f"{orders}/new", f"{orders}/{draft.id}/edit")),
                *(f"/admin{orders}/{one.id}" for one in (order, draft)),
                *("/admin/time", f"/admin/time/{entry.id}", f"/admin/time/{other.id}"),
            ],
        }
        db.session.remove()
        db.engine.dispose()
    return found


def make_running_project(company, team):
    dates = {"start_date": today() - timedelta(days=40), "end_date": today() + timedelta(days=40)}
    works = [
        {"title": "Survey", "status": "approved", "budget": Decimal(4000)},
        {"title": "Move", "budget": Decimal(6000), "estimate_hours": Decimal(80)},
    ]
    return make_project(client=company, team=team, currency="EUR", budget=Decimal(10_000), deliverables=works, **dates)


@pytest.fixture(scope="module")
def pages_of_people(live):
    engine = create_engine(sqlalchemy_url(live.database_url))
    with engine.connect() as connection:
        user, company = connection.execute(text("select id, client_id from users where username = 'client'")).one()
    engine.dispose()
    acts = ("", "/edit", "/history", "/merge", "/merge?q=client", "/reset-second-factor")
    return [*(f"/admin/users/{user}{page}" for page in acts), *(f"/admin/clients/{company}{page}" for page in acts[:4])]


@pytest.fixture(scope="module")
def pages_of_matches(live):
    """The pages of matches in every state, all of the company that `client` belongs to."""
    app = create_app(settings_for(live.database_url))
    with app.app_context():
        company = db.session.scalars(select(User).where(User.username == "client")).one().client
        request = make_request(client=company, description="Monthly books.", timezone="Europe/Berlin")
        people = [make_assistant(name=f"Somebody {number}", skills=("Excel",)) for number in range(6)]
        proposed, *_ = [make_match(request=request, assistant=person) for person in people]
        made = {status: make_match(status, request=make_request(client=company)) for status in ("accepted", "declined")}
        made["completed"] = make_match("completed", request=make_request(client=company), stars=4)
        made["ended"] = make_match("ended", request=make_request(client=company), note="We are moving.")
        pages = [page for match in made.values() for page in (f"/{match.id}", f"/requests/{match.request_id}")]
        pages += [f"/{proposed.id}", f"/{proposed.id}/decline", f"/requests/{request.id}?what-if=1&rate=50&name=some"]
        pages += [f"/{made['accepted'].id}/end", f"/{made['accepted'].id}/complete", "", "/requests"]
        db.session.remove()
        db.engine.dispose()
    return pages


@pytest.mark.parametrize(("role", "base"), [("client", "/dashboard/matches"), ("manager", "/admin/matches")])
def test_pages_of_matches_are_accessible_and_fit_the_screen(open_window, pages_of_matches, role, base):
    window = open_window(role, bypass_csp=True, reduced_motion="reduce")
    look_at(window, [base + page for page in pages_of_matches])


@pytest.fixture(scope="module")
def pages_of_projects(live):
    """The pages of a running project of the company that `client` belongs to, for staff and for the company."""
    engine = create_engine(sqlalchemy_url(live.database_url))
    running = text(
        "select p.id, d.id from projects p join users u on u.client_id = p.client_id and u.username = 'client' "
        "join deliverables d on d.project_id = p.id where p.status = 'active' "
        "order by d.status = 'submitted' desc limit 1"
    )
    with engine.connect() as connection:
        project, part = connection.execute(running).one()
    engine.dispose()
    staff = [f"/admin/projects/{project}{page}" for page in ("", "/edit", "/history", "/dates")]
    step = f"deliverables/{part}"
    own = [f"/dashboard/projects/{project}", f"/dashboard/projects/{project}/{step}/request-changes"]
    return {"manager": [*staff, f"/admin/projects/{project}/{step}/submit"], "client": own}


@pytest.mark.parametrize("role", ["manager", "client"])
def test_pages_of_projects_are_accessible_and_fit_the_screen(open_window, pages_of_projects, role):
    look_at(open_window(role, bypass_csp=True, reduced_motion="reduce"), pages_of_projects[role])


@pytest.fixture(scope="module")
def pages_of_automations(live):
    """By role, the pages of making automations: a draft with problems and all types of steps, an automation of two
    versions, a secret."""
    app = create_app(settings_for(live.database_url))
    with app.app_context():
        made = {}
        for role, base in (("client", "/dashboard/automations"), ("manager", "/admin/automations")):
            user = db.session.scalars(select(User).where(User.username == role)).one()
            company = db.session.scalars(select(User).where(User.username == "client")).one().client
            automation = make_automation(WORKING, client=company, trigger={"type": "schedule", "cron": "0 6 * * 1"})
            change_workflow(automation, {"trigger": {"type": "webhook", "signed": True}, "steps": WORKING}, actor=user)
            steps = [{"id": name, "type": name, "needs": ["http"] * (name != "http")} for name in STEP_TYPES]
            broken = {"trigger": {"type": "schedule", "cron": "never"}, "steps": steps}
            draft = begin_draft("Half done", broken, client_id=company.id, actor=user)
            whole = begin_draft(
                "Ready", {"trigger": {"type": "manual"}, "steps": WORKING}, client_id=company.id, actor=user
            )
            empty = begin_draft("Empty", {"trigger": {"type": "manual"}, "steps": []}, client_id=company.id, actor=user)
            secret = Secret(client_id=company.id, name=f"KEY_{role.upper()}", value="some-value")
            db.session.add(secret)
            db.session.commit()
            drafts = f"{base}/drafts"
            made[role] = [
                *(f"{base}{page}" for page in ("", "/new", "/secrets", "/secrets/new", f"/secrets/{secret.id}")),
                *(f"{base}/gallery{page}" for page in ("", "/weekly-hours", "/request-triage")),
                *(
                    f"{base}/{automation.id}{page}"
                    for page in ("", "/versions", "/versions/1", "/versions/2", "/about")
                ),
                *(f"{drafts}/{empty.id}{page}" for page in ("", "/add", "/deploy")),
                *(f"{drafts}/{draft.id}{page}" for page in ("", "/trigger", "/add", "/json", "/rehearse", "/deploy")),
                *(f"{drafts}/{draft.id}/steps/{name}" for name in STEP_TYPES),
                *(
                    f"{drafts}/{whole.id}{page}"
                    for page in ("/rehearse", "/steps/a/test", "/deploy", "/trigger?type=event")
                ),
            ]
        db.session.remove()
        db.engine.dispose()
    return made


WORKING = [
    {"id": "a", "type": "transform", "with": {"n": 1}},
    {"id": "b", "type": "condition", "needs": ["a"], "if": "steps.a.output.n", "with": {"if": "true"}},
]


@pytest.mark.parametrize("role", ["client", "manager"])
def test_pages_of_automations_are_accessible_and_fit_the_screen(open_window, pages_of_automations, role):
    look_at(open_window(role, bypass_csp=True, reduced_motion="reduce"), pages_of_automations[role])


def _failure_of(automation):
    """Its failed runs, once they have failed: the worker of the portal may have taken them before the test did."""
    until = monotonic() + 60
    while monotonic() < until:
        for one in failures(automation.client_id):
            if one.automation_id == automation.id:
                return one
        db.session.rollback()
        sleep(0.1)
    raise AssertionError("no run has failed")


@pytest.fixture(scope="module")
def pages_of_runs(live):
    """The pages of runs in several states, of the company that `client` belongs to, below the automations' address."""
    app = create_app(settings_for(live.database_url))
    with app.app_context(), as_system("the test makes runs"):
        company = db.session.scalars(select(User).where(User.username == "client")).one().client
        loop = {"items": "{{ trigger.list }}", "step": {"type": "transform", "with": {"n": "{{ item }}"}}}
        steps = [
            {"id": "sum", "name": "Add up", "type": "transform", "with": {"n": "{{ number(trigger.text) }}"}},
            {"id": "each", "type": "for_each", "with": loop, "needs": ["sum"]},
            {"id": "ask", "type": "approval", "with": {"ask": "Pay it?"}, "needs": ["sum"]},
        ]
        automation = make_automation(steps, client=company, minutes_saved=Decimal(5), promised_hours=Decimal(2))
        given = {"text": "12", "list": list(range(60))}
        waiting = make_run(automation, input=given)
        failed = make_run(automation, input={**given, "text": "twelve"})
        rehearsed = make_run(automation, input=given, dry_run=True)
        drain()
        group = _failure_of(automation)
        runs = [f"/{automation.id}/runs/{run.id}" for run in (waiting, failed, rehearsed)]
        pages = [
            *runs,
            f"{runs[0]}?step=each",
            f"{runs[1]}/retry",
            f"/{automation.id}/runs",
            f"/{automation.id}/savings",
        ]
        pages += [f"/failures/{company.id}/{group.fingerprint}", "/approvals", "/savings?hourly_cost=35"]
        db.session.remove()
        db.engine.dispose()
    return pages


@pytest.mark.parametrize(("role", "base"), [("client", "/dashboard/automations"), ("manager", "/admin/automations")])
def test_pages_of_runs_are_accessible_and_fit_the_screen(open_window, pages_of_runs, role, base):
    look_at(open_window(role, bypass_csp=True, reduced_motion="reduce"), [base + page for page in pages_of_runs])


@pytest.fixture(scope="module")
def pages_of_analyses(live):
    """The pages of an analysis of steps and one of an event log, of the company that `client` belongs to, and those of
    messages that went out."""
    app = create_app(settings_for(live.database_url))
    with app.app_context(), as_system("the test sends and analyses"):
        author = db.session.scalars(select(User).where(User.username == "client")).one()
        of_company = {"client_id": author.client_id, "actor": author}
        made = [keep_analysis(asked, given_by(asked, None), **of_company) for asked in ASKED]
        sent = begin_mail(new_id(), 1, "user.invited", "ann@example.com", "An invitation", provider="SMTP")
        failed = begin_mail(new_id(), 2, "user.invited", "bob@example.com", "An invitation", provider="SMTP")
        end_mail(failed.id, answer="The mail server said 550: no such user", is_sent=False, duration_ms=12)
        analyses = [
            *("/automations/analyses", "/automations/analyses/new"),
            *(f"/automations/analyses/{one.id}{page}" for one in made for page in ("", "/answers")),
        ]
        found = {
            "client": [f"/dashboard{page}" for page in analyses],
            "manager": [f"/admin{page}" for page in (*analyses, f"/outbox/{sent.id}", f"/outbox/{failed.id}")],
        }
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return found


AT = "2026-11-03T0{}:00:00Z"
ASKED = [
    AnalyzeInput.model_validate({"process": "Invoice intake", "hourly_cost": "35.00", **source})
    for source in (
        {"steps": [{"name": name, "minutes": 4, "times_per_month": 300} for name in ("Read", "Check")]},
        {"events": [{"case": "1", "activity": f"Step {hour}", "at": AT.format(hour)} for hour in range(1, 7)]},
    )
]


@pytest.mark.parametrize("role", ["client", "manager"])
def test_pages_of_analyses_and_messages_are_accessible_and_fit_the_screen(open_window, pages_of_analyses, role):
    look_at(open_window(role, bypass_csp=True, reduced_motion="reduce"), pages_of_analyses[role])


@pytest.mark.parametrize("role", PAGES, ids=lambda role: role or "anonymous")
def test_pages_are_accessible_and_fit_the_screen(open_window, role):
    look_at(open_window(role, bypass_csp=True, reduced_motion="reduce"), PAGES[role])


def test_pages_of_records_are_accessible_and_fit_the_screen(open_window, record_pages):
    look_at(open_window("manager", bypass_csp=True, reduced_motion="reduce"), record_pages)


def test_pages_of_people_are_accessible_and_fit_the_screen(open_window, pages_of_people):
    look_at(open_window("admin", bypass_csp=True, reduced_motion="reduce"), pages_of_people)


@pytest.mark.parametrize("role", ["client", "manager", "expert"])
def test_pages_of_time_and_change_orders_are_accessible_and_fit_the_screen(open_window, pages_of_money, role):
    look_at(open_window(role, bypass_csp=True, reduced_motion="reduce"), pages_of_money[role])


def look_at(page, paths):
    """Every page wide and narrow, axe on every page in one look; fails with all that is wrong on any.

    By turns a page is wide and light, or narrow and dark, when axe looks at it: so it sees what pages have in common,
    and each kind of page, in both. (Colours that change on a page that is shown cost more than axe does.)
    """
    page.add_init_script(path=AXE)
    wrong = []
    for number, path in enumerate(paths):
        (size, scheme), (other, _) = (WIDE, NARROW_AND_DARK) if number % 2 == 0 else (NARROW_AND_DARK, WIDE)
        page.goto("about:blank")
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        page.goto(path)
        wrong += [f"{path}, {size['width']} px, {scheme}: {found}" for found in faults(page)]
        page.set_viewport_size(other)
        wrong += [f"{path}, {other['width']} px: {found}" for found in sideways(page)]
    assert not wrong, "\n".join(wrong)


def faults(page):
    yield from sideways(page)
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    for found in page.evaluate(RUN_AXE):
        for node in found["nodes"]:
            yield f"{found['id']} ({found['impact']}): {node['html'][:160]} {node['failureSummary']}"


def sideways(page):
    page.evaluate(TWO_FRAMES)
    wide, room = page.evaluate(WIDTHS)
    if wide > room:
        yield f"scrolls sideways ({wide} px in {room})"
    if loose := page.evaluate(LOOSE_CELLS):
        yield f"cells that don’t stand in their columns: {loose}"
    if squeezed := page.evaluate(SQUEEZED_CAPTIONS):
        yield f"captions narrower than their tables: {squeezed}"


def test_the_skip_link_comes_first_and_leads_to_the_content(page):
    page.goto("/admin/products")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_an_analysis_is_printed_light_and_with_its_reasons(open_window, pages_of_analyses):
    window = open_window("client", reduced_motion="reduce")
    page = next(path for path in pages_of_analyses["client"] if path.count("/") == 4 and not path.endswith("/new"))
    window.goto(page)
    window.context.add_cookies([{"name": "theme", "value": "dark", "url": window.url}])
    window.reload()
    reason = window.locator(".potential details li").first
    assert not reason.is_visible()
    window.emulate_media(media="print")
    assert reason.is_visible()
    assert not window.locator(".page-actions").is_visible()
    assert window.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
