"""What can be asked of the log of changes, and the conditions that it makes. Every one of them has its index."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from operator import attrgetter
from typing import Annotated, Any
from urllib.parse import unquote
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError
from sqlalchemy import BigInteger, ColumnElement, and_, collate, func, literal, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from app.core import kinds
from app.core.audit import AuditEntry
from app.core.lists import distinct_values
from app.core.names import by_name
from app.core.search import palette
from app.core.sessions import AnySession
from app.identity.models import User

CANDIDATES = 50
RECENT_LABELS = 500
MOST_TABLES = 500
LAST = 2**63 - 1
VIAS = {
    "portal": "Portal", "api": "API", "job": "Job", "automation": "Workflow", "cli": "Command", "sql": "SQL",
    "system": "System",
}  # fmt: skip

_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_LINK = re.compile(r"(?:https?:/)?/\S+", re.IGNORECASE)
_PAGES_OF_RECORD = ("edit", "history", "")


def _blank_is_none(value: Any) -> Any:
    return value.replace("\0", "").strip() or None if isinstance(value, str) else value


def _day_or_moment(value: Any) -> Any:
    """A day stays a day: its end is another than its beginning."""
    text = _blank_is_none(value)
    if not isinstance(text, str):
        return text
    try:
        return date.fromisoformat(text) if len(text) <= len("2026-11-22") else datetime.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("moment", "Write a day like 2026-11-22, or a moment like 2026-11-22T14:30.") from None


_Blank = BeforeValidator(_blank_is_none)
_Moment = Annotated[date | datetime | None, BeforeValidator(_day_or_moment)]


class AuditQuery(BaseModel):
    """What can be asked of the log; blank is not asked."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    person: Annotated[Annotated[str, Field(max_length=320)] | None, _Blank] = None
    """Who did it, or whom the doer was seeing the portal as: a name or an address, or its beginning, or an id."""
    record: Annotated[Annotated[str, Field(max_length=2000)] | None, _Blank] = None
    """What it was done to: an id, a name or slug, or a link to it."""
    action: Annotated[Annotated[str, Field(max_length=60)] | None, _Blank] = None
    via: Annotated[Annotated[str, Field(max_length=20)] | None, _Blank] = None
    since: _Moment = None
    until: _Moment = None
    """To the end of that day, or of that minute."""
    request_id: Annotated[Annotated[str, Field(max_length=200)] | None, _Blank] = None
    before: Annotated[Annotated[int, Field(ge=1, lt=2**63)] | None, _Blank] = None
    after: Annotated[Annotated[int, Field(ge=0, lt=2**63)] | None, _Blank] = None

    @property
    def is_of_period(self) -> bool:
        return self.since is not None or self.until is not None

    @property
    def leading(self) -> tuple[InstrumentedAttribute[str], str] | None:
        """The column, and its value, along whose index the entries are best read where nothing rarer is asked."""
        if self.is_of_period or self.person or self.record or self.request_id:
            return None
        if self.action:
            return AuditEntry.action, self.action
        return (AuditEntry.via, self.via) if self.via else None


def conditions_of(session: AnySession, query: AuditQuery, zone: tzinfo) -> list[ColumnElement[bool]]:
    """What an entry must fulfil. Days and moments without a zone are in `zone`."""
    found = _in_period(query, zone)
    if query.person:
        found.append(_is_by(session, query.person))
    if query.record:
        found.append(_is_of(session, query.record))
    if query.action:
        found.append(_has(AuditEntry.action, query.action, query))
    if query.via:
        found.append(_has(AuditEntry.via, query.via, query))
    if query.request_id:
        found.append(AuditEntry.request_id == query.request_id)
    return found


def _has(column: InstrumentedAttribute[str], value: str, query: AuditQuery) -> ColumnElement[bool]:
    """Where the column leads, its value is a range of its index rather than an equality: PostgreSQL then reads along
    that index, not back through all entries in the hope that what is asked for was recent. Says which page, too."""
    if query.leading is None or query.leading[0] is not column:
        return column == value
    first = 0 if query.after is None or query.before is not None else query.after + 1
    last = LAST if query.before is None else query.before - 1
    place = tuple_(column, AuditEntry.id)
    return and_(place >= _at(value, first), place <= _at(value, last))


