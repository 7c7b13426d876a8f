"""Writing what a look at runs has found, many at once."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, update

from app.automations.models import Run, RunStep, Work
from app.automations.runs import work
from app.automations.runs.advancing import Look
from app.automations.runs.loading import locked_step
from app.extensions import db

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
    for look in looks:
        if look.run_values.get("finished_at") is not None:
            tell_caller(look.run, look.run_values)


def _run_values(look: Look) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(look.run, name) for name in _RUN_COLUMNS}
    values |= look.run_values
    return {"run_id": look.run.id, **{f"new_{name}": values[name] for name in _RUN_COLUMNS}}


def tell_caller(run: Run, values: dict[str, Any]) -> None:
    """End the step of another run that waits for this one."""
    caller = run.called_by
    if caller is None or run.parent_run_id is None:
        return
    step = locked_step(run.parent_run_id, caller["position"], caller["item"])
    if step is None or step.status != "waiting":
        return
    good = values["status"] == "succeeded"
    step.status = "succeeded" if good else "failed"
    step.output = {"run_id": str(run.id), "status": values["status"], "output": values.get("output")}
    step.error = (
        None if good else {"message": f"The workflow that it called {values['status']}.", "run_id": str(run.id)}
    )
    step.finished_at = values["finished_at"]
    db.session.flush()
    work.advance(run.parent_run_id, run.client_id, UUID(caller["automation_id"]))
