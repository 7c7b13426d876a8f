"""Writing what a look at runs has found, many at once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, update

from app.automations.models import Automation, Run, RunStep, Work
from app.automations.runs import work
from app.automations.runs.advancing import Look
from app.automations.runs.failing import has_failed_within
from app.automations.runs.figures import count_ends
from app.automations.runs.limits import give_back
from app.core.events import publish
from app.extensions import db

TOLD_AGAIN_AFTER = timedelta(hours=1)
_RUN_COLUMNS = ("status", "started_at", "finished_at", "output", "error", "fingerprint")
_UPDATE_RUN = (
    update(Run.__table__)  # type: ignore[arg-type]
    .where(Run.__table__.c.id == bindparam("run_id"), Run.__table__.c.finished_at.is_(None))
    .values({name: bindparam(f"new_{name}") for name in _RUN_COLUMNS})
)


def write(looks: Sequence[Look]) -> None:
    """Keep the steps, the work and the states of these runs."""
    connection = db.session.connection()
    if steps := [row for look in looks for row in look.steps]:
        connection.execute(insert(RunStep.__table__), steps)  # type: ignore[arg-type]
    if things := [row for look in looks for row in look.work]:
        connection.execute(insert(Work.__table__), things)  # type: ignore[arg-type]
    if changed := [_run_values(look) for look in looks if look.run_values]:
        connection.execute(_UPDATE_RUN, changed)
    ended = [look for look in looks if look.run_values.get("finished_at") is not None]
    for look in ended:
        tell_caller(look.run)
        if look.run_values["status"] == "failed" and not look.run.dry_run:
            _tell_of_failure(look)
    give_back({look.run.automation_id for look in ended})
    count_ends((look.run, look.run_values["status"], look.run_values["finished_at"]) for look in ended)


def _run_values(look: Look) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(look.run, name) for name in _RUN_COLUMNS}
    values |= look.run_values
    return {"run_id": look.run.id, **{f"new_{name}": values[name] for name in _RUN_COLUMNS}}


def _tell_of_failure(look: Look) -> None:
    """Publish that a run failed; of many that fail for the same reason, one an hour."""
    values, run = look.run_values, look.run
    if has_failed_within(TOLD_AGAIN_AFTER, run, values["fingerprint"]):
        return
    automation = db.session.get_one(Automation, run.automation_id)
    error = values["error"]
    publish(
        "automation.run_failed", about=run, within=automation, label=automation.name, actor=None,
        automation=automation.name, step=error["step"], reason=str(error.get("message", ""))[:500], caused_by=run.id,
    )  # fmt: skip


def tell_caller(run: Run) -> None:
    """Have the step of another run looked at that waits for this one. It isn't touched here: whoever holds the caller
    may want this run, to cancel it."""
    if run.called_by is not None and run.parent_run_id is not None:
        caller = run.called_by
        work.add_for(
            run.parent_run_id,
            run.client_id,
            UUID(caller["automation_id"]),
            position=caller["position"],
            item=caller["item"],
        )
