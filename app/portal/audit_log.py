"""What the page of changes reads: a bounded page of audit entries, told in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from sqlalchemy import BigInteger, ColumnElement, and_, collate, func, literal, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, scoped_session

from app.auth.models import Client, User
from app.core import resources
from app.core.audit import AuditEntry
from app.core.changes.history import FieldChange, field_changes
from app.core.changes.wording import Names, link_target, part_kind, references_in
from app.core.lists import distinct_values
from app.core.resources import Resource, find_by_table
from app.core.search import palette

AnySession = Session | scoped_session[Any]

PAGE = 50
CANDIDATES = 50


def _blank_is_none(value: Any) -> Any:
    return value.replace("\0", "").strip() or None if isinstance(value, str) else value


_Blank = BeforeValidator(_blank_is_none)


class AuditQuery(BaseModel):
    """What can be asked of the log; blank is not asked."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    person: Annotated[str | None, _Blank, Field(max_length=120)] = None
    record: Annotated[str | None, _Blank, Field(max_length=200)] = None
    action: Annotated[str | None, _Blank, Field(max_length=60)] = None
    since: Annotated[date | None, _Blank] = None
    until: Annotated[date | None, _Blank] = None
    request_id: Annotated[str | None, _Blank, Field(max_length=200)] = None
    before: Annotated[int | None, _Blank, Field(ge=1, lt=2**63)] = None
    after: Annotated[int | None, _Blank, Field(ge=0, lt=2**63)] = None


@dataclass(frozen=True)
class Line:
    """An entry as a person reads it. `resource` and `record_id` name what can be opened: the record, or its parent."""

    entry: AuditEntry
    resource: Resource | None
    record_id: UUID
    kind: str
    label: str
    fields: Sequence[FieldChange]


@dataclass(frozen=True)
class Log:
    """A page of the log, newest first. `older` and `newer` are ids to ask on from, None at the ends."""

    lines: Sequence[Line]
    older: int | None
    newer: int | None


def read_log(session: AnySession, query: AuditQuery, *, zone: tzinfo) -> Log:
    """One page. The days of the query are days in `zone`."""
    backward = query.after is not None and query.before is None
    # A period is read along the times, all else along the ids: each has its index, and both mean newest first.
    keys = (AuditEntry.at, AuditEntry.id) if query.since or query.until else (AuditEntry.id,)
    conditions = [*_conditions(session, query, zone), *_beyond(query, keys)]
    order = keys if backward else [key.desc() for key in keys]
    statement = select(AuditEntry).where(*conditions).order_by(*order).limit(PAGE + 1)
    found = list(session.scalars(statement))
    more, rows = len(found) > PAGE, found[:PAGE]
    if backward:
        rows.reverse()
    older = rows[-1].id if rows and (more or backward) else None
    newer = rows[0].id if rows and (more if backward else query.before is not None) else None
    return Log(_lines(session, rows), older, newer)


def list_actions(session: AnySession) -> Sequence[str]:
    """The actions that any entry names."""
    return distinct_values(session, AuditEntry.action)


def _conditions(session: AnySession, query: AuditQuery, zone: tzinfo) -> list[ColumnElement[bool]]:
    found = _in_period(query, zone)
    if query.person:
        found.append(_is_by(session, query.person))
    if query.record:
        found.append(_is_of(session, query.record))
    if query.action:
        found.append(AuditEntry.action == query.action)
    if query.request_id:
        found.append(AuditEntry.request_id == query.request_id)
    return found


def _beyond(query: AuditQuery, keys: Sequence[InstrumentedAttribute[Any]]) -> list[ColumnElement[bool]]:
    """The side of the entry that the query names."""
    seen = query.before if query.before is not None else query.after
    if seen is None:
        return []
    if len(keys) == 1:
        return [AuditEntry.id < seen if query.before is not None else AuditEntry.id > seen]
    place = tuple_(select(AuditEntry.at).where(AuditEntry.id == seen).scalar_subquery(), literal(seen, BigInteger))
    return [tuple_(*keys) < place if query.before is not None else tuple_(*keys) > place]


def _is_by(session: AnySession, person: str) -> ColumnElement[bool]:
    """By the users whose name or address this is or begins with; else by what acts under that name without a user."""
    start = person.lower()
    named = or_(*(func.starts_with(func.lower(column), start) for column in (User.username, User.email)))
    ids = session.scalars(select(User.id).where(named).limit(CANDIDATES)).all()
    if ids:
        return AuditEntry.actor_id.in_(ids)
    return and_(AuditEntry.actor_id.is_(None), AuditEntry.actor_name == person)


def _is_of(session: AnySession, record: str) -> ColumnElement[bool]:
    """Of the records that this id or name means, their parts included."""
    try:
        ids = [UUID(record)]
    except ValueError:
        ids = _named(session, record)
    tables = [table for resource in resources.every() for table in (resource.table, *resource.children)]
    tables += [User.__tablename__, Client.__tablename__]
    own = and_(AuditEntry.table_name.in_(tables), AuditEntry.record_id.in_(ids))
    return or_(own, AuditEntry.parent_id.in_(ids))


def _named(session: AnySession, name: str) -> list[UUID]:
    ids = [found.id for found in palette(session, name, CANDIDATES)]
    for resource in resources.every():
        same = or_(
            resource.model.slug == name.lower(), collate(func.plain(resource.model.name), "C") == func.plain(name)
        )
        ids += session.scalars(select(resource.model.id).where(same).limit(CANDIDATES))
    for column in (User.username, Client.name):
        ids += session.scalars(select(column.class_.id).where(func.lower(column) == name.lower()).limit(CANDIDATES))
    return ids


def _in_period(query: AuditQuery, zone: tzinfo) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.since:
        found.append(AuditEntry.at >= datetime.combine(query.since, time(), zone))
    if query.until and query.until < date.max:
        found.append(AuditEntry.at < datetime.combine(query.until + timedelta(days=1), time(), zone))
    return found


def _lines(session: AnySession, entries: Sequence[AuditEntry]) -> list[Line]:
    plain = session() if isinstance(session, scoped_session) else session
    references = [
        pair for e in entries for side in (e.before, e.after) for pair in references_in(e.table_name, side or {})
    ]
    references += [(e.parent_table, e.parent_id) for e in entries if e.parent_table]
    names = Names.load(plain, references)
    return [_line(entry, names) for entry in entries]


def _line(entry: AuditEntry, names: Names) -> Line:
    resource = find_by_table(entry.table_name)
    label = entry.record_label or ""
    if entry.parent_table:
        parent = names.of(entry.parent_table, entry.parent_id)
        link = link_target(entry.table_name, entry.parent_table)
        if link and (value := (entry.after or entry.before or {}).get(link[0])):
            label = names.of(link[1], value)
        label = f"{label} in {parent}" if label else parent
    kind = resource.singular if resource else entry.table_name.replace("_", " ").removesuffix("s")
    if entry.parent_table:
        kind = part_kind(entry.table_name, entry.parent_table)
    fields = field_changes(resource, entry, names)
    return Line(entry, resource, entry.parent_id or entry.record_id, kind, label or str(entry.record_id), fields)
