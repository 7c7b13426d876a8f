"""Projects when many act at the same moment: on committed data, with threads, again and again."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.assistants.models import Reservation
from app.core.clock import today
from app.extensions import db
from app.identity.models import User
from app.projects.models import Deliverable, Project
from tests.factories import PASSWORD, make_user
from tests.factories.assistants import make_assistant
from tests.factories.projects import make_project, make_team

PROJECTS = "/api/expert-teams/projects"
ROUNDS = 3

pytestmark = pytest.mark.usefixtures("committed_db", "db_session")


def token_of(app: Flask, user: User) -> str:
    answer = app.test_client().post("/api/auth/login", json={"username": user.username, "password": PASSWORD})
    return str(answer.json["access_token"])  # type: ignore[index]


def at_once(app: Flask, calls: Sequence[tuple[str, str, str, Any]]) -> list[int]:
    """Each call (token, method, path, body) in a thread of its own, all begun together; their statuses."""
    db.session.rollback()
    barrier = Barrier(len(calls))

    def run(call: tuple[str, str, str, Any]) -> int:
        token, method, path, body = call
        with app.app_context():
            program = FlaskClient(app, Response)
            barrier.wait()
            answer = program.open(path, method=method, json=body, headers={"Authorization": f"Bearer {token}"})
            return answer.status_code

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def waiting(team: Any) -> Project:
    """A project that only has to be marked as planned, and takes 10 hours a week of the team."""
    last = today() + timedelta(days=60)
    return make_project(status="requested", team=team, start_date=today(), end_date=last, hours_per_week=10)


def test_many_projects_want_the_last_hours_and_as_many_get_them_as_there_are(app: Flask) -> None:
    token = token_of(app, make_user(role="manager"))
    for _ in range(ROUNDS):
        ana, bo = make_assistant(weekly_hours=15), make_assistant(weekly_hours=15)
        # The members stand in another order in each team: who takes them in that order would wait in a circle.
        teams = [make_team(members=[ana, bo]), make_team(members=[bo, ana])]
        several = [waiting(teams[at % 2]) for at in range(8)]
        found = at_once(app, [(token, "PATCH", f"{PROJECTS}/{one.id}", {"status": "planned"}) for one in several])
        assert sorted(found) == [200] * 3 + [409] * 5
        hours = select(func.sum(Reservation.hours_per_week)).where(Reservation.assistant_id.in_([ana.id, bo.id]))
        assert db.session.scalar(hours) == 30


def test_two_who_complete_at_once_complete_once(app: Flask) -> None:
    token = token_of(app, make_user(role="manager"))
    for _ in range(ROUNDS):
        at = f"{PROJECTS}/{make_project(status='active').id}"
        assert sorted(at_once(app, [(token, "PATCH", at, {"status": "completed"})] * 4)) == [200, 409, 409, 409]


def test_of_an_approval_and_a_wish_for_changes_one_counts(app: Flask) -> None:
    user = make_user(role="client")
    token = token_of(app, user)
    for _ in range(ROUNDS):
        project = make_project(client=user.client, deliverables=[{"title": "Survey", "status": "submitted"}])
        part = project.deliverables[0].id
        at = f"{PROJECTS}/{project.id}/deliverables/{part}"
        calls = [(token, "POST", f"{at}/approve", {}), (token, "POST", f"{at}/request-changes", {"note": "More."})]
        found = at_once(app, calls * 2)
        assert sorted(found) == [200, 409, 409, 409]
        decided = "approved" if found.index(200) % 2 == 0 else "changes_requested"
        assert db.session.scalar(select(Deliverable.status).where(Deliverable.id == part)) == decided


def test_a_plan_that_is_changed_twice_at_once_has_no_circle(app: Flask) -> None:
    token = token_of(app, make_user(role="manager"))
    for _ in range(ROUNDS):
        project = make_project(deliverables=["A", "B"])
        first, second = (str(one.id) for one in project.deliverables)
        one = [{"id": first, "title": "A"}, {"id": second, "title": "B", "depends_on": [first]}]
        other = [{"id": first, "title": "A", "depends_on": [second]}, {"id": second, "title": "B"}]
        at = f"{PROJECTS}/{project.id}"
        calls = [(token, "PATCH", at, {"deliverables": parts}) for parts in (one, other)]
        assert at_once(app, calls) == [200, 200]
        db.session.expire_all()
        assert len(db.session.get_one(Project, project.id).dependencies) == 1