def _at(value: str, entry_id: int) -> ColumnElement[Any]:
    return tuple_(literal(value), literal(entry_id, BigInteger))


def _is_by(session: AnySession, person: str) -> ColumnElement[bool]:
    """By the users whose name or address this is or begins with; else by what acts under that name without a user."""
    ids = _ids_in(person) or people_named(session, person, CANDIDATES)
    if ids:
        return or_(AuditEntry.actor_id.in_(ids), AuditEntry.acting_as_id.in_(ids))
    return and_(AuditEntry.actor_id.is_(None), AuditEntry.actor_name == person)


def people_named(session: AnySession, start: str, limit: int) -> list[UUID]:
    """The users whose user name or e-mail address begins so, in whatever case; read from the indexes alone."""
    ids: dict[UUID, None] = {}
    for column, fold in ((User.username, func.plain), (User.email, func.lower)):
        name = collate(fold(column), "C")
        begins = (name >= fold(start), name < fold(start).op("||")("\U0010ffff"))
        ids |= dict.fromkeys(session.scalars(select(User.id).where(*begins).order_by(name).limit(limit)))
    return list(ids)[:limit]


def _is_of(session: AnySession, record: str) -> ColumnElement[bool]:
    """Of the records that this id, name or link means, their parts included."""
    ids = _ids_in(record) or list(dict.fromkeys(found for name in _names_in(record) for found in _named(session, name)))
    tables = distinct_values(session, AuditEntry.table_name, limit=MOST_TABLES)
    own = and_(AuditEntry.table_name.in_(tables), AuditEntry.record_id.in_(ids))
    return or_(own, AuditEntry.parent_id.in_(ids))


def _ids_in(text: str) -> list[UUID]:
    """The id that this is; of a link, the last one in it: that of the record which it opens."""
    found = _ID.findall(text)
    is_link = _LINK.fullmatch(text) is not None
    return [UUID(found[-1])] if found and (is_link or found[0] == text) else []


def _names_in(record: str) -> list[str]:
    """The name that this is; of a link, the slug in it."""
    if not _LINK.fullmatch(record):
        return [record]
    parts = unquote(re.split(r"[?#]", record)[0]).replace("\0", "").split("/")
    return [record, *[part for part in parts if part not in _PAGES_OF_RECORD][-1:]]


def _named(session: AnySession, name: str) -> Iterator[UUID]:
    """Records that are called so, now or at a time that the log remembers."""
    yield from (found.id for found in palette(session, name, CANDIDATES))
    for kind in filter(attrgetter("is_named"), kinds.every()):
        model = kind.model
        same = by_name(kind.label) == func.plain(name)
        if kind.has_slug:
            same = or_(same, model.slug == name.lower())
        yield from session.scalars(select(model.id).where(same).limit(CANDIDATES))
    yield from session.scalars(select(User.id).where(collate(func.lower(User.email), "C") == func.lower(name)))
    called = collate(func.lower(AuditEntry.record_label), "C") == func.lower(name)
    recent = select(AuditEntry.record_id).where(called).order_by(AuditEntry.id.desc()).limit(RECENT_LABELS).subquery()
    yield from session.scalars(select(recent.c.record_id).distinct().limit(CANDIDATES))


def _in_period(query: AuditQuery, zone: tzinfo) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.since is not None:
        found.append(AuditEntry.at >= _moment(query.since, zone))
    if query.until is not None and (end := _end(query.until)) is not None:
        found.append(AuditEntry.at < _moment(end, zone))
    return found


def _end(until: date) -> date | None:
    """The first moment after it; None where time itself ends first."""
    try:
        return until + (timedelta(minutes=1) if isinstance(until, datetime) else timedelta(days=1))
    except OverflowError:
        return None


def _moment(when: date, zone: tzinfo) -> datetime:
    if not isinstance(when, datetime):
        return datetime.combine(when, time(), zone)
    return when if when.tzinfo else when.replace(tzinfo=zone)
