"""The functions that expressions may call, with what people read about them. Each is total: a value, or a named error.

`takes` names the types of the arguments in their order; `?` marks one that may be left out. `example` is an expression
and its value: the documentation shows it, and a test computes it.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from app.automations.expressions.errors import EvaluationFailed, TooMuch
from app.automations.expressions.values import Value, is_number, is_plain, name_of


class Spends(Protocol):
    budget: Any


class Work(Spends, Protocol):
    """What a function may ask of the evaluation that calls it."""

    scope: Any

    def equal(self, left: Value, right: Value) -> bool: ...


@dataclass(frozen=True)
class Function:
    name: str
    takes: tuple[str, ...]
    returns: str
    says: str
    example: tuple[str, Value]
    call_with: Callable[..., Value]

    @property
    def needs(self) -> int:
        return sum(not kind.endswith("?") for kind in self.takes)

    def require(self, arguments: Sequence[Value]) -> None:
        """Raises `EvaluationFailed` for a wrong number of arguments, or one of a wrong type."""
        if problem := self.wrong_count(len(arguments)):
            raise EvaluationFailed(problem)
        for kind, value in zip(self.takes, arguments, strict=False):
            if not _is(value, kind.rstrip("?")):
                raise EvaluationFailed(
                    f"{self.name}() takes {_CALLED[kind.rstrip('?')]}, and this is {name_of(value)}."
                )

    def wrong_count(self, count: int) -> str | None:
        if self.needs <= count <= len(self.takes):
            return None
        wanted = str(self.needs) if self.needs == len(self.takes) else f"{self.needs} to {len(self.takes)}"
        return f"{self.name}() takes {wanted} {'value' if wanted == '1' else 'values'}, and here are {count}."

    def call(self, work: Work, arguments: Sequence[Value]) -> Value:
        for value in arguments:
            if isinstance(value, str | list | dict):
                work.budget.spend(1 + len(value) // 64)
        made = self.call_with(work, *arguments)
        if isinstance(made, str | list | dict):
            work.budget.spend(1 + len(made) // 64, len(made))
        return made


DEEPEST = 100
REGISTERED: dict[str, Function] = {}

_CALLED = {
    "any": "a value", "text": "a text", "number": "a number", "list": "a list", "object": "an object",
    "sized": "a text, a list or an object",
}  # fmt: skip


def function(*takes: str, returns: str, says: str, example: tuple[str, Value]) -> Callable[[Any], Any]:
    """Register a function under its name without the leading underscore."""

    def register(made: Any) -> Any:
        name = made.__name__.strip("_")
        REGISTERED[name] = Function(name, takes, returns, says, example, made)
        return made

    return register


def _is(value: Value, kind: str) -> bool:
    match kind:
        case "any":
            return True
        case "text":
            return isinstance(value, str)
        case "number":
            return is_number(value)
        case "list":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
    return isinstance(value, str | list | dict)


def to_text(value: Value) -> str:
    """A value within a text: null as nothing, lists and objects as JSON."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
    return to_json(value)


def to_json(value: Value, *, sort_keys: bool = False) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=sort_keys)


def spend_all(work: Spends, value: Value) -> None:
    """Pay for going through a whole value, and for its size as a text. Without recursion: data may be deep."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        match one:
            case str():
                work.budget.spend(1 + len(one) // 64, len(one))
            case list():
                work.budget.spend(1, 2 * len(one))
                waiting += one
            case dict():
                work.budget.spend(1, sum(map(len, one)) + 4 * len(one))
                waiting += one.values()
            case _:
                work.budget.spend(1, 8)


def require_plain(value: Value, most: int | None = None) -> None:
    """Raises `EvaluationFailed` for a value that JSON or the database can't hold, or one that is nested too deeply or,
    written as a text, larger than `most`: a list may name one long text a thousand times. Without recursion."""
    waiting, size = [(value, 1)], 0
    while waiting:
        one, depth = waiting.pop()
        if not isinstance(one, list | dict):
            size += len(one) if isinstance(one, str) else 4
            if not is_plain(one):
                raise EvaluationFailed("A number that is too large, or a text with what is no character.")
        elif depth > DEEPEST:
            raise TooMuch(f"These values are nested more than {DEEPEST} deep.")
        elif isinstance(one, list):
            waiting += [(item, depth + 1) for item in one]
            size += 2 + len(one)
        else:
            waiting += [(item, depth + 1) for pair in one.items() for item in pair]
            size += 2 + 2 * len(one)
        if most is not None and size > most:
            raise TooMuch(f"The values that this makes are larger than {most >> 20} MiB.")


def whole(value: Value, name: str, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise EvaluationFailed(f"{name}() takes a whole number from 0 to {most:,} there.")
    return value
