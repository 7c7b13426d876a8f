"""Time sheets that are imported while others import, log, decide and undo: on committed data, with threads."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core.audit import SYSTEM
from app.core.changes import applying, staging, undo
from app.core.changes.models import ChangeSet
from app.core.clock import today
from app.core.errors import DomainError
from app.core.tenancy import as_system
from app.extensions import db
from app.projects.models import Project
from app.projects.timesheets import operations as time
from app.projects.timesheets.kinds import time_entries
from app.projects.timesheets.models import TimeEntry
from app.projects.timesheets.schemas import TimeInput
from tests.factories import make_user
from tests.factories.assistants import make_assistant
from tests.factories.projects import make_project, make_team

ROUNDS = 4

pytestmark = pytest.mark.usefixtures("committed_db", "db_session")


@pytest.fixture
def people() -> Sequence[Any]:
    return [
        make_assistant(user=make_user(role="expert", username=f"person{n}"), rate=40, currency="USD") for n in range(3)
    ]


@pytest.fixture
def projects(people: Sequence[Any]) -> Sequence[Project]:
    team = make_team(members=people)
    return [make_project(team=team, name=f"Work {n}", start_date=today() - timedelta(days=60)) for n in range(3)]


def at_once(app: Flask, calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Each call in a thread and a transaction of its own, all begun together: what it gave, or what refused it."""
    db.session.rollback()
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        with app.app_context(), as_system("a test"):
            barrier.wait()
            try:
                result = call()
                db.session.commit()
            except DomainError as error:
                db.session.rollback()
                return error
            return result

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def preview(lines: Sequence[str]) -> UUID:
    content = "\n".join(["person;worked_on;hours;project;note", *lines]).encode()
    change_set = staging.stage_import(db.session, time_entries, content, filename="a.csv", actor=SYSTEM)
    staging.preview_import(db.session, change_set)
    db.session.commit()
    return change_set.id


def apply(change_set_id: UUID) -> int:
    change_set = staging.get_change_set(db.session, change_set_id, for_update=True)
    applying.apply(db.session, change_set, actor=SYSTEM)
    return change_set.rows_done


def lines_of(round_: int, projects: Sequence[Project]) -> list[str]:
    day = today() - timedelta(days=round_ + 1)
    return [f"person{n % 3};{day};0:10;{projects[n % len(projects)].name};{n}" for n in range(60)]


def test_one_file_previewed_twice_and_applied_at_once_is_logged_once(app: Flask, projects: Sequence[Project]) -> None:
    for round_ in range(ROUNDS):
        lines = lines_of(round_, projects)
        sets = [preview(lines), preview(lines)]
        done = at_once(app, [lambda key=key: apply(key) for key in sets])
        assert sorted(done) == [0, 60]
        assert db.session.scalar(select(func.count(TimeEntry.id))) == 60 * (round_ + 1)
        db.session.rollback()


def test_time_is_logged_by_hand_meanwhile_and_no_day_is_longer_than_a_day(
    app: Flask, people: Sequence[Any], projects: Sequence[Project]
) -> None:
    users, ids = [person.user_id for person in people], [project.id for project in projects]

    def log(project_id: UUID, user_id: UUID) -> Any:
        taken = TimeInput(worked_on=today() - timedelta(days=1), minutes=400)
        project = db.session.scalars(select(Project).where(Project.id == project_id).with_for_update()).one()
        return time.log_time(project, taken, user_id=user_id, actor=SYSTEM).minutes

    for _ in range(ROUNDS):
        key = preview([f"person{n};{today() - timedelta(days=1)};5;Work {p};{p}" for p in range(3) for n in range(3)])
        calls = [lambda p=p, u=u: log(p, u) for p, u in zip(reversed(ids), users, strict=True)]
        at_once(app, [lambda key=key: apply(key), *calls])
        days = select(func.sum(TimeEntry.minutes)).group_by(TimeEntry.user_id, TimeEntry.worked_on)
        assert max(db.session.scalars(days)) <= 1440
        db.session.query(TimeEntry).delete()
        db.session.commit()


def test_what_is_approved_while_the_import_is_undone_stays(app: Flask, projects: Sequence[Project]) -> None:
    for round_ in range(ROUNDS):
        key = preview(lines_of(round_, projects))
        apply(key)
        db.session.commit()
        ids = list(db.session.scalars(select(TimeEntry.id).where(TimeEntry.status == "submitted")))[:30]

        def take_back(key: UUID = key) -> int:
            change_set = staging.get_change_set(db.session, key, for_update=True)
            undone = undo.stage_undo(db.session, actor=SYSTEM, change_set=change_set)
            undo.preview_undo(db.session, undone)
            undo.carry_out(db.session, undone, actor=SYSTEM)
            return undone.rows_done

        def approve(ids: Sequence[UUID] = ids) -> int:
            return len(time.approve_time(ids, hourly_rate=None, actor=SYSTEM))

        undone, approved = at_once(app, [take_back, approve])
        left = db.session.scalar(select(func.count(TimeEntry.id)).where(TimeEntry.status == "submitted"))
        kept = db.session.scalar(select(func.count(TimeEntry.id)).where(TimeEntry.status == "approved"))
        spent = db.session.scalar(select(func.sum(Project.spent)))
        assert (left, undone) == (0, 30 if approved == 30 else 60)
        assert spent == db.session.scalar(select(func.sum(TimeEntry.amount)).where(TimeEntry.status == "approved"))
        assert kept == (30 if approved == 30 else 0)
        assert db.session.scalar(select(func.count(ChangeSet.id)).where(ChangeSet.state == "undone")) == round_ + 1
        db.session.execute(TimeEntry.__table__.delete())
        db.session.commit()
