"""Workflows that set each other off, by events or by calls through the outside: where that stops, and who hears of it.

A run that another one led to stands one deeper than that. Beyond `DEEPEST` none begins. Each that didn't begin stands
among the runs that failed; the automation's owner and staff are told once a day.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.automations.errors import Loop
from app.automations.models import Automation, Run
from app.automations.runs.advancing import fingerprint
from app.automations.runs.failing import has_failed_within, of_kind
from app.automations.runs.figures import count_ends
from app.automations.runs.inside import DEEPEST
from app.core.audit import Actor
from app.core.clock import now
from app.core.events import publish
from app.core.ids import new_id
from app.extensions import db

LOOP = {
    "code": Loop.code,
    "message": (
        f"This run was stopped before it started: it is at the end of a chain of {DEEPEST + 1} runs that triggered "
        "each other. Check whether these workflows form a loop. To run it anyway, run it again."
    ),
}
TOLD_AGAIN_AFTER = timedelta(days=1)


def stop(
    automations: Sequence[Any], *, trigger: str, delivery: str | None, given: Mapping[str, Any], actor: Actor
) -> None:
    """Note runs that don't begin, as failed ones without a step. Each of the automations has an `id`, a `client_id` and
    a `version_number`."""
    moment = now()
    rows = [
        {
            "id": new_id(), "client_id": one.client_id, "automation_id": one.id, "version_number": one.version_number,
            "status": "failed", "trigger": trigger, "delivery": delivery, "dry_run": False, "depth": DEEPEST,
            "input": given, "error": LOOP, "fingerprint": _kind_of(one.id), "actor_id": actor.id,
            "actor_name": actor.username, "created_at": moment, "finished_at": moment,
        }
        for one in automations
    ]  # fmt: skip
    statement = insert(Run).on_conflict_do_nothing(
        index_elements=["automation_id", "delivery"], index_where=Run.delivery.is_not(None)
    )
    made = db.session.scalars(statement.returning(Run), rows).all()
    for run in sorted(made, key=lambda one: one.automation_id):
        _tell(run)
    count_ends((run, "failed", moment) for run in made)


def stopped_run(automation: Automation) -> Run | None:
    """The newest run of the automation that didn't begin, unless people have run it again or dismissed it."""
    query = select(Run).where(*of_kind(automation.client_id, _kind_of(automation.id)))
    return db.session.scalars(query.order_by(Run.id.desc()).limit(1)).one_or_none()


def _kind_of(automation_id: UUID) -> str:
    """What such runs of an automation have in common, however the message is worded."""
    return fingerprint(automation_id, "", {"message": Loop.code})


def _tell(run: Run) -> None:
    """Publish that a loop was stopped, unless that was done within a day. Whoever does the same meanwhile waits."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"loop {run.automation_id}", 0))))
    if has_failed_within(TOLD_AGAIN_AFTER, run, run.fingerprint):
        return
    automation = db.session.get_one(Automation, run.automation_id)
    publish(
        "automation.loop_stopped", about=automation, actor=None, automation=automation.name, run=run.id,
        caused_by=run.id,
    )  # fmt: skip
