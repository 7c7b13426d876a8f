"""Steps as people take them: by keyboard alone, and two at the same moment."""

import re

import pytest

from app import create_app
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import User
from tests.browser.keyboard import HERE, focused, press, tab_to
from tests.conftest import settings_for
from tests.factories.assistants import make_assistant
from tests.factories.engagements import make_match, make_request
from tests.factories.projects import make_project

pytestmark = pytest.mark.browser


@pytest.fixture
def company(live):
    """The company of `client`, in the live portal's database."""
    app = create_app(settings_for(live.database_url))
    with app.app_context(), as_system("a test"):
        yield db.session.query(User).filter_by(username="client").one().client
        db.session.remove()
        db.engine.dispose()


def told(page):
    """The message on the page, once it has come."""
    flash = page.locator(".flash-text").last
    flash.wait_for()
    return flash.inner_text()


def badge(page):
    return page.locator("#states .card-header .badge").inner_text()


def test_a_client_accepts_a_match_by_keyboard(open_window, company):
    request = make_request(client=company)
    one, _ = (make_match(request=request, assistant=make_assistant(name=name)) for name in ("Ida Kern", "Ole Lund"))
    page = open_window("client")
    page.goto(f"/dashboard/matches/requests/{request.id}")
    accept = page.get_by_role("button", name="Accept Ida Kern")
    tab_to(page, accept)
    page.keyboard.press("Enter")
    dialog = page.locator("dialog[open]")
    dialog.wait_for()
    assert dialog.evaluate("(one) => one.contains(document.activeElement)"), "the focus is in the question"
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")
    assert accept.evaluate(HERE), "the focus is where it was"
    page.keyboard.press("Enter")
    press(page, "button", re.compile("^Accept"))
    assert "Ida Kern" in told(page)
    page.goto(f"/dashboard/matches/{one.id}")
    assert badge(page) == "Working"


def test_a_manager_takes_a_project_through_its_states_by_keyboard(open_window, company):
    project = make_project(client=company, status="active", name="Steps by keyboard")
    page = open_window("manager")
    page.goto(f"/admin/projects/{project.id}")
    for button, said, state in (("Put on hold", "is on hold", "On hold"), ("Resume", "is under way", "Active")):
        press(page, "button", button)
        page.get_by_text(said).first.wait_for()
        assert badge(page) == state
    press(page, "button", "Cancel")
    page.locator("dialog[open]").wait_for()
    assert focused(page).evaluate("(one) => one.closest('dialog') !== null")
    press(page, "button", "Cancel the project")
    page.get_by_text("is cancelled").first.wait_for()
    assert badge(page) == "Cancelled"
    assert page.get_by_role("button", name="Put on hold").count() == 0


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_of_two_steps_at_once_one_is_taken_and_the_other_is_told(open_window, company, scripts):
    project = make_project(client=company, status="active", name="Steps at once")
    first = open_window("manager", java_script_enabled=scripts)
    second = open_window("admin", java_script_enabled=scripts)
    for page in (first, second):
        page.goto(f"/admin/projects/{project.id}")
    first.get_by_role("button", name="Put on hold").click()
    assert told(first) == "“Steps at once” is on hold."
    second.get_by_role("button", name="Complete").first.click()
    if scripts:
        second.locator("dialog[open]").get_by_role("button", name="Complete").click()
    assert told(second) == "“Steps at once” is on hold, and can’t be completed."
    assert badge(second) == "On hold"
    assert second.get_by_role("button", name="Resume").count() == 1


def test_the_second_of_two_sides_who_decide_is_told_what_the_first_did(open_window, company):
    request = make_request(client=company)
    match = make_match(request=request, assistant=make_assistant(name="Una Berg"))
    client, staff = open_window("client"), open_window("manager")
    client.goto(f"/dashboard/matches/{match.id}")
    staff.goto(f"/admin/matches/{match.id}")
    staff.get_by_role("button", name="Withdraw").first.click()
    staff.locator("dialog[open]").get_by_role("button", name="Withdraw").click()
    told(staff)
    client.get_by_role("button", name="Accept").first.click()
    client.locator("dialog[open]").get_by_role("button", name=re.compile("^Accept")).click()
    assert "withdrawn" in told(client)
    client.goto(f"/dashboard/matches/{match.id}")
    assert badge(client) == "Withdrawn"
