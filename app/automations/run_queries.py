"""Reading a run whole: each of its steps in the order of the definition, with its tries, and the items of loops."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from app.automations.definitions.schemas import StepInput
from app.automations.models import WHOLE, Attempt, Run, RunStep
from app.automations.run_schemas import AttemptOut, RunItemOut, RunOut, RunStepOut, RunSummary
from app.automations.runs.versions import definition_of
from app.extensions import db

_Place = tuple[int, int]
_DONE_HERE = ("succeeded", "failed")


def run_whole(run: Run) -> RunOut:
    """The run as the API answers with it."""
    definition = definition_of(run.automation_id, run.version_number)
    rows = {(row.position, row.item): row for row in _rows_of(run)}
    tries = _tries_of(run)
    items = defaultdict(list)
    for (position, item), row in sorted(rows.items()):
        if item != WHOLE:
            items[position].append(_item(row, tries[position, item]))
    steps = [
        _step(step, rows.get((position, WHOLE)), tries[position, WHOLE], items[position])
        for position, step in enumerate(definition.workflow.steps)
    ]
    whole = RunSummary.model_validate(run).model_dump()
    own: dict[str, Any] = {
        "input": run.input,
        "output": run.output,
        "data_removed_at": run.data_removed_at,
        "steps": steps,
    }
    return RunOut.model_construct(**(whole | own))


def _rows_of(run: Run) -> Sequence[RunStep]:
    return db.session.scalars(select(RunStep).where(RunStep.run_id == run.id)).all()


def _tries_of(run: Run) -> Mapping[_Place, list[AttemptOut]]:
    found: dict[_Place, list[AttemptOut]] = defaultdict(list)
    query = select(Attempt).where(Attempt.run_id == run.id).order_by(Attempt.number)
    for one in db.session.scalars(query):
        found[one.position, one.item].append(AttemptOut.model_validate(one))
    return found


def _step(step: StepInput, row: RunStep | None, tries: list[AttemptOut], items: list[RunItemOut]) -> RunStepOut:
    about = {"id": step.id, "type": step.type, "name": step.name}
    if row is None:
        nothing = dict.fromkeys(("input", "output", "would", "error", "due_at", "started_at", "finished_at"))
        return RunStepOut(**about, **nothing, status="pending", attempts=0, notes=[], attempt_log=[], items=None)
    more = {"notes": row.notes or [], "due_at": row.due_at, "items": items if step.type == "for_each" else None}
    return RunStepOut(**about, **_done(row, tries), **more)


def _item(row: RunStep, tries: list[AttemptOut]) -> RunItemOut:
    return RunItemOut(item=row.item, **_done(row, tries))


def _done(row: RunStep, tries: list[AttemptOut]) -> dict[str, Any]:
    """What the row says. A step that reaches nothing outside is done in one go, of which no try is written down."""
    if not tries and row.would is None and row.started_at is not None and row.status in _DONE_HERE:
        times = {"started_at": row.started_at, "finished_at": row.finished_at}
        tries = [AttemptOut(number=1, **times, error=row.error)]
    names = ("status", "input", "output", "would", "error", "started_at", "finished_at")
    values = {name: getattr(row, name) for name in names}
    return {**values, "attempts": max(row.attempts, len(tries)), "attempt_log": tries}
