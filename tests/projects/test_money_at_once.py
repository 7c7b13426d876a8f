"""Money and time when many act at the same moment: on committed data, with threads, again and again."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.core.clock import today
from app.extensions import db
from app.identity.models import User
from app.notifications.models import Notification
from app.projects.change_orders.models import ChangeOrder
from app.projects.models import Project
from app.projects.money.models import ProjectAlert
from app.projects.timesheets.models import TimeEntry
from tests.factories import PASSWORD, make_user
from tests.factories.assistants import make_assistant
from tests.factories.events import deliver
from tests.factories.projects import make_project, make_team

ROUNDS = 4

pytestmark = pytest.mark.usefixtures("committed_db", "db_session")

Call = tuple[str, str, Any]


def token_of(app: Flask, user: User) -> str:
    answer = app.test_client().post("/api/auth/login", json={"username": user.username, "password": PASSWORD})
    return str(answer.json["access_token"])


def at_once(app: Flask, calls: Sequence[tuple[str, Call]]) -> list[int]:
    """Each call (a token, and method, path and body) in a thread of its own, all begun together; their statuses."""
    db.session.rollback()
    barrier = Barrier(len(calls))

    def run(call: tuple[str, Call]) -> int:
        token, (method, path, body) = call
        with app.app_context():
            program = FlaskClient(app, Response)
            barrier.wait()
            headers = {"Authorization": f"Bearer {token}"}
            return program.open(path, method=method, json=body, headers=headers).status_code

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.fixture
def expert() -> User:
    return make_user(role="expert")


@pytest.fixture
def make_running(expert: User) -> Callable[..., Project]:
    team = make_team(members=[make_assistant(user=expert, rate=40, currency="EUR")])
    start = today() - timedelta(days=60)
    return lambda **more: make_project(
        **{"team": team, "currency": "EUR", "budget": Decimal(1000), "start_date": start, **more}
    )


def log(app: Flask, token: str, project: Project, minutes: int, day: int) -> str:
    body = {"worked_on": (today() - timedelta(days=day)).isoformat(), "minutes": minutes}
    path = f"/api/expert-teams/projects/{project.id}/time-entries"
    answer = app.test_client().post(path, json=body, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 201, answer.text
    return f"{path}/{answer.json['id']}"


def test_many_approvals_at_once_spend_each_entry_once_and_tell_each_threshold_once(app, expert, make_running):
    manager = make_user(role="manager")
    own, deciding = token_of(app, expert), token_of(app, manager)
    for round_ in range(ROUNDS):
        project = make_running()
        entries = [log(app, own, project, 210, round_ * 8 + day) for day in range(8)]
        twice = [(deciding, ("POST", f"{entry}/approve", {})) for entry in entries for _ in range(2)]
        statuses = at_once(app, twice)
        assert sorted(statuses) == [200] * 8 + [409] * 8
        db.session.expire_all()
        assert project.spent == Decimal(8 * 140)
        alerts = select(ProjectAlert.threshold).where(ProjectAlert.project_id == project.id)
        assert sorted(db.session.scalars(alerts)) == [50, 80, 100]
        deliver()
        of_budget = Notification.kind == "project.budget_reached"
        told = select(func.count()).where(Notification.user_id == manager.id, of_budget)
        assert db.session.scalar(told) == 3 * (round_ + 1)


def test_of_an_approval_and_a_change_of_the_entry_both_hold_or_one_is_refused(app, expert, make_running):
    own, deciding = token_of(app, expert), token_of(app, make_user(role="manager"))
    for round_ in range(ROUNDS):
        project = make_running()
        entry = log(app, own, project, 60, round_)
        changed, approved, rejected = at_once(
            app,
            [
                (own, ("PATCH", entry, {"minutes": 120})),
                (deciding, ("POST", f"{entry}/approve", {})),
                (deciding, ("POST", f"{entry}/reject", {"note": "No."})),
            ],
        )
        db.session.expire_all()
        found = db.session.scalars(select(TimeEntry).where(TimeEntry.project_id == project.id)).one()
        assert project.spent == (found.amount if found.status == "approved" else 0)
        assert changed in (200, 409)
        assert 200 in (approved, rejected)
        assert found.minutes == (120 if changed == 200 else 60)


def test_a_day_keeps_to_24_hours_whoever_logs_at_once(app, expert, make_running):
    own = token_of(app, expert)
    for day in range(ROUNDS):
        projects = [make_running(), make_running()]
        body = {"worked_on": (today() - timedelta(days=day)).isoformat(), "minutes": 400}
        calls = [
            (own, ("POST", f"/api/expert-teams/projects/{projects[n % 2].id}/time-entries", body)) for n in range(8)
        ]
        assert sorted(at_once(app, calls)) == [201] * 3 + [422] * 5


def proposed(app: Flask, token: str, project: Project, title: str = "More") -> str:
    path, headers = f"/api/expert-teams/projects/{project.id}/change-orders", {"Authorization": f"Bearer {token}"}
    body = {"title": title, "budget_change": "250.00", "changes": [{"action": "add", "title": title}]}
    order = app.test_client().post(path, json=body, headers=headers).json
    assert app.test_client().post(f"{path}/{order['id']}/propose", headers=headers).status_code == 200
    return f"{path}/{order['id']}"


def test_a_change_order_that_many_approve_counts_once(app, make_running):
    drafting = token_of(app, make_user(role="manager"))
    for _ in range(ROUNDS):
        project = make_running()
        deciding = token_of(app, make_user(role="client", client_id=project.client_id))
        order = proposed(app, drafting, project)
        statuses = at_once(app, [(deciding, ("POST", f"{order}/approve", {}))] * 6)
        assert sorted(statuses) == [200] + [409] * 5
        db.session.expire_all()
        assert project.budget == project.planned_budget == Decimal(1250)
        assert [one.title for one in project.deliverables] == ["More"]


def test_of_an_approval_a_refusal_and_a_withdrawal_one_counts(app, make_running):
    drafting = token_of(app, make_user(role="manager"))
    for _ in range(ROUNDS):
        project = make_running()
        deciding = token_of(app, make_user(role="client", client_id=project.client_id))
        order = proposed(app, drafting, project)
        statuses = at_once(
            app,
            [
                (deciding, ("POST", f"{order}/approve", {})),
                (deciding, ("POST", f"{order}/decline", {})),
                (drafting, ("POST", f"{order}/withdraw", None)),
            ],
        )
        assert sorted(statuses) == [200, 409, 409]
        db.session.expire_all()
        status = db.session.scalar(select(ChangeOrder.status).where(ChangeOrder.project_id == project.id))
        assert project.budget == Decimal(1250 if status == "approved" else 1000)


def test_of_two_orders_and_a_new_budget_at_once_none_builds_on_what_is_gone(app, make_running):
    drafting = token_of(app, make_user(role="manager"))
    for _ in range(ROUNDS):
        project = make_running()
        deciding = token_of(app, make_user(role="client", client_id=project.client_id))
        orders = [proposed(app, drafting, project, title) for title in ("First", "Second")]
        statuses = at_once(
            app,
            [
                *[(deciding, ("POST", f"{order}/approve", {})) for order in orders],
                (drafting, ("PATCH", f"/api/expert-teams/projects/{project.id}", {"budget": "3000.00"})),
            ],
        )
        assert sorted(statuses[:2]) in ([200, 409], [409, 409])
        assert statuses[2] == 200
        db.session.expire_all()
        assert project.budget == Decimal(3000)
