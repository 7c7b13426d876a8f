"""People and workers at the same runs at once: nobody waits in a circle."""

from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session, scoped_session

from app.automations.models import Run, RunStep
from app.automations.runs import work
from app.automations.runs.operations import cancel_run, decide
from app.automations.runs.runner import advance
from app.core.audit import SYSTEM
from app.core.steps import lock
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import Client
from tests.automations.running import drain
from tests.factories.automations import make_automation, make_run

pytestmark = pytest.mark.committed


@pytest.fixture(autouse=True)
def _as_the_runner(committed_db: str, db_session: scoped_session[Session]) -> Iterator[None]:
    with as_system("a test of the runner"):
        yield


class Beside(Thread):
    """Does something in a session of its own, and commits it."""

    def __init__(self, app: Flask, does: Any) -> None:
        super().__init__()
        self.app = app
        self.does = does
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        with self.app.app_context(), as_system("another worker"):
            try:
                self.does()
                db.session.commit()
            except Exception as error:  # noqa: BLE001 - the test looks at it
                self.error = error
                db.session.rollback()

    def ended(self) -> None:
        self.join(20)
        assert not self.is_alive()
        if self.error is not None:
            raise self.error


def wait_until_blocked(app: Flask) -> None:
    """Until some session waits for a lock, or half a second has gone by without."""
    for _ in range(20):
        query = "select pg_sleep(0.025), count(*) from pg_locks where not granted"
        with db.engine.connect() as connection:
            if connection.execute(text(query)).one().count:
                return


def test_a_caller_is_cancelled_while_the_called_run_ends(app: Flask) -> None:
    inner = make_automation([{"id": "x", "type": "transform"}])
    call = {"id": "call", "type": "workflow", "with": {"workflow_id": str(inner.id), "input": {}}}
    run = make_run(make_automation([call], client=db.session.get(Client, inner.client_id)))
    advance(work.claim_looks(1))
    claims = work.claim_looks(1)
    db.session.commit()

    caller = lock(db.session.get_one(Run, run.id))
    looks = Beside(app, lambda: advance(claims))
    wait_until_blocked(app)
    cancel_run(caller, actor=SYSTEM)
    db.session.commit()
    looks.ended()

    drain()
    db.session.expire_all()
    assert {one.status for one in db.session.scalars(select(Run))} <= {"cancelled", "succeeded"}
    assert db.session.get_one(Run, run.id).status == "cancelled"


def test_a_run_is_cancelled_while_it_is_looked_at(app: Flask) -> None:
    run = make_run(make_automation([{"id": "a", "type": "delay", "with": {"seconds": 60}}]))
    claims = work.claim_looks(1)
    db.session.commit()
    cancelled = lock(db.session.get_one(Run, run.id))
    looks = Beside(app, lambda: advance(claims))
    wait_until_blocked(app)
    cancel_run(cancelled, actor=SYSTEM)
    db.session.commit()
    looks.ended()

    db.session.expire_all()
    assert db.session.get_one(Run, run.id).status == "cancelled"
    assert db.session.scalars(select(RunStep)).all() == []


def test_two_people_decide_at_once(app: Flask) -> None:
    from app.automations.errors import NotWaitingForApproval, RunIsOver  # noqa: PLC0415

    run = make_run(make_automation([{"id": "a", "type": "approval", "with": {"ask": "May it?"}}]))
    drain()
    run_id = run.id
    run = db.session.get_one(Run, run_id)
    decide(run, "a", approve=True, comment="", actor=SYSTEM)
    other = Beside(app, lambda: decide(db.session.get_one(Run, run_id), "a", approve=False, comment="", actor=SYSTEM))
    wait_until_blocked(app)
    db.session.commit()
    with pytest.raises((NotWaitingForApproval, RunIsOver)):
        other.ended()

    drain()
    db.session.expire_all()
    assert db.session.get_one(Run, run_id).status == "succeeded"
