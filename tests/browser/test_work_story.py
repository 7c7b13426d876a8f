"""The heart of the business, from both sides: a client describes work, sees who fits and why, takes one, asks for a
team, and follows the project to its end while a manager does the other half. With JavaScript, and with none."""

import re
import secrets
from datetime import timedelta
from decimal import Decimal

import pytest

from app import create_app
from app.core.clock import today
from app.extensions import db
from tests.browser.conftest import sign_in
from tests.conftest import settings_for
from tests.factories.assistants import make_assistant
from tests.factories.projects import make_team

pytestmark = pytest.mark.browser

WEEK = {day: [["07:00", "15:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


class Cast:
    """People of this story alone: their skills have names that nobody else's have."""

    def __init__(self) -> None:
        self.mark = secrets.token_hex(3)
        self.skill = f"Ledger {self.mark}"
        self.kind = f"moving {self.mark}"
        berlin = {"weekly": WEEK, "timezone": "Europe/Berlin", "currency": "EUR", "weekly_hours": 30}
        self.names = [f"{name} {self.mark}" for name in ("Ana", "Jonas", "Lena", "Marek", "Olga", "Pavel")]
        for number, name in enumerate(self.names):
            level = 3 - number // 2
            make_assistant(
                name=name, rate=Decimal(38 + number), skills=((self.skill, level), ("Excel", 3), ("DATEV", level)),
                **berlin,
            )  # fmt: skip
        self.dear = make_assistant(
            name=f"Dear {self.mark}", rate="49.00", skills=((self.skill, 5), ("Excel", 5), ("DATEV", 5)), **berlin
        ).name
        member = make_assistant(name=f"Mover {self.mark}", rate="60.00", skills=((self.kind, 5),), **berlin)
        self.team = make_team(name=f"Movers {self.mark}", specialization=self.kind, members=[member]).name


@pytest.fixture
def cast(live):
    app = create_app(settings_for(live.database_url))
    with app.app_context():
        yield Cast()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def windows(request, open_window):
    """A window of the client and one of the manager."""

    def window(role):
        page = open_window(None, java_script_enabled=request.param)
        sign_in(page, role)
        return page

    return window("client"), window("manager")


def first_of_next_month():
    return (today().replace(day=28) + timedelta(days=7)).replace(day=1)


def ask_for_bookkeeping(page, cast):
    page.goto("/dashboard/matches/new")
    for number, skill in enumerate((cast.skill, "spreadsheets", "DATEV")):
        page.locator("input[name=skills]").nth(number).fill(skill)
    page.locator("[name=hours_per_week]").fill("20")
    page.locator("[name=max_hourly_rate]").fill("45")
    page.locator("[name=currency]").select_option("EUR")
    page.locator("[name=start_date]").fill(first_of_next_month().isoformat())
    page.locator("[name=times]").select_option(label="Mornings")
    page.locator("[name=timezone]").fill("Europe/Berlin")
    page.get_by_role("button", name="See who fits").click()
    page.wait_for_url("**/dashboard/matches/requests/*")


def press(scope, name):
    """Press a button, and say yes if a dialog asks."""
    scope.get_by_role("button", name=name).first.click()
    page = getattr(scope, "page", scope)
    dialog = page.locator("dialog[open]")
    if dialog.count():
        dialog.get_by_role("button", name=name).click()


def test_a_client_finds_an_assistant_and_takes_the_hours(windows, cast):
    page, manager = windows
    ask_for_bookkeeping(page, cast)
    # The card below, which scripts fetch when the page stands, names whom another rate would bring.
    text = page.get_by_role("region", name="5 people fit").inner_text()
    assert [name for name in cast.names if name in text] == cast.names[:5]
    assert cast.dear not in text
    assert "level 3 of 5" in text
    page.goto(f"{page.url}?what-if=1")
    page.get_by_label("What if the rate were at most").fill("50")
    page.get_by_role("button", name="See", exact=True).click()
    assert cast.dear in page.locator(".what-if-answer").inner_text()
    press(page, re.compile("^Accept"))
    page.get_by_text("Accepted").first.wait_for()
    page.goto("/dashboard/")
    assert cast.names[0] in page.inner_text("main")

    manager.goto(f"/admin/assistants?q={cast.names[0].replace(' ', '+')}")
    assert "10" in manager.locator("tbody tr").first.inner_text()
    manager.goto("/admin/matches?status=accepted")
    assert cast.names[0] in manager.inner_text("main")


def ask_for_a_team(page, cast):
    page.goto("/dashboard/projects/new")
    start = first_of_next_month()
    page.locator("[name=specialization]").fill(cast.kind)
    page.locator("[name=title]").fill(f"Move {cast.mark}")
    page.locator("[name=budget]").fill("9000")
    page.locator("[name=currency]").select_option("EUR")
    page.locator("[name=start_date]").fill(start.isoformat())
    page.locator("[name=end_date]").fill((start + timedelta(days=60)).isoformat())
    page.get_by_role("button", name="Send the request").click()
    page.wait_for_url(re.compile(r"/dashboard/projects/[0-9a-f-]{36}"))
    return re.search(r"[0-9a-f-]{36}", page.url)[0]


def test_a_client_asks_for_a_team_and_follows_the_work(windows, cast):
    page, manager = windows
    key = ask_for_a_team(page, cast)
    assert cast.team in page.inner_text("main")

    plan(manager, cast, key)
    page.goto(f"/dashboard/projects/{key}")
    text = page.inner_text("main")
    assert all(part in text for part in (cast.team, "Inventory", "Move", "Pilot", "€9,000.00"))

    hand_in(manager, key, "Inventory")
    page.goto("/dashboard/")
    page.get_by_role("link", name=re.compile("Inventory")).first.click()
    press(page, re.compile("^Approve"))
    page.get_by_text("1 of 2").first.wait_for()

    propose(manager, key, f"One more server {cast.mark}")
    page.goto("/dashboard/")
    page.get_by_role("link", name=re.compile(f"One more server {cast.mark}")).first.click()
    page.get_by_role("link", name=re.compile(f"One more server {cast.mark}")).first.click()
    press(page, "Approve")
    page.goto(f"/dashboard/projects/{key}")
    assert "€10,500.00" in page.inner_text("main")

    manager.goto(f"/admin/timeline?q={cast.team.replace(' ', '+')}")
    assert f"Move {cast.mark}" in manager.inner_text("main")
    manager.goto(f"/admin/projects/{key}/history")
    assert "client" in manager.inner_text("main")


def plan(page, cast, key):
    """Give it a team and two deliverables, one after the other, and begin."""
    page.goto(f"/admin/projects/{key}/teams")
    page.get_by_role("button", name=f"Give it to {cast.team}").click()
    page.goto(f"/admin/projects/{key}/edit")
    for number, title in enumerate(("Inventory", "Move")):
        page.get_by_role("button", name="Add deliverable").click()
        page.locator(f"[name=deliverables-{number}-title]").fill(title)
        page.locator(f"[name=deliverables-{number}-duration_days]").fill("5")
    page.locator("[name=deliverables-1-depends_on]").fill("Inventory")
    page.get_by_role("button", name="Add milestone").click()
    page.locator("[name=milestones-0-title]").fill("Pilot")
    page.get_by_role("button", name="Save changes").click()
    page.wait_for_url(f"**/admin/projects/{key}")
    press(page, "Mark as planned")
    press(page, re.compile("^(Start|Begin)"))


def hand_in(page, key, title):
    page.goto(f"/admin/projects/{key}")
    page.get_by_role("link", name=f"Hand in {title}").click()
    press(page, re.compile("^Hand in"))
    page.wait_for_url(f"**/admin/projects/{key}**")


def propose(page, key, title):
    page.goto(f"/admin/projects/{key}/change-orders/new")
    page.locator("[name=title]").fill(title)
    page.locator("[name=budget_change]").fill("1500")
    page.get_by_role("button", name="Save draft").click()
    press(page, "Propose to the client")
