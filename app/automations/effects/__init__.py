"""What steps do. Outside, each type's effect is called without a transaction, at least once, under one key for all
tries:

    @effect("http", tells=_told)
    def call_service(form: HttpWith, call: Call) -> dict[str, Any]: ...

`tells` says what the outbox shows of it, from the `with` in which secrets are masked. In our own database it is done
within the transaction that hands in the step's result, so exactly once:

    @within("record")
    def use_record(form: RecordWith, run: Run) -> Any: ...

An effect returns the step's output, or raises `StepFailed`; one within also any `DomainError`. Those outside are in the
modules beside this one, which `every` imports.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from app.automations.models import Run


class Masks(Protocol):
    def __call__(self, value: Any) -> Any: ...

    def cut(self, text: str) -> str:
        """A text that was cut at its end, masked, and without the beginning of a secret there."""
        ...


class _AsItIs:
    def __call__(self, value: Any) -> Any:
        return value

    def cut(self, text: str) -> str:
        return text


@dataclass(frozen=True)
class Call:
    """A try of a step: `key` is the same in every try of it, `seconds` the time that it may take. `depth` is how many
    runs stand above its own. `mask` takes the secrets of the company out of a value; an effect needs it where it cuts a
    text, and a part of one would be left."""

    run_id: UUID
    client_id: UUID
    step_id: str
    key: UUID
    seconds: float
    depth: int = 0
    mask: Masks = field(default_factory=_AsItIs)


class StepFailed(Exception):
    """The step can't answer. `again` says whether another try may go better, `wait` how many seconds the other side
    wants it to wait at least; `detail` is kept beside the message."""

    def __init__(self, message: str, *, again: bool = True, wait: float | None = None, **detail: Any) -> None:
        super().__init__(message)
        self.message = message
        self.again = again
        self.wait = wait
        self.detail = detail


STAND_IN = "stand-in"
"""The provider where none is set: nothing leaves the machine."""


@dataclass(frozen=True)
class Told:
    """What the outbox shows: to whom, what about, and through whom it goes."""

    to: str
    summary: str
    provider: str


Effect = Callable[[Any, Call], Any]
Within = Callable[[Any, Run], Any]
EFFECTS: dict[str, Effect] = {}
TELLS: dict[str, Callable[[Mapping[str, Any]], Told]] = {}
RESERVES: dict[str, Callable[[Any], Decimal]] = {}
WITHIN: dict[str, Within] = {}


def effect(
    step_type: str, *, tells: Callable[[Mapping[str, Any]], Told], reserves: Callable[[Any], Decimal] | None = None
) -> Callable[[Effect], Effect]:
    """Register what steps of a type do outside. One that costs money `reserves` what a try may cost at most, in
    dollars, of the company's monthly budget, and says in the `cost` of its output or failure what it did cost."""

    def register(function: Effect) -> Effect:
        EFFECTS[step_type] = function
        TELLS[step_type] = tells
        if reserves is not None:
            RESERVES[step_type] = reserves
        return function

    return register


def within(step_type: str) -> Callable[[Within], Within]:
    """Register what steps of a type do in our own database."""

    def register(function: Within) -> Within:
        WITHIN[step_type] = function
        return function

    return register


@dataclass(frozen=True)
class Together:
    """What several steps do in one statement: whether one is such a step by its `with`, and what each came to, its
    output or why it failed. If the database refuses it as a whole, each is done by itself."""

    takes: Callable[[Any], bool]
    do: Callable[[Sequence[tuple[Any, Run]]], Sequence[Any]]


TOGETHER: dict[str, Together] = {}
"""Of types of steps that are registered with `within`."""
