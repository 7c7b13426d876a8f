"""What a run did outside and in the database, and what a rehearsal says that it would do."""

from typing import Any

from sqlalchemy import select

from app.automations.definitions.types import STEP_TYPES
from app.automations.models import Run, RunStep
from app.extensions import db

Effects = list[tuple[str, int, str, Any]]


def all_runs_of(run: Run) -> list[Run]:
    """The run, and those that its steps called, in the order of the steps that did."""
    found = [run]
    called = select(Run).where(Run.parent_run_id == run.id, Run.called_by.is_not(None))
    children = db.session.scalars(called).all()
    for child in sorted(children, key=lambda one: (one.called_by["position"], one.called_by["item"])):
        found += all_runs_of(child)
    return found


def effects_of(run: Run) -> Effects:
    """The effects of a run and of those that it called, each with what it was given. Those of a rehearsal are what it
    would have done."""
    found: Effects = []
    for number, one in enumerate(all_runs_of(run)):
        query = select(RunStep).where(RunStep.run_id == one.id).order_by(RunStep.position, RunStep.item)
        for step in db.session.scalars(query.execution_options(populate_existing=True)):
            if step.would is not None and run.dry_run:
                found.append((f"{number}.{step.step_id}", step.item, step.type, step.would))
            elif not run.dry_run and _had_effect(step):
                found.append((f"{number}.{step.step_id}", step.item, step.type, step.input))
    return found


def _had_effect(step: RunStep) -> bool:
    given = step.input if isinstance(step.input, dict) else {}
    return step.status == "succeeded" and STEP_TYPES[step.type].has_effect(given)
