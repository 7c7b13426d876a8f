"""Steps that are done within the transaction that advances their run: loops, workflows, questions, records."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select

from app.automations.definitions.schemas import StepInput
from app.automations.definitions.templated import RENDERED
from app.automations.definitions.types import STEP_TYPES, ForEachWith
from app.automations.expressions.errors import ExpressionError
from app.automations.expressions.templates import render
from app.automations.models import Automation, Run
from app.automations.runs import work
from app.automations.runs.advancing import Begun, Look, failed
from app.automations.runs.engine import Ended
from app.automations.runs.within import do_within
from app.core.ids import new_id
from app.extensions import db

DEEPEST = 5


class Wrong(Exception):
    """The step fails, with this message."""


def begin_inside(look: Look) -> None:
    """Do those steps of the look that need the database; then the look goes on."""
    waiting, look.later = look.later, []
    for step, _ in waiting:
        look.begun.pop(step.id, None)
        try:
            _INSIDE[step.type](look, step)
        except Wrong as error:
            look.end(step, failed(str(error)), input=step.with_)
        except ExpressionError as error:
            look.end(step, failed(error.message, "with", at=error.at), input=step.with_)


def rendered(look: Look, step: StepInput) -> Any:
    """The `with` of a step, computed and checked. Raises `Wrong`."""
    form = STEP_TYPES[step.type].form
    assert form is not None
    given = {name: value for name, value in step.with_.items() if not (form is ForEachWith and name == "step")}
    values = render(given, look.scope())
    if form is ForEachWith:
        values["step"] = step.with_.get("step")
    try:
        return form.model_validate(values, context={RENDERED: form is not ForEachWith})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise Wrong(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from None


def _approval(look: Look, step: StepInput) -> None:
    form = rendered(look, step)
    due = None
    if form.expires_in_seconds is not None:
        due = look.at + timedelta(seconds=form.expires_in_seconds)
        look.add_work(step, due)
    look.begin(step, "waiting", input=form.model_dump(mode="json"), due_at=due)


def _workflow(look: Look, step: StepInput) -> None:
    form = rendered(look, step)
    called = db.session.scalars(
        select(Automation).where(Automation.id == form.workflow_id, Automation.client_id == look.run.client_id)
    ).one_or_none()
    if called is None or called.is_archived:
        raise Wrong("The company has no such workflow.")
    if look.run.depth >= DEEPEST:
        raise Wrong(f"Workflows call each other at most {DEEPEST} deep.")
    position = look.definition.position[step.id]
    child = Run(
        id=new_id(), client_id=look.run.client_id, automation_id=called.id, version_number=called.version_number,
        trigger="workflow", input=form.input, depth=look.run.depth + 1, parent_run_id=look.run.id,
        called_by={"position": position, "item": -1, "automation_id": str(look.run.automation_id)},
        actor_id=look.run.actor_id, actor_name=look.run.actor_name,
    )  # fmt: skip
    db.session.add(child)
    db.session.flush()
    work.add(child)
    look.begin(step, "waiting", input={"workflow_id": str(called.id), "input": form.input, "run_id": str(child.id)})


def _for_each(look: Look, step: StepInput) -> None:
    form = rendered(look, step)
    if not form.items:
        look.end(step, Ended("succeeded", {"items": [], "succeeded": 0, "failed": 0}), input={"items": []})
        return
    look.begin(step, "running", input={"items": form.items, "concurrency": form.concurrency})
    for item in range(min(form.concurrency, len(form.items))):
        begin_item(look, step, form.step.type, item)


def begin_item(look: Look, step: StepInput, kind: str, item: int) -> None:
    """Have a loop's item done."""
    position = look.definition.position[step.id]
    look.row(step, "queued", item=item, type=kind, started_at=None)
    look.add_work(step)
    look.work[-1]["item"] = item
    look.begun[step.id] = Begun(step.id, "running")
    assert look.work[-1]["position"] == position


def _within(look: Look, step: StepInput) -> None:
    scope = look.scope()
    given = render(step.with_, scope)
    look.end(step, do_within(look.run, step.type, given), input=given, notes=scope.missing or None, attempts=1)


_INSIDE: Mapping[str, Callable[[Look, StepInput], None]] = {
    "record": _within,
    "approval": _approval,
    "workflow": _workflow,
    "for_each": _for_each,
}
