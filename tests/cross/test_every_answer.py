"""What every answer carries, whichever page it is, and what a page may cost."""

import json
import re
from datetime import date

import pytest
from sqlalchemy import event, select

from app.assistants.models import Match, Review
from app.automations.editor.operations import begin_draft
from app.automations.operations import change_workflow
from app.core.audit import SYSTEM
from app.extensions import db
from app.identity.models import User
from tests.factories.assistants import make_assistant
from tests.factories.automations import make_automation, make_run
from tests.factories.engagements import make_match, make_request
from tests.factories.projects import make_project, make_team

MOST_QUERIES = 10
PUBLIC = [
    "/login",
    "/register",
    "/forgot-password",
    "/reset-password",
    "/nowhere",
    "/healthz",
    "/.well-known/oauth-authorization-server",
    "/api",
    "/api/docs",
    "/api/openapi.json",
    "/api/products",
    "/api/nowhere",
]
STAFF = [
    *("/admin/", "/admin/audit", "/admin/jobs", "/admin/changes", "/account", "/admin/palette?q=sales"),
    *(f"/admin/{key}{page}" for key in ("products", "solutions", "services") for page in ("", "/new")),
    "/admin/products/import",
    *("/admin/users", "/admin/users?q=kim", "/admin/users/new", "/admin/clients", "/admin/clients/new"),
    *("/admin/skills", "/admin/skills/waiting"),
    *("/admin/permissions", "/admin/projects", "/admin/projects?status=active", "/admin/projects/new"),
    "/account/applications",
    *(
        "/admin/matches",
        "/admin/matches/assign",
        "/admin/matches?who=ana&status=proposed",
        "/admin/matches/requests",
        "/admin/matches/new",
    ),
    *("/admin/teams", "/admin/teams/new", "/admin/teams/capacity", "/admin/teams/capacity?q=nothing"),
    *("/admin/assistants", "/admin/assistants?skill=excel", "/admin/assistants/new", "/admin/assistants/import"),
    *("/account/sessions", "/account/providers", "/admin/see-as", "/admin/see-as?q=client"),
    *("/admin/events", "/admin/mails", "/admin/outbox", "/admin/mailbox", "/notifications"),
    *("/account/password", "/account/email"),
    *("/account/api-keys", "/account/api-keys/new", "/admin/api-keys"),
    *("/admin/time", "/admin/time?status=submitted", "/admin/time/import"),
    *(f"/admin/automations/{page}" for page in ("runs", "failures", "approvals", "due", "queue", "savings")),
    *("/admin/automations/analyses", "/admin/automations/analyses/new"),
]


@pytest.fixture
def pages(make_product, make_solution, make_service_category, make_offering, make_user, make_client_company):
    """The addresses of staff pages, with lists long enough to show a query per row."""
    products = [make_product(name=f"Product {number}") for number in range(12)]
    solutions = [make_solution(products=products[:6]) for _ in range(6)]
    services = [make_service_category(offerings=[make_offering() for _ in range(5)]) for _ in range(6)]
    records = {"products": products[0].id, "solutions": solutions[0].id, "services": services[0].id}
    paths = [f"/admin/{key}/{record}{page}" for key, record in records.items() for page in ("", "/edit", "/history")]
    company = make_client_company()
    people = [make_user(role="client", client_id=company.id) for _ in range(12)]
    paths += [
        f"/admin/{place}{page}"
        for place in (f"users/{people[0].id}", f"clients/{company.id}")
        for page in ("", "/history")
    ]
    team = _team()
    paths += [f"/admin/teams/{team.id}{page}" for page in ("", "/edit", "/history", "/capacity")]
    return STAFF + paths + [f"/admin/clients/{company.id}/edit"] + _automations()


def _team():
    """A team of many, with projects; there are more teams besides."""
    for _ in range(12):
        make_team(members=[make_assistant(skills=("Excel",)) for _ in range(3)])
    team = make_team(members=[make_assistant(skills=("Excel",)) for _ in range(12)])
    for _ in range(12):
        make_project(team=team)
    return team


