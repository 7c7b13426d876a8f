"""What steps do. Outside, each type's effect is called without a transaction, at least once, under one key for all
tries:

    @effect("http")
    def call_service(form: HttpWith, call: Call) -> dict[str, Any]: ...

In our own database it is done within the transaction that hands in the step's result, so exactly once:

    @within("record")
    def use_record(form: RecordWith, run: Run) -> Any: ...

An effect returns the step's output, or raises `StepFailed`; one within also any `DomainError`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.automations.models import Run


@dataclass(frozen=True)
class Call:
    """A try of a step: `key` is the same in every try of it, `seconds` the time that it may take."""

    run_id: UUID
    client_id: UUID
    step_id: str
    key: UUID
    seconds: float


class StepFailed(Exception):
    """The step can't answer. `again` says whether another try may go better; `detail` is kept beside the message."""

    def __init__(self, message: str, *, again: bool = True, **detail: Any) -> None:
        super().__init__(message)
        self.message = message
        self.again = again
        self.detail = detail


Effect = Callable[[Any, Call], Any]
Within = Callable[[Any, Run], Any]
EFFECTS: dict[str, Effect] = {}
WITHIN: dict[str, Within] = {}


def effect(step_type: str) -> Callable[[Effect], Effect]:
    """Register what steps of a type do outside."""

    def register(function: Effect) -> Effect:
        EFFECTS[step_type] = function
        return function

    return register


def within(step_type: str) -> Callable[[Within], Within]:
    """Register what steps of a type do in our own database."""

    def register(function: Within) -> Within:
        WITHIN[step_type] = function
        return function

    return register
