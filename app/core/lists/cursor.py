"""Cursors: a place in a list, opaque to the caller and good for the same list, sort and filters only."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Date, DateTime, Integer, Numeric, Text, Uuid, cast
from sqlalchemy.types import TypeEngine

from app.core.errors import DomainError
from app.core.lists.parts import type_of_key
from app.core.lists.query import ListQuery
from app.core.lists.spec import ListSpec

CURSOR = "cursor"
LONGEST = 2_000
_FORM = re.compile(rf"[A-Za-z0-9_-]{{0,{LONGEST}}}", re.ASCII)

Step = Literal["after", "from", "before", "upto"]
"""Which rows to give: those that follow the place, with (`from`) or without its own row, or those that precede it."""


class BadCursor(DomainError):
    """The cursor is no cursor of this list, with this sort and these filters."""

    status = 400
    at = "/query/cursor"
    wrong = "bad_cursor"
    says = "This cursor is not of this list with these filters and this sort. Start again without it."


@dataclass(frozen=True)
class Place:
    """A place between rows, told by the sort key and id of a row that is, or was, beside it."""

    step: Step
    key: Any
    id: UUID
    part: int = 0
    """The part of the list that it lies in."""

    @property
    def backward(self) -> bool:
        return self.step in ("before", "upto")


def _finite(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return number


def _aware(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def _day(text: str) -> str:
    """The day as `told` has it: as text, since the sort key of a record without a day is one beyond all days."""
    return text if text in ("infinity", "-infinity") else date.fromisoformat(text).isoformat()


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError(text)
    return text


_READERS: tuple[tuple[type[TypeEngine[Any]], Callable[[str], Any]], ...] = (
    (DateTime, _aware),
    (Date, _day),
    (Integer, int),
    (Numeric, _finite),
    (Uuid, UUID),
    (TypeEngine, _without_nul),
)


def told(key: Any) -> Any:
    """The sort key as it is read from the database for a cursor. Python has no date for `infinity`, the key of records
    that have none: days come as text."""
    return cast(key, Text) if isinstance(key.type, Date) else key


def refuse_no_cursor(text: str) -> None:
    """Raise `BadCursor` for what no list could have written."""
    if not _FORM.fullmatch(text):
        raise BadCursor


def write_cursor(spec: ListSpec, query: ListQuery, place: Place) -> str:
    key = place.key.isoformat() if isinstance(place.key, datetime) else str(place.key)
    content = [_binding(spec, query), place.step, key, place.id.hex, *([place.part] if query.is_ranked else [])]
    packed = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return urlsafe_b64encode(packed).decode().rstrip("=")


def read_cursor(spec: ListSpec, query: ListQuery) -> Place | None:
    """The place that the query's cursor names; None without one. Raises `BadCursor`."""
    if query.cursor is None:
        return None
    refuse_no_cursor(query.cursor)
    try:
        text = query.cursor.encode("ascii")
        binding, step, key, record, *parts = json.loads(urlsafe_b64decode(text + b"=" * (-len(text) % 4)))
        if binding != _binding(spec, query) or step not in ("after", "from", "before", "upto"):
            raise BadCursor
        (part,) = parts if query.is_ranked else (*parts, 0)
        expected = type_of_key(spec, query, part)
        read = next(read for type_, read in _READERS if isinstance(expected, type_))
        return Place(step, read(key), UUID(hex=record), part)
    except (ValueError, TypeError, LookupError, AttributeError, BadBase64, InvalidOperation, RecursionError):
        raise BadCursor from None


def _binding(spec: ListSpec, query: ListQuery) -> str:
    """What ties a cursor to its list, sort and filters, however long they are."""
    apart = {"cursor", "limit", "archived", "include_archived"}
    asked = query.model_dump(mode="json", exclude=apart, exclude_none=True)
    narrowed = {filter_.name: getattr(query, filter_.name) for filter_ in spec.filters if filter_.name not in asked}
    set_for_it = {name: str(value) for name, value in narrowed.items() if value is not None}
    told = json.dumps([spec.table, query.shows, {**asked, **set_for_it}], sort_keys=True)
    return sha256(told.encode()).hexdigest()[:12]
