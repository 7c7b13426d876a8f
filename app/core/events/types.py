"""Declaring types of events."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

PERSON: Literal["person"] = "person"
"""The one person whom the event concerns."""

Audience = Literal["company", "staff", "person"] | Callable[[Any], Iterable[UUID]]
"""Who gets a message: of a company, everybody who is active in it. A domain's own audience is a function that takes
the `Event` and finds users."""

Value = type[str] | type[int] | type[Decimal] | type[date] | type[UUID]


@dataclass(frozen=True)
class Message:
    """A message to people about an event. In the texts, `{title}` is the event's value of that name, `{id}` its record,
    `{parent_id}` what the record is part of, `{root_id}` that or else the record, `{link}` the secret link;
    `{minutes:duration}` is a time, `{spent:,.2f}` an amount. `act` is what can be done about it: a label and the
    page, by the name of its view (`account_keys.index`), or below the pages that the reader has of a kind, by its key
    (`projects/{root_id}`), or a value that holds its path. `advice` is for somebody who didn't do it themselves.

    With `by`, the message is sent only if the event's value `by` is one of these. With `mail_to`, the mail goes to the
    addresses in those values instead of the user's own.
    """

    to: Audience
    title: str
    text: str
    act: tuple[str, str] = ("See your account", "account.profile")
    advice: str = ""
    by: Collection[str] = ()
    in_inbox: bool = True
    by_mail: bool = True
    mail_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class EventType:
    """A type of event: its name `record.happened`, its values, and its messages to people.

    A value is a text, a whole number, a decimal, a day or an id. A `private` event concerns one person, and isn't
    shown to the company. With `secret`, it takes a link that only consumers can read, and only once. `says` tells
    whoever may wait for it what has happened.
    """

    name: str
    values: Mapping[str, Value] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()
    private: bool = False
    secret: bool = False
    says: str = ""

    def dump(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values for JSON. Raises ValueError for a missing or unknown one, TypeError for one of another type."""
        if values.keys() != self.values.keys():
            raise ValueError(f"{self.name} comes with {sorted(self.values)}, not with {sorted(values)}")
        for name, kind in self.values.items():
            # No subclass either: a `bool` or a `datetime` would be written in a way that isn't read again.
            if not (type(values[name]) is kind or (kind is str and isinstance(values[name], str))):
                raise TypeError(f"{name} of {self.name} is {values[name]!r}, not of the type {kind.__name__}")
        return {name: value if type(value) is int else str(value) for name, value in values.items()}

    def load(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The values that `dump` wrote. Values that an earlier release wrote differently stay as they are."""
        return {name: _read(self.values.get(name), value) for name, value in data.items()}


def _read(kind: Value | None, written: Any) -> Any:
    try:
        return written if kind is None else _READERS[kind](written)
    except (ValueError, TypeError, ArithmeticError):
        return written


_READERS: dict[Value, Callable[[Any], Any]] = {
    str: str,
    int: int,
    Decimal: Decimal,
    date: date.fromisoformat,
    UUID: UUID,
}
_types: dict[str, EventType] = {}


def declare(*types: EventType) -> None:
    """Declare types of events. Raises ValueError for a name that is declared differently elsewhere."""
    for one in types:
        if _types.setdefault(one.name, one) != one:
            raise ValueError(f"there are two events named {one.name!r}")


def type_of(name: str) -> EventType | None:
    """The type of that name; None for one that is no longer declared."""
    return _types.get(name)


def event_types() -> Mapping[str, EventType]:
    """Every declared type by its name."""
    return _types
