"""The steps of deliverables in the API, what a late finish moves, and the review."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.core.clock import today
from app.extensions import db
from app.identity.models import User
from app.notifications.models import Notification
from app.projects.models import Deliverable, Dependency, Project
from app.projects.plans.delays import preview_finish
from tests.days import from_today
from tests.factories import make_user
from tests.factories.events import deliver
from tests.factories.projects import make_project, make_team

PROJECTS = "/api/expert-teams/projects"
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Api = Callable[[Any], FlaskClient]


@pytest.fixture
def expert(db_session: Any) -> User:
    return make_user(role="expert")


@pytest.fixture
def company(db_session: Any) -> User:
    return make_user(role="client")


def day(count: int) -> date:
    return today() + timedelta(days=count)


@pytest.fixture
def project(expert: User, company: User) -> Project:
    """Survey was due three days ago; Move begins after it, Check two days after Move; Paint waits for nothing."""
    parts = [
        {"title": "Survey", "start_date": day(-10), "due_date": day(-3)},
        {"title": "Move", "start_date": day(-2), "due_date": day(2), "after": ["Survey"]},
        {"title": "Check", "start_date": day(5), "due_date": day(6), "after": {"Move": 2}},
        {"title": "Paint", "start_date": day(0), "due_date": day(9)},
    ]
    team = make_team(members=[expert])
    return make_project(client=company.client, team=team, start_date=day(-10), workdays=EVERY_DAY, deliverables=parts)


def at(project: Project, title: str) -> str:
    one = next(one for one in project.deliverables if one.title == title)
    return f"{PROJECTS}/{project.id}/deliverables/{one.id}"


def dates(project: Project) -> dict[str, tuple[date | None, date | None]]:
    db.session.expire_all()
    rows = db.session.scalars(select(Deliverable).where(Deliverable.project_id == project.id))
    return {one.title: (one.start_date, one.due_date) for one in rows}


def test_a_late_finish_shows_what_moves_before_it_does(api: Api, expert: User, project: Project) -> None:
    team, before = api(expert), dates(project)
    shown = team.get(f"{at(project, 'Survey')}/finish").json
    moves = {move["title"]: (move["new_start"], move["new_due"]) for move in shown["moves"]}
    assert moves == {"Move": (str(day(1)), str(day(5))), "Check": (str(day(8)), str(day(9)))}
    assert (shown["old_finish"], shown["new_finish"], shown["is_late"]) == (str(day(9)), str(day(9)), False)
    assert dates(project) == before
    stale = team.post(f"{at(project, 'Survey')}/submit", json={"version": "something else"})
    assert (stale.status_code, stale.json["type"].endswith("plan-moved")) == (409, True)
    done = team.post(f"{at(project, 'Survey')}/submit", json={"version": shown["version"], "note": "All of it."})
    assert (done.status_code, done.json["status"], done.json["finished_on"]) == (200, "submitted", str(today()))
    after = dates(project)
    assert (after["Move"], after["Check"]) == ((day(1), day(5)), (day(8), day(9)))
    assert (after["Survey"], after["Paint"]) == (before["Survey"], before["Paint"])


def test_an_early_finish_leaves_the_rest_where_it_is(api: Api, expert: User, project: Project) -> None:
    assert api(expert).get(f"{at(project, 'Survey')}/finish?on={day(-6)}").json["moves"] == []


def test_a_plan_with_its_critical_path(api: Api, company: User, project: Project) -> None:
    plan = api(company).get(f"{PROJECTS}/{project.id}/plan").json
    tasks = {task["title"]: task for task in plan["tasks"]}
    assert [task["title"] for task in plan["tasks"] if task["is_critical"]] == ["Paint"]
    assert (tasks["Check"]["slack"], tasks["Move"]["slack"], plan["finish"]) == (3, 3, str(day(9)))
    assert plan["critical_path"] == [tasks["Paint"]["id"]]


def test_from_start_to_approval_and_everybody_hears(api: Api, expert: User, company: User, project: Project) -> None:
    manager = make_user(role="manager")
    team, portal, survey = api(expert), api(company), at(project, "Survey")
    assert team.post(f"{survey}/start").json["status"] == "in_progress"
    assert team.post(f"{survey}/submit").status_code == 200
    assert "deliverable.submitted" in heard(company)
    back = portal.post(f"{survey}/request-changes", json={"note": "Add the cellar."})
    assert (back.json["status"], back.json["finished_on"], back.json["note"]) == (
        "changes_requested",
        None,
        "Add the cellar.",
    )
    assert team.post(f"{survey}/submit").status_code == 200
    assert portal.post(f"{survey}/approve", json={"note": "Thank you."}).json["status"] == "approved"
    decided = ["deliverable.changes_requested", "deliverable.approved"]
    assert [kind for kind in heard(expert) if kind in decided] == decided
    assert [kind for kind in heard(manager) if kind in decided] == decided


def heard(user: User) -> list[str]:
    deliver()
    theirs = select(Notification.kind).where(Notification.user_id == user.id)
    return list(db.session.scalars(theirs.order_by(Notification.event_id)))


@pytest.mark.parametrize("step", ["start", "submit", "approve", "request-changes"])
def test_steps_are_for_those_whose_they_are(
    api: Api, expert: User, company: User, project: Project, client: FlaskClient, step: str
) -> None:
    path, body = f"{at(project, 'Survey')}/{step}", {"note": "Why?"} if step == "request-changes" else {}
    assert client.post(path, json=body).status_code == 401
    works = step in ("start", "submit")
    assert api(company if works else expert).post(path, json=body).status_code == 403
    assert api(make_user(role="expert" if works else "client")).post(path, json=body).status_code == 404
    elsewhere = f"{PROJECTS}/{project.id}/deliverables/{uuid4()}/{step}"
    assert api(expert if works else company).post(elsewhere, json=body).status_code == 404


@pytest.mark.parametrize(
    ("step", "body", "pointer"),
    [
        ("submit", {"finished_on": "2999-01-01"}, "/finished_on"),
        ("submit", {"finished_on": timedelta(days=1)}, "/finished_on"),
        ("submit", {"finished_on": "yesterday"}, "/finished_on"),
        ("submit", {"hours": 5}, "/hours"),
        ("request-changes", {}, "/note"),
        ("request-changes", {"note": "  "}, "/note"),
        ("approve", {"note": "x" * 2001}, "/note"),
    ],
)
def test_what_makes_no_sense_is_refused(
    api: Api, project: Project, step: str, body: dict[str, Any], pointer: str
) -> None:
    answer = api(make_user(role="manager")).post(f"{at(project, 'Survey')}/{step}", json=from_today(body))
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)


@pytest.mark.parametrize("status", ["requested", "planned", "on_hold", "completed", "cancelled"])
def test_work_goes_on_in_a_running_project_only(api: Api, status: str) -> None:
    project = make_project(status=status, deliverables=["Survey", {"title": "Move", "status": "submitted"}])
    staff = api(make_user(role="admin"))
    assert staff.post(f"{at(project, 'Survey')}/start").status_code == 409
    assert staff.post(f"{at(project, 'Survey')}/submit").status_code == 409
    expected = 200 if status == "on_hold" else 409
    assert staff.post(f"{at(project, 'Move')}/approve").status_code == expected


def test_a_review_counts_once_and_for_the_team(api: Api, company: User) -> None:
    team = make_team()
    project = make_project(client=company.client, team=team, status="active")
    portal, path = api(company), f"{PROJECTS}/{project.id}/review"
    assert portal.post(path, json={"stars": 4}).status_code == 409
    staff = api(make_user(role="manager"))
    assert staff.patch(f"{PROJECTS}/{project.id}", json={"status": "completed"}).status_code == 200
    for stars in (0, 6, 2.5, "five"):
        assert portal.post(path, json={"stars": stars}).status_code == 422
    made = portal.post(path, json={"stars": 4, "comment": "On time."})
    assert (made.status_code, made.json["team_id"]) == (201, str(team.id))
    assert portal.post(path, json={"stars": 5}).status_code == 409
    assert staff.post(path, json={"stars": 5}).status_code == 403
    assert api(make_user(role="client")).post(path, json={"stars": 1}).status_code == 404
    db.session.refresh(team)
    assert (team.rating, team.reviews_count, team.success_rate) == (4, 1, 1)


@st.composite
def plans(draw: st.DrawFn) -> Project:
    """A project whose deliverables keep their order: each begins after those that it waits for."""
    project = Project(start_date=date(2026, 12, 1), workdays=EVERY_DAY, closed_dates=[], status="active")
    starts: list[date] = []
    for at_ in range(draw(st.integers(2, 8))):
        waits = draw(st.dictionaries(st.integers(0, at_ - 1), st.integers(0, 3), max_size=3)) if at_ else {}
        ready = [project.deliverables[b].due_date + timedelta(days=1 + lag) for b, lag in waits.items()]
        first = max([date(2026, 12, 1), *ready]) + timedelta(days=draw(st.integers(0, 4)))
        due = first + timedelta(days=draw(st.integers(0, 9)))
        starts.append(first)
        one = Deliverable(id=uuid4(), title=str(at_), position=at_, status="planned", start_date=first, due_date=due)
        one.version = 1
        project.deliverables.append(one)
        for before, lag in waits.items():
            pair = {"predecessor_id": project.deliverables[before].id, "successor_id": one.id}
            project.dependencies.append(Dependency(**pair, lag_days=lag))
    return project


@settings(max_examples=150)
@given(plans(), st.data())
def test_what_moves_is_what_pushing_one_by_one_moves(project: Project, data: st.DataObject) -> None:
    """The reference: again and again, push whatever begins too early, until nothing does."""
    late = data.draw(st.sampled_from(project.deliverables))
    finished = late.due_date + timedelta(days=data.draw(st.integers(-5, 15)))
    now = {one.id: [one.start_date, one.due_date] for one in project.deliverables}
    now[late.id][1] = finished
    pushed = True
    while pushed:
        pushed = False
        for waits in project.dependencies:
            first = now[waits.predecessor_id][1] + timedelta(days=1 + waits.lag_days)
            start, due = now[waits.successor_id]
            if waits.successor_id != late.id and start < first:
                now[waits.successor_id] = [first, due + (first - start)]
                pushed = True
    shown = {
        move.deliverable.id: [move.new_start, move.new_due] for move in preview_finish(project, late, finished).moves
    }
    expected = {
        one.id: now[one.id] for one in project.deliverables if one is not late and now[one.id][0] != one.start_date
    }
    assert shown == expected
