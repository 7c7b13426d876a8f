"""Doing steps whose effect is in our own database, within the transaction that hands in their results."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from app.automations.definitions.templated import RENDERED
from app.automations.definitions.types import STEP_TYPES
from app.automations.effects import WITHIN, StepFailed
from app.automations.expressions.errors import ExpressionError
from app.automations.expressions.evaluation import Scope
from app.automations.expressions.templates import render
from app.automations.models import Run
from app.automations.records import using as _using  # noqa: F401 - it registers what it does
from app.automations.runs.engine import Ended
from app.automations.runs.quick import AnyStep, Done, failed
from app.automations.runs.values import cut
from app.core.database_errors import Unavailable, explain
from app.core.errors import DomainError
from app.extensions import db


def do_within(run: Run, step: AnyStep, scope: Scope) -> Done:
    """How the step ended. What a rule refuses is undone and fails the step, and nothing else in the transaction.

    Raises what may go better the next time, such as a deadlock: then nothing of the transaction may be kept.
    """
    try:
        given = render(step.with_, scope)
    except ExpressionError as error:
        return Done(failed(error.message, "with", at=error.at), step.with_)
    return Done(_ended(run, step.type, given), given, notes=scope.missing or None, attempts=1)


def _ended(run: Run, step_type: str, given: Mapping[str, Any]) -> Ended:
    form = STEP_TYPES[step_type].form
    assert form is not None
    try:
        with db.session.begin_nested():
            output = WITHIN[step_type](form.model_validate(given, context={RENDERED: True}), run)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return _failed(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.", code="invalid")
    except StepFailed as error:
        return _failed(error.message, **error.detail)
    except DomainError as error:
        return _refused(error)
    except DBAPIError as error:
        reason = explain(error)
        if reason is None or isinstance(reason, Unavailable):
            raise
        return _refused(reason)
    return Ended("succeeded", cut(output))


def _refused(error: DomainError) -> Ended:
    if isinstance(error, Unavailable):
        raise error
    wrong = [{"pointer": one.pointer, "message": one.message, "code": one.code} for one in error.errors]
    return _failed(error.message, code=error.code, **({"errors": wrong} if wrong else {}))


def _failed(message: str, **detail: Any) -> Ended:
    return Ended("failed", error={"message": message[:2_000], **detail})
