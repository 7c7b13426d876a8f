"""Steps that only compute, and rehearsals of others: the same for a step and for an item of a loop."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.automations.definitions.schemas import StepInput
from app.automations.definitions.templated import RENDERED
from app.automations.definitions.types import STEP_TYPES, InnerStep, condition_in
from app.automations.expressions.errors import ExpressionError
from app.automations.expressions.evaluation import Scope, evaluate, is_true
from app.automations.expressions.templates import render
from app.automations.runs.engine import Ended
from app.automations.runs.values import Masking, cut

QUICK = frozenset({"transform", "condition"})
AnyStep = StepInput | InnerStep


@dataclass
class Done:
    """How a step ended, and what is shown of it."""

    ended: Ended
    input: Any = None
    would: Any = None
    notes: list[str] | None = None
    attempts: int = 0


def failed(message: str, where: str = "", source: str = "", at: int | None = None, **more: Any) -> Ended:
    """A step that ended with an error. `where` is the member of `with`, or `if`, whose expression it is about."""
    error: dict[str, Any] = {"message": message, **more}
    if where:
        error |= {"where": where, "source": source[:500]}
    if at is not None:
        error["at"] = at
    return Ended("failed", error=error)


def not_now(step: AnyStep, scope: Scope) -> Ended | None:
    """How the step ends because of its own `if`; None if it is to be done."""
    if step.if_ is None:
        return None
    try:
        passes = is_true(evaluate(step.if_, scope))
    except ExpressionError as error:
        return failed(error.message, "if", step.if_, error.at)
    return None if passes else Ended("skipped", error={"message": f"{step.if_} isn’t true."})


def compute(step: AnyStep, scope: Scope) -> Done:
    """Do a step of a type that is `QUICK`."""
    source = condition_in(step.with_) if step.type == "condition" else ""
    try:
        output = {"result": is_true(evaluate(source, scope))} if source else render(step.with_, scope)
    except ExpressionError as error:
        return Done(failed(error.message, "if" if source else "with", source, error.at), step.with_, attempts=1)
    return Done(Ended("succeeded", cut(output)), step.with_, notes=scope.missing or None, attempts=1)


def is_rehearsed(step: AnyStep) -> bool:
    """Whether a rehearsal doesn't do the step. Records are really read, and other workflows are rehearsed as well."""
    return STEP_TYPES[step.type].has_effect(step.with_) or step.type == "delay"


def rehearse(step: AnyStep, scope: Scope, secrets: Mapping[str, str]) -> Done:
    """Say what the step would do, and go on with the example that its author gave; nobody waits. What couldn't be sent
    fails, as it would. The scope has masked secrets."""
    form = STEP_TYPES[step.type].form
    assert form is not None
    try:
        would = Masking(secrets.values())(render(step.with_, scope))
        checked = form.model_validate(would, context={RENDERED: True})
    except ExpressionError as error:
        return Done(failed(error.message, "with", at=error.at), step.with_)
    except ValidationError as error:
        return Done(failed(first_problem(error)), would)
    if step.type == "delay":
        waited = checked.model_dump(mode="json")
        return Done(Ended("succeeded", waited), waited, notes=scope.missing or None)
    if step.type == "approval":
        would = checked.model_dump(mode="json")
    return Done(Ended("succeeded", step.example), would, would, scope.missing or None)


def first_problem(error: ValidationError) -> str:
    """The first of the problems, and where it is."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}."
