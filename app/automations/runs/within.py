"""Doing steps whose effect is in our own database, within the transaction that hands in their results."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from app.automations.definitions.templated import RENDERED
from app.automations.definitions.types import STEP_TYPES
from app.automations.effects import TOGETHER, WITHIN, StepFailed
from app.automations.expressions.errors import ExpressionError
from app.automations.expressions.evaluation import Scope
from app.automations.expressions.templates import render
from app.automations.models import Run
from app.automations.records import together as _together  # noqa: F401 - it registers what it does
from app.automations.records import using as _using  # noqa: F401 - and so does it
from app.automations.runs.engine import Ended
from app.automations.runs.quick import AnyStep, Done, failed
from app.automations.runs.values import cut
from app.core.database_errors import Unavailable, explain
from app.core.errors import DomainError
from app.extensions import db


@dataclass(frozen=True)
class Task:
    """What a step does in our own database: its `with`, computed (`given`) and checked (`form`)."""

    run: Run
    type: str
    given: Any
    form: Any
    notes: list[str] | None

    @property
    def goes_with_others(self) -> bool:
        """Whether several such are done in one statement."""
        return self.type in TOGETHER and TOGETHER[self.type].takes(self.form)

    def done(self, ended: Ended) -> Done:
        return Done(ended, self.given, notes=self.notes, attempts=1)


def task_of(run: Run, step: AnyStep, scope: Scope) -> Task | Done:
    """What the step does; or how it ended, where that can't be told."""
    form = STEP_TYPES[step.type].form
    assert form is not None
    try:
        given = render(step.with_, scope)
    except ExpressionError as error:
        return Done(failed(error.message, "with", at=error.at), step.with_)
    task = Task(run, step.type, given, None, scope.missing or None)
    try:
        return replace(task, form=form.model_validate(given, context={RENDERED: True}))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return task.done(_failed(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.", code="invalid"))


def do(task: Task) -> Done:
    """How the step ended. What a rule refuses is undone and fails the step, and nothing else in the transaction.

    Raises what may go better the next time, such as a deadlock: then nothing of the transaction may be kept.
    """
    try:
        with db.session.begin_nested():
            outcome = WITHIN[task.type](task.form, task.run)
    except (StepFailed, DomainError) as error:
        outcome = error
    except DBAPIError as error:
        outcome = _refusal(error)
    return task.done(_ended(outcome))


def do_within(run: Run, step: AnyStep, scope: Scope) -> Done:
    """The same for a step that goes by itself."""
    task = task_of(run, step, scope)
    return task if isinstance(task, Done) else do(task)


def do_together(tasks: Sequence[Task]) -> list[Done]:
    """The same for steps of one type that go with others."""
    [step_type] = {task.type for task in tasks}
    try:
        with db.session.begin_nested():
            outcomes = TOGETHER[step_type].do([(task.form, task.run) for task in tasks])
    except DBAPIError as error:
        _refusal(error)
        return [do(task) for task in tasks]  # Which of them it was doesn't show.
    return [task.done(_ended(outcome)) for task, outcome in zip(tasks, outcomes, strict=True)]


def _refusal(error: DBAPIError) -> DomainError:
    """What rule the database has refused it by. Raises the error itself if it is no rule's."""
    reason = explain(error)
    if reason is None or isinstance(reason, Unavailable):
        raise error
    return reason


def _ended(outcome: Any) -> Ended:
    """As what a step ends that came to this: its output, or why it failed."""
    if isinstance(outcome, StepFailed):
        return _failed(outcome.message, **outcome.detail)
    return _refused(outcome) if isinstance(outcome, DomainError) else Ended("succeeded", cut(outcome))


def _refused(error: DomainError) -> Ended:
    if isinstance(error, Unavailable):
        raise error
    wrong = [{"pointer": one.pointer, "message": one.message, "code": one.code} for one in error.errors]
    return _failed(error.message, code=error.code, **({"errors": wrong} if wrong else {}))


def _failed(message: str, **detail: Any) -> Ended:
    return Ended("failed", error={"message": message[:2_000], **detail})
