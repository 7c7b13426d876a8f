"""The pages of projects, for staff, the company and the team."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.datastructures import MultiDict

from app.core.clock import today
from app.extensions import db
from app.projects.models import Deliverable, Project
from tests.factories import make_client_company, make_user
from tests.factories.assistants import make_assistant
from tests.factories.projects import make_project, make_team
from tests.web.page import sent_by

SignIn = Callable[[FlaskClient, Any], FlaskClient]


@pytest.fixture
def browser(app: Flask, sign_in: SignIn) -> Callable[[Any], FlaskClient]:
    return lambda user: sign_in(app.test_client(), user)


def planned(**values: Any) -> Project:
    """Survey, then Move, then Check; Paint beside them."""
    parts = [
        {"title": "Survey", "start_date": today(), "due_date": today() + timedelta(days=6), "milestone": "Pilot"},
        {
            "title": "Move",
            "start_date": today() + timedelta(days=7),
            "due_date": today() + timedelta(days=13),
            "after": ["Survey"],
        },
        {"title": "Check", "after": {"Move": 2}, "duration_days": 3},
        {"title": "Paint", "status": "approved"},
    ]
    workdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    milestones = [{"title": "Pilot", "due_date": today() + timedelta(days=20)}]
    return make_project(deliverables=parts, milestones=milestones, workdays=workdays, **values)


def part(project: Project, title: str) -> Deliverable:
    return next(one for one in db.session.get_one(Project, project.id).deliverables if one.title == title)


def test_staff_see_the_plan_and_the_steps(as_manager: FlaskClient) -> None:
    project = planned(name="Move to the cloud", budget="900")
    page = as_manager.get(f"/admin/projects/{project.id}")
    assert page.status_code == 200, page.text
    assert all(
        text in page.text for text in ("Critical path", "Survey → Move → Check", "Put on hold", "Complete", "1 of 4")
    )
    assert as_manager.get("/admin/projects").status_code == 200
    assert "Move to the cloud" in as_manager.get("/admin/projects?status=active").text


def test_a_step_that_something_stands_in_the_way_of_leads_to_the_reason(as_manager: FlaskClient) -> None:
    page = as_manager.get(f"/admin/projects/{make_project(status='requested', team=None).id}").text
    assert '<a class="btn btn-blocked" href="#states" title="The plan lacks' in page
    assert page.count("Mark as planned") == 2
    assert '/plan"' not in page
    assert "The plan lacks" in page.split('id="states"')[1]


@pytest.mark.parametrize("status", ["requested", "planned", "active", "on_hold", "completed", "cancelled"])
def test_a_project_shows_in_every_state(as_manager: FlaskClient, browser: Any, status: str) -> None:
    client = make_user(role="client")
    project = make_project(client=client.client, status=status, deliverables=["Survey"])
    assert as_manager.get(f"/admin/projects/{project.id}").status_code == 200
    assert browser(client).get(f"/dashboard/projects/{project.id}").status_code == 200


def test_a_project_is_made_planned_and_changed_by_the_form(as_manager: FlaskClient) -> None:
    company, team = make_client_company(), make_team(members=[make_assistant(name="Ana")])
    form = {
        "name": "Archive",
        "client_id": str(company.id),
        "team_id": str(team.id),
        "start_date": "2027-03-01",
        "end_date": "2027-04-30",
        "workdays": "mon\ntue\nwed",
        "closed_dates": "2027-03-08",
        "deliverables-0-title": "Survey",
        "deliverables-0-duration_days": "3",
        "deliverables-0-assistant_id": str(team.members[0].assistant_id),
        "deliverables-1-title": "Move",
        "deliverables-1-duration_days": "2",
        "deliverables-1-depends_on": "Survey + 1",
        "_do": "save",
    }
    made = as_manager.post("/admin/projects/new", data=form)
    assert made.status_code == 303, made.text
    at = made.headers["Location"]
    assert as_manager.get(f"{at}/edit").status_code == 200
    step = as_manager.post(f"{at}/plan", follow_redirects=True)
    assert "“Archive” is planned." in step.text
    project = db.session.get_one(Project, at.rpartition("/")[2])
    # Monday to Wednesday, the 8th closed: Survey on 1, 2, 3 March; the 9th is waited for; Move on the 10th and 15th.
    found = [(str(one.start_date), str(one.due_date)) for one in project.deliverables]
    assert found == [("2027-03-01", "2027-03-03"), ("2027-03-10", "2027-03-15")]
    assert [(one.planned_start, one.planned_due) for one in project.deliverables] == [
        (one.start_date, one.due_date) for one in project.deliverables
    ]
    changed = as_manager.post(f"{at}/edit", data={**form, "name": "The archive", "version": str(project.version)})
    assert (changed.status_code, changed.headers["Location"]) == (303, at)


def test_a_form_that_is_wrong_says_where(as_manager: FlaskClient) -> None:
    company = make_client_company()
    form = {
        "name": "X",
        "client_id": str(company.id),
        "start_date": "2027-03-02",
        "end_date": "2027-03-01",
        "budget": "-1",
    }
    page = as_manager.post("/admin/projects/new", data={**form, "_do": "save"})
    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.text


def test_the_same_form_again_changes_nothing(as_manager: FlaskClient) -> None:
    project = planned(closed_dates=[today()])
    page = as_manager.get(f"/admin/projects/{project.id}/edit").text
    fields = MultiDict([*sent_by(page), ("_do", "save")])
    answer = as_manager.post(f"/admin/projects/{project.id}/edit", data=fields, follow_redirects=True)
    assert "Nothing to change" in answer.text


def test_a_company_follows_its_project_and_approves(browser: Any) -> None:
    user = make_user(role="client")
    project = make_project(client=user.client, deliverables=[{"title": "Survey", "status": "submitted"}])
    portal = browser(user)
    assert "Survey" in portal.get(f"/dashboard/projects/{project.id}").text
    assert project.name in portal.get("/dashboard/projects").text
    at = f"/dashboard/projects/{project.id}/deliverables/{part(project, 'Survey').id}"
    page = portal.post(f"{at}/request-changes", data={"note": " "})
    assert (page.status_code, 'aria-invalid="true"' in page.text) == (422, True)
    assert portal.get(f"{at}/request-changes").status_code == 200
    assert portal.post(f"{at}/request-changes", data={"note": "Add the cellar."}).status_code == 303
    assert (part(project, "Survey").status, part(project, "Survey").note) == ("changes_requested", "Add the cellar.")
    refused = portal.post(f"{at}/approve", follow_redirects=True)
    assert "“Survey” is to be changed, and can’t be approved." in refused.text


def test_a_team_hands_in_late_and_sees_what_moves_first(browser: Any) -> None:
    expert = make_user(role="expert")
    project = planned(team=make_team(members=[expert]), start_date=today() - timedelta(days=30))
    with_dates = part(project, "Survey")
    with_dates.start_date, with_dates.due_date = today() - timedelta(days=20), today() - timedelta(days=15)
    move = part(project, "Move")
    move.start_date, move.due_date = today() - timedelta(days=14), today() - timedelta(days=10)
    db.session.commit()
    portal, at = browser(expert), f"/dashboard/projects/{project.id}/deliverables/{with_dates.id}"
    assert portal.post(f"{at}/start").status_code == 303
    page = portal.get(f"{at}/submit")
    assert (page.status_code, "Move" in page.text, "Hand in and move the dates" in page.text) == (200, True, True)
    asked = portal.post(f"{at}/submit", data={"finished_on": str(today()), "_do": "save"})
    assert (asked.status_code, part(project, "Survey").status) == (409, "in_progress")
    shown = _hidden(asked.text)
    late = portal.post(f"{at}/submit", data={"finished_on": str(today() + timedelta(days=1)), "_do": "save"} | shown)
    assert late.status_code in (409, 422)
    stale = portal.post(f"{at}/submit", data={"finished_on": str(today()), "_do": "save"} | shown | {"version": "old"})
    assert (stale.status_code, "has changed since" in stale.text) == (409, True)
    done = portal.post(f"{at}/submit", data={"finished_on": str(today()), "note": "All of it.", "_do": "save"} | shown)
    assert done.status_code == 303
    assert part(project, "Survey").finished_on == today()
    assert (part(project, "Move").start_date, part(project, "Move").due_date) == (
        today() + timedelta(days=1),
        today() + timedelta(days=5),
    )


def _hidden(page: str) -> dict[str, str]:
    sent = dict(sent_by(page, "submit-form"))
    return {name: sent[name] for name in ("version", "shown_for")}


def test_staff_put_dates_right_that_are_out_of_order(as_manager: FlaskClient) -> None:
    project = planned()
    part(project, "Move").start_date = today() + timedelta(days=3)
    part(project, "Move").due_date = today() + timedelta(days=5)
    db.session.commit()
    at = f"/admin/projects/{project.id}"
    assert "See what would move" in as_manager.get(at).text
    page = as_manager.get(f"{at}/dates")
    version = page.text.partition('name="version" value="')[2].partition('"')[0]
    assert as_manager.post(f"{at}/dates", data={"version": "other"}).status_code == 409
    assert as_manager.post(f"{at}/dates", data={"version": version}).status_code == 303
    assert part(project, "Move").start_date == today() + timedelta(days=7)


def test_a_company_reviews_its_team_once_when_all_is_done(browser: Any, as_manager: FlaskClient) -> None:
    user, team = make_user(role="client"), make_team()
    project = make_project(client=user.client, team=team, status="completed")
    portal, at = browser(user), f"/dashboard/projects/{project.id}"
    assert "Review the team" in portal.get(at).text
    assert portal.get(f"{at}/review").status_code == 200
    assert portal.post(f"{at}/review", data={"stars": "6"}).status_code == 422
    assert portal.post(f"{at}/review", data={"stars": "4", "comment": "Good."}).status_code == 303
    assert "4 of 5 stars" in portal.get(at).text
    assert "reviewed already" in portal.post(f"{at}/review", data={"stars": "1"}, follow_redirects=True).text
    assert as_manager.post(f"{at}/review", data={"stars": "1"}).status_code == 403
    db.session.refresh(team)
    assert team.rating == 4


def test_another_companys_project_is_not_there(browser: Any) -> None:
    project = planned()
    other, expert = browser(make_user(role="client")), browser(make_user(role="expert"))
    at = f"/dashboard/projects/{project.id}"
    one = f"{at}/deliverables/{part(project, 'Survey').id}"
    assert other.get(at).status_code == expert.get(at).status_code == 404
    assert other.post(f"{one}/approve").status_code == 404
    assert other.post(f"{one}/request-changes", data={"note": "No."}).status_code == 404
    assert other.post(f"{at}/review", data={"stars": "1"}).status_code == 404
    assert expert.post(f"{one}/start").status_code == 404
    assert expert.post(f"{one}/submit").status_code == 404
    assert (
        project.name
        not in other.get(f"/dashboard/projects?q={project.name}")
        .text.partition("<main")[2]
        .partition('id="results"')[2]
    )


def test_roles_do_their_own_steps_only(browser: Any, as_manager: FlaskClient, client: FlaskClient) -> None:
    user, expert = make_user(role="client"), make_user(role="expert")
    project = planned(client=user.client, team=make_team(members=[expert]))
    at = f"/dashboard/projects/{project.id}"
    one = f"{at}/deliverables/{part(project, 'Survey').id}"
    company, team = browser(user), browser(expert)
    assert company.post(f"{one}/start").status_code == company.post(f"{one}/submit").status_code == 403
    assert team.post(f"{one}/approve").status_code == team.post(f"{at}/review").status_code == 403
    assert company.post(f"/admin/projects/{project.id}/hold").status_code == 403
    assert team.get(f"/admin/projects/{project.id}").status_code == 403
    assert (client.get(at).status_code, client.post(f"{one}/approve").status_code) == (303, 401)
    assert as_manager.get(at).headers["Location"] == f"/admin/projects/{project.id}"
    assert as_manager.post(f"/admin/projects/{project.id}/nonsense").status_code == 404


def test_an_expert_sees_no_money(browser: Any) -> None:
    expert = make_user(role="expert")
    project = make_project(
        team=make_team(members=[expert]), budget="12345", deliverables=[{"title": "A", "budget": "777"}]
    )
    page = browser(expert).get(f"/dashboard/projects/{project.id}").text
    assert "12,345" not in page
    assert "777.00" not in page


def test_an_expert_learns_no_money_from_the_list(browser: Any) -> None:
    team = make_team(members=[expert := make_user(role="expert")])
    names = [make_project(team=team, name=name, budget=sum_).name for name, sum_ in (("Rich", "12345"), ("Poor", "1"))]
    portal = browser(expert)
    plain, sorted_ = (portal.get(f"/dashboard/projects{query}") for query in ("", "?sort=budget"))
    orders = [sorted(names, key=page.text.index) for page in (plain, sorted_)]
    assert (orders, sorted_.status_code) == ([["Poor", "Rich"]] * 2, 200)
    assert "12,345" not in plain.text.partition("<main")[2]
    for page in ("export.csv", f"{make_project(team=team).id}/history"):
        assert portal.get(f"/dashboard/projects/{page}").status_code == 404


def chain(length: int) -> Project:
    """So many deliverables, each after the one before, each made by somebody else."""
    people = [make_assistant() for _ in range(length)]
    parts: list[dict[str, Any]] = [{"title": f"Step {at}", "assistant_id": one.id} for at, one in enumerate(people)]
    for at, one in enumerate(parts[1:]):
        one["after"] = [f"Step {at}"]
    return make_project(team=make_team(members=people), deliverables=parts, milestones=["Pilot"])


@pytest.mark.parametrize("page", ["", "/edit", "/history", "/dates"])
def test_a_longer_plan_needs_no_more_queries(as_manager: FlaskClient, page: str) -> None:
    used = []
    for length in (3, 15):
        project = chain(length)
        statements: list[str] = []
        with watching(statements):
            assert as_manager.get(f"/admin/projects/{project.id}{page}").status_code == 200
        used.append(len(statements))
    assert used[1] <= used[0] <= 25


@contextmanager
def watching(statements: list[str]) -> Iterator[None]:
    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "select set_config")):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_the_history_says_that_work_began_paused_and_was_resumed(as_manager):
    project = make_project(status="planned")
    for verb in ("start", "hold", "resume"):
        assert as_manager.post(f"/admin/projects/{project.id}/{verb}").status_code == 303
    page = as_manager.get(f"/admin/projects/{project.id}/history").text
    said = re.findall(r"timeline-head\"><strong>[^<]+</strong> ([a-z ]+?) <", page)
    assert said[:3] == ["resumed it", "put it on hold", "started it"]
    assert "resumed" in as_manager.get("/admin/").text


def test_a_change_of_many_parts_is_folded_in_the_history(as_manager):
    project = make_project(deliverables=[{"title": f"Part {number:02}"} for number in range(12)])
    page = as_manager.get(f"/admin/projects/{project.id}/history").text
    open_part, _, folded = page.partition("<summary>7 more</summary>")
    assert open_part.count("Deliverable added") == 5
    assert folded.count("Deliverable added") == 7
    assert re.findall(r"<details[^>]*><summary>With \d fields</summary>(.*?)</details>", open_part, re.DOTALL)


def test_each_deliverable_shows_its_states_and_who_takes_the_next_step(browser):
    user = make_user(role="client")
    project = make_project(client=user.client, deliverables=[{"title": "Survey", "status": "submitted"}, "Move"])
    page = browser(user).get(f"/dashboard/projects/{project.id}").text
    survey, move = re.findall(r"All states<span[^>]*> of (.*?)</details>", page, re.DOTALL)
    assert re.findall(r'aria-current="step">([^<]+)<', survey + move) == ["Submitted", "Planned"]
    assert re.findall(r"<strong>([^<]+)</strong> <span[^>]*>by ([^<]+)<", survey) == [
        ("Approve", "you or DIG|LIT"),
        ("Ask for changes", "you or DIG|LIT"),
    ]
    assert re.findall(r"<strong>([^<]+)</strong> <span[^>]*>by ([^<]+)<", move) == [
        ("Start", "DIG|LIT or the expert"),
        ("Hand in", "DIG|LIT or the expert"),
    ]
