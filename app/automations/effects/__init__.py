"""What steps do outside: each type's effect, called without a transaction, at least once, under one key for all tries.

    @effect("http")
    def call_service(form: HttpWith, call: Call) -> dict[str, Any]: ...

An effect returns the step's output, or raises `StepFailed`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID


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
EFFECTS: dict[str, Effect] = {}


def effect(step_type: str) -> Callable[[Effect], Effect]:
    """Register what steps of a type do."""

    def register(function: Effect) -> Effect:
        EFFECTS[step_type] = function
        return function

    return register
