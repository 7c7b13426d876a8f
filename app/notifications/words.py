"""A message with an event's values in their places."""

import string
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from app.core.addresses import path_of
from app.core.dates import day_in_words
from app.core.events import Event, Message
from app.core.hours import minutes_in_words
from app.core.kinds import get_kind
from app.core.sides import COMPANY, EXPERT, STAFF
from app.notifications.letters import one_line

LONGEST_VALUE = 120


class _Filler(string.Formatter):
    def format_field(self, value: Any, spec: str) -> str:
        if spec == "duration":
            value = minutes_in_words(value)
        elif spec:
            value = format(value, spec)
        elif isinstance(value, date):
            value = day_in_words(value)
        elif isinstance(value, Decimal):
            value = f"{value.normalize():f}"
        return one_line(value)[:LONGEST_VALUE]


_filler = _Filler()


def values_of(event: Event) -> dict[str, Any]:
    """What can stand in a message about the event."""
    ids = {"id": event.record_id, "parent_id": event.parent_id, "root_id": event.parent_id or event.record_id}
    return {**event.values, **ids}


def fill(message: Message, values: Mapping[str, Any], link: str | None = None) -> Message:
    """The message with the values in their places. Raises KeyError for a value that is missing."""
    title, text, label = (_filler.vformat(one, (), values) for one in (message.title, message.text, message.act[0]))
    target = link if message.act[1] == "{link}" else _filler.vformat(_address(message), (), values)
    return replace(message, title=title, text=text, act=(label, target or path_of("account.profile")))


def _address(message: Message) -> str:
    """Where it leads: what a value says, a view, or below the pages that its readers have of a kind."""
    key, _, rest = message.act[1].partition("/")
    if key.startswith("{"):
        return message.act[1]
    if "." in key:
        return path_of(key)
    side = next((side for side in (STAFF, COMPANY) if side == message.to), EXPERT)
    return f"{get_kind(key).base(side)}/{rest}".removesuffix("/")
