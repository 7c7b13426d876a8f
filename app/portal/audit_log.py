"""What the page of changes reads: a bounded page of audit entries, told in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Connection, Row, Select, literal, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.audit import AuditEntry
from app.core.changes.history import FieldChange, field_changes
from app.core.changes.naming import Names, kind_of
from app.core.changes.wording import link_target, part_kind, references_in
from app.core.kinds import Kind, find_by_table
from app.core.lists import distinct_values
from app.core.sessions import AnySession, plain
from app.portal.audit_query import AuditQuery, conditions_of
from app.portal.audit_words import details_of, people_in, sentence_of

PAGE = 50
ROWS_AT_ONCE = 500
MOST_ACTIONS = 500


@dataclass(frozen=True)
class Line:
    """An entry as a person reads it. `page_of` and `record_id` name what can be opened: the record, or its parent.
    Of an event, `sentence` says what the actor did; a change of a record has none."""

    entry: AuditEntry
    page_of: Kind | None
    record_id: UUID
    kind: str
    label: str
    fields: Sequence[FieldChange]
    is_there: bool
    sentence: str = ""

    @property
    def url(self) -> str | None:
        """The page of the record, where it has one and is still there."""
        return (self.page_of.url(self.record_id) or None) if self.page_of and self.is_there else None

    @property
    def is_about_actor(self) -> bool:
        return self.entry.record_id == self.entry.actor_id


@dataclass(frozen=True)
class Log:
    """A page of the log, newest first. `older` and `newer` are ids to ask on from, None at the ends."""

    lines: Sequence[Line]
    older: int | None
    newer: int | None


def read_log(session: AnySession, query: AuditQuery, *, zone: tzinfo) -> Log:
    """One page. The days of the query are days in `zone`."""
    backward = query.after is not None and query.before is None
    keys = _keys(query)
    conditions = [*conditions_of(session, query, zone), *_beyond(query, keys)]
    order = keys if backward else [key.desc() for key in keys]
    statement = select(AuditEntry).where(*conditions).order_by(*order).limit(PAGE + 1)
    found = list(session.scalars(statement))
    more, rows = len(found) > PAGE, found[:PAGE]
    if backward:
        rows.reverse()
    older = rows[-1].id if rows and (more or backward) else None
    newer = rows[0].id if rows and (more if backward else query.before is not None) else None
    return Log(_lines(session, rows), older, newer)


def stream_entries(connection: Connection, query: AuditQuery, *, zone: tzinfo) -> Iterator[Row[Any]]:
    """Every entry that matches, as its columns, oldest first, as of now; a chunk at a time is in memory."""
    with Session(connection) as session:
        conditions = conditions_of(session, query, zone)
    statement: Select[Any] = select(*AuditEntry.__table__.columns).where(*conditions).order_by(AuditEntry.id)
    return connection.execution_options(yield_per=ROWS_AT_ONCE).execute(statement)


def list_actions(session: AnySession) -> Sequence[str]:
    """The actions that any entry names."""
    return distinct_values(session, AuditEntry.action, limit=MOST_ACTIONS)


def _keys(query: AuditQuery) -> tuple[InstrumentedAttribute[Any], ...]:
    """A period is read along the times, all else along the ids: each has its index, and all mean newest first."""
    if query.is_of_period:
        return AuditEntry.at, AuditEntry.id
    return (query.leading[0], AuditEntry.id) if query.leading else (AuditEntry.id,)


def _beyond(query: AuditQuery, keys: Sequence[InstrumentedAttribute[Any]]) -> list[ColumnElement[bool]]:
    """The side of the entry that the query names."""
    seen = query.before if query.before is not None else query.after
    if seen is None or query.leading is not None:
        return []
    if not query.is_of_period:
        return [AuditEntry.id < seen if query.before is not None else AuditEntry.id > seen]
    place = tuple_(select(AuditEntry.at).where(AuditEntry.id == seen).scalar_subquery(), literal(seen, BigInteger))
    return [tuple_(*keys) < place if query.before is not None else tuple_(*keys) > place]


def _lines(session: AnySession, entries: Sequence[AuditEntry]) -> list[Line]:
    changes = [entry for entry in entries if not entry.is_event]
    references = [
        pair for e in changes for side in (e.before, e.after) for pair in references_in(e.table_name, side or {})
    ]
    references += [pair for e in entries if e.is_event for pair in people_in(e)]
    references += [(e.parent_table, e.parent_id) for e in entries if e.parent_table]
    references += [(e.table_name, e.record_id) for e in entries if not e.parent_table]
    names = Names.load(plain(session), references)
    return [_event_line(entry, names) if entry.is_event else _line(entry, names) for entry in entries]


def _event_line(entry: AuditEntry, names: Names) -> Line:
    label = entry.record_label or names.find(entry.table_name, entry.record_id)
    kind = find_by_table(entry.table_name)
    there = names.has(entry.table_name, entry.record_id)
    return Line(entry, kind, entry.record_id, _kind(entry), label, details_of(entry, names), there, sentence_of(entry))


def _line(entry: AuditEntry, names: Names) -> Line:
    kind = find_by_table(entry.parent_table or entry.table_name)
    label = entry.record_label or names.find(entry.table_name, entry.record_id)
    if entry.parent_table:
        parent = names.of(entry.parent_table, entry.parent_id)
        link = link_target(entry.table_name, entry.parent_table)
        if link and (value := (entry.after or entry.before or {}).get(link[0])):
            label = names.of(link[1], value)
        label = f"{label} in {parent}" if label else parent
    fields = field_changes(find_by_table(entry.table_name), entry, names)
    shown = (entry.parent_table, entry.parent_id) if entry.parent_table else (entry.table_name, entry.record_id)
    return Line(entry, kind, entry.parent_id or entry.record_id, _kind(entry), label, fields, names.has(*shown))


def _kind(entry: AuditEntry) -> str:
    if entry.parent_table:
        return part_kind(entry.table_name, entry.parent_table)
    kind = find_by_table(entry.table_name)
    return kind.singular if kind else kind_of(entry.table_name)
