"""Steps that begin within the transaction that looks at their run: pauses, questions, other workflows,
records."""

from collections.abc import Iterable
from datetime import timedelta
from math import inf
from time import monotonic
from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, select

from app.automations.definitions.schemas import StepInput
from app.automations.definitions.templated import RENDERED
from app.automations.definitions.types import STEP_TYPES
from app.automations.expressions.evaluation import Scope
from app.automations.expressions.templates import render
from app.automations.models import WHOLE, Automation, Run, RunStep
from app.automations.runs import work
from app.automations.runs.advancing import LONGEST_LOOK, Look, Wrong, begins, look_at
from app.automations.runs.quick import AnyStep, Done, first_problem
from app.automations.runs.versions import definition_of
from app.automations.runs.within import do, do_together, task_of
from app.core.events import publish
from app.core.ids import new_id
from app.extensions import db

DEEPEST = 5
MOST_KEPT_TOGETHER = 16 << 20
"""About so much is written by the looks of one transaction: others wait for it."""
MOST_CALLED = 100_000
"""Runs below one that nothing called."""


def rendered(step: AnyStep, scope: Scope) -> Any:
    """The `with` of a step, computed and checked. Raises `Wrong` and `ExpressionError`."""
    form = STEP_TYPES[step.type].form
    assert form is not None
    try:
        return form.model_validate(render(step.with_, scope), context={RENDERED: True})
    except ValidationError as error:
        raise Wrong(first_problem(error)) from None


@begins("delay")
def _delay(look: Look, step: StepInput) -> None:
    form = rendered(step, look.scope())
    due = look.at + timedelta(seconds=form.seconds)
    look.begin(step, "waiting", input={"seconds": form.seconds}, due_at=due)
    look.add_work(look.definition.position[step.id], due_at=due)


@begins("approval")
def _approval(look: Look, step: StepInput) -> None:
    form = rendered(step, look.scope())
    due = None
    if form.expires_in_seconds is not None:
        due = look.at + timedelta(seconds=form.expires_in_seconds)
        look.add_work(look.definition.position[step.id], due_at=due)
    look.begin(step, "waiting", input=form.model_dump(mode="json"), due_at=due)
    automation = db.session.get_one(Automation, look.run.automation_id)
    publish(
        "automation.approval_asked", about=look.run, within=automation, label=automation.name, actor=None,
        automation=automation.name, step=step.id, ask=form.ask, by=form.of, caused_by=look.run.id,
    )  # fmt: skip


@begins("record")
def _record(look: Look, step: StepInput) -> None:
    task = task_of(look.run, step, look.scope())
    if isinstance(task, Done):
        look.end(step, task)
    elif task.goes_with_others:
        look.wait_for_others(step, task)
    else:
        look.end(step, do(task))


def look_at_all(looks: Iterable[Look], until: float = inf) -> list[Look]:
    """Find out what comes next in each of these runs, until then at the latest. Steps that go with others are done in
    one statement for all runs that have come to one."""
    found: list[Look] = []
    for look in looks:
        if sum(one.kept for one in found) > MOST_KEPT_TOGETHER:
            until = 0.0
        found.append(look)
        look.until = min(monotonic() + LONGEST_LOOK, until)
        look_at(look)
    while waiting := [look for look in found if look.waiting is not None]:
        held = [look.take_waiting() for look in waiting]
        done = do_together([task for _, _, task in held])
        for look, (step, began, _), one in zip(waiting, held, done, strict=True):
            look.began = began
            look.end(step, one)
            look.until = min(monotonic() + LONGEST_LOOK, until)
            look_at(look)
    return found


@begins("workflow")
def _workflow(look: Look, step: StepInput) -> None:
    called = call_workflow(look.run, look.definition.position[step.id], WHOLE, rendered(step, look.scope()))
    look.begin(step, "waiting", input=called)


def room_for_calls(run: Run, position: int, item: int, items: int | None = None) -> int:
    """How many runs each run that the step calls may have below it. What a run may have is divided among its steps that
    call workflows, and among the items of a loop; so loops within loops end without anybody counting. Raises `Wrong`
    where there is no room for the call itself."""
    if run.depth >= DEEPEST:
        raise Wrong(f"Workflows can call each other at most {DEEPEST} levels deep.")
    callers = sum(map(_calls, definition_of(run.automation_id, run.version_number).workflow.steps))
    if items is None:
        items = 1 if item == WHOLE else _items_of(run, position)
    room = (run.called_by or {}).get("room", MOST_CALLED) // max(1, callers) // max(1, items) - 1
    if room < 0:
        raise Wrong(f"Too many called workflows: one run can start at most {MOST_CALLED:,}, directly or indirectly.")
    return int(room)


def _calls(step: StepInput) -> bool:
    return step.type == "workflow" or (step.type == "for_each" and step.with_["step"]["type"] == "workflow")


def _items_of(run: Run, position: int) -> int:
    count = func.jsonb_array_length(RunStep.input["items"])
    query = select(count).where(RunStep.run_id == run.id, RunStep.position == position, RunStep.item == WHOLE)
    return db.session.scalar(query) or 1


def call_workflow(run: Run, position: int, item: int, form: Any) -> dict[str, Any]:
    """Have another workflow of the company run for a step, or for an item of it; what the step shows of that. Its end
    makes work for the step. Raises `Wrong`."""
    called = db.session.scalars(
        select(Automation).where(Automation.id == form.workflow_id, Automation.client_id == run.client_id)
    ).one_or_none()
    if called is None or called.is_archived:
        raise Wrong("The company has no workflow with this ID.")
    room = room_for_calls(run, position, item)
    child = Run(
        id=new_id(), client_id=run.client_id, automation_id=called.id, version_number=called.version_number,
        trigger="workflow", input=form.input, depth=run.depth + 1, parent_run_id=run.id,
        called_by={"position": position, "item": item, "automation_id": str(run.automation_id), "room": room},
        actor_id=run.actor_id, actor_name=run.actor_name, dry_run=run.dry_run,
    )  # fmt: skip
    db.session.add(child)
    db.session.flush()
    work.add(child)
    return {"workflow_id": str(called.id), "input": form.input, "run_id": str(child.id)}
