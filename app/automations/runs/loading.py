"""Reading runs as the runner needs them."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, literal, select

from app.automations.models import WHOLE, Run, RunStep
from app.automations.runs.advancing import Begun
from app.automations.runs.engine import OVER, Ended
from app.automations.runs.outputs import LEFT_OUT, if_small, is_small
from app.extensions import db


def lock_runs(ids: Collection[UUID]) -> dict[UUID, Run]:
    """The runs that aren't over, as they are now, locked in the order of their ids.

    Whoever changes anything of a run (its row, a step, what is to be done for it) holds its row, and takes it before
    anything else; who needs two runs takes the caller before the called. So nobody waits in a circle.
    """
    query = (
        select(Run)
        .where(Run.id == any_(literal(list(ids), ARRAY(Uuid))), Run.finished_at.is_(None))
        .order_by(Run.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {run.id: run for run in db.session.scalars(query)}


def lock_run(run_id: UUID) -> Run | None:
    """The run, locked as by `lock_runs`; None if it is over."""
    return lock_runs([run_id]).get(run_id)


def has_begun(run: Run) -> bool:
    """Whether the run may have steps. What a delivery, a tick or an event began has none before its first look; one
    that is run again has those that it keeps."""
    return run.started_at is not None or run.delivery is None


def steps_of(ids: Collection[UUID]) -> Mapping[UUID, tuple[dict[str, Ended], dict[str, Begun]]]:
    """Of each run, the steps that are over and those that have begun; of loops not the items. Large outputs are left
    out (`outputs.py`)."""
    found: dict[UUID, tuple[dict[str, Ended], dict[str, Begun]]] = {one: ({}, {}) for one in ids}
    if not found:
        return found
    output, is_large = if_small(RunStep.output), ~is_small(RunStep.output)
    columns = (RunStep.run_id, RunStep.step_id, RunStep.status, RunStep.error, output, is_large)
    query = select(*columns).where(RunStep.run_id.in_(ids), RunStep.item == WHOLE)
    for run_id, step_id, status, error, output, is_large in db.session.execute(query):
        ended, begun = found[run_id]
        if status in OVER:
            ended[step_id] = Ended(status, LEFT_OUT if is_large else output, error)
        else:
            begun[step_id] = Begun(step_id, status)
    return found


def step_of(run_id: UUID, position: int, item: int) -> RunStep | None:
    """A step's row as it is now. Callers hold the run."""
    query = (
        select(RunStep)
        .where(RunStep.run_id == run_id, RunStep.position == position, RunStep.item == item)
        .execution_options(populate_existing=True)
    )
    return db.session.scalars(query).one_or_none()