def _automations():
    """The pages of one with many versions and runs, beside others; and of a draft of many steps."""
    steps = [{"id": f"s{number}", "type": "transform", "with": {"n": number}} for number in range(12)]
    automation = [make_automation(steps) for _ in range(12)][-1]
    for number in range(12):
        changed = [{**steps[0], "with": {"n": -number}}, *steps[1:]]
        change_workflow(automation, {"trigger": {"type": "manual"}, "steps": changed}, actor=SYSTEM)
        make_run(automation)
    user = db.session.scalars(
        select(User).where(User.role == "manager").order_by(User.created_at.desc()).limit(1)
    ).one()
    drafts = [
        begin_draft(
            "A draft", {"trigger": {"type": "manual"}, "steps": steps}, client_id=automation.client_id, actor=user
        )
        for _ in range(12)
    ]
    db.session.commit()
    base, draft = "/admin/automations", f"/admin/automations/drafts/{drafts[0].id}"
    return [
        *(f"{base}{page}" for page in ("", "/new", "/secrets", "/gallery", "/gallery/weekly-hours")),
        *(f"{base}/{automation.id}{page}" for page in ("", "/versions", "/versions/3", "/about")),
        *(f"{draft}{page}" for page in ("", "/trigger", "/add", "/steps/s3", "/json", "/rehearse", "/deploy")),
    ]


def _busy_assistant():
    """An assistant with skills, engagements, reviews and time off, many of each."""
    days = [(date(2030, month, 1), date(2030, month, 5)) for month in range(1, 13)]
    busy = make_assistant(skills=[f"Skill {number}" for number in range(12)], time_off=days, weekly_hours=100)
    for number in range(24):
        make_match(status="completed" if number % 2 else "accepted", assistant=busy, hours_per_week=5)
    for match in db.session.scalars(select(Match).where(Match.status == "completed")):
        db.session.add(Review(match_id=match.id, assistant_id=busy.id, client_id=match.client_id, stars=4))
    db.session.commit()
    return busy


def _request(company):
    """A request with many proposals, and beside it matches in every state."""
    request = make_request(client=company)
    matches = [make_match(request=request, assistant=make_assistant(skills=("Excel",))) for _ in range(12)]
    for status in ("accepted", "completed", "declined"):
        make_match(status, request=make_request(client=company))
    return request, matches[0]


def test_security_headers_are_on_every_answer(client, as_manager, pages):
    for browser, paths in ((client, PUBLIC), (as_manager, pages)):
        for path in paths:
            headers = browser.get(path).headers
            assert headers["X-Content-Type-Options"] == "nosniff", path
            assert headers["Referrer-Policy"], path
            policy = headers["Content-Security-Policy"]
            assert "default-src" in policy, path
            assert "unsafe-inline" not in policy, path
            assert "unsafe-eval" not in policy, path
            assert re.search("frame-ancestors '(none|self)'", policy), path


def test_no_page_of_staff_may_be_kept_by_a_cache(as_manager, pages):
    for path in pages:
        assert re.search("no-store|private", as_manager.get(path).headers.get("Cache-Control", "")), path


def test_every_answer_names_its_request(client):
    for path in PUBLIC:
        answer = client.get(path, headers={"X-Request-ID": f"asked-{len(path)}"})
        assert answer.headers["X-Request-ID"] == f"asked-{len(path)}", path


def test_a_request_is_logged_once_as_json_with_its_id(client, capfd):
    client.get("/api/products", headers={"X-Request-ID": "the-one"})
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    requests = [line for line in lines if line["event"] == "request"]
    assert [line["request_id"] for line in requests] == ["the-one"]
    assert requests[0]["path"] == "/api/products"
    assert requests[0]["status"] == 200


def test_an_id_that_is_not_sane_is_replaced(client):
    for given in ("a b", "x" * 200, "é", "<script>"):
        answer = client.get("/login", headers={"X-Request-ID": given.encode().decode("latin-1")})
        assert answer.headers["X-Request-ID"] != given
        assert re.fullmatch("[A-Za-z0-9-]{8,}", answer.headers["X-Request-ID"])


def test_no_page_needs_more_than_a_few_queries(as_manager, pages):
    statements = []

    def note(_connection, _cursor, statement, *_):
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "select set_config")):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        used = {}
        for path in pages:
            statements.clear()
            answer = as_manager.get(path)
            assert answer.status_code == 200, f"{path}: {answer.status}"
            used[path] = len(statements)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert {path: number for path, number in used.items() if number > MOST_QUERIES} == {}
