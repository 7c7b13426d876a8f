"""How a record came to be what it is: its changes, newest first, those of its parts among them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from app.core.audit import AuditEntry
from app.core.changes.models import ChangeKind, ChangeSet, State
from app.core.changes.naming import Names, kind_of
from app.core.changes.rules import why_kept
from app.core.changes.states import state_at
from app.core.changes.wording import (
    as_column,
    in_form_order,
    in_words,
    label_of,
    link_target,
    part_kind,
    references_in,
    target_of,
)
from app.core.clock import now
from app.core.db import Base
from app.core.kinds import Kind, every, find_by_table, find_kind, label_in
from app.core.sessions import AnySession, plain

UNDO_PERIOD = timedelta(days=30)
RECENT_ENTRIES = 2_000
_SERVER_SET = frozenset({"id", "created_at", "position"})


@dataclass(frozen=True)
class FieldChange:
    """A field's old and new value in words. Of a list, `added` and `removed` tell its items."""

    name: str
    label: str
    before: str
    after: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class PartChange:
    """A part of the record (an offering, a product of a solution) that was `added`, `removed` or `changed`."""

    verb: str
    kind: str
    label: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True)
class Change:
    """What one transaction did to one record. `entry_id` pages: ask for those before it."""

    id: UUID
    entry_id: int
    at: datetime
    actor_id: UUID | None
    actor_name: str
    via: str
    request_id: str | None
    action: str
    change_set_id: UUID | None
    fields: tuple[FieldChange, ...]
    parts: tuple[PartChange, ...]
    undone: bool
    can_be_undone: bool
    kept: str
    """Why nothing of it can be undone, where that is no matter of time."""


@dataclass(frozen=True)
class Recent:
    """A line of the house's news: one record's change, or a change set of `rows` rows."""

    at: datetime
    actor_id: UUID | None
    actor_name: str
    via: str
    action: str
    kind: Kind | None
    table_name: str | None
    record_id: UUID | None
    label: str
    rows: int
    change_id: UUID | None
    change_set: ChangeSet | None


def history_of(
    session: AnySession, kind: Kind, record_id: UUID, *, before_id: int | None = None, limit: int = 20
) -> list[Change]:
    """The record's changes, newest first, at most `limit`; `before_id` is the `entry_id` of the last one seen."""
    session = plain(session)
    entries: Sequence[AuditEntry] = session.scalars(_entries_of_changes(kind, record_id, before_id, limit)).all()
    links = _links(session, kind, entries)
    names = Names.load(session, [*_references(entries), *links.values()])
    undone = _undone(session, entries, record_id) if kind.undoable else set()
    by_change = groupby(entries, key=lambda entry: entry.change_id)
    changes = [_change(kind, record_id, list(group), _Context(names, links, undone)) for _, group in by_change]
    return sorted(changes, key=lambda change: change.entry_id, reverse=True)


def recent_changes(session: AnySession, limit: int = 10) -> list[Recent]:
    """The latest changes anywhere, newest first; a bulk operation counts as one. What has no name is left out. Reads a
    bounded number of entries."""
    session = plain(session)
    sets = session.scalars(
        select(ChangeSet)
        .where(ChangeSet.state.in_([State.APPLIED, State.UNDONE]), ChangeSet.applied_at.is_not(None))
        .order_by(ChangeSet.created_at.desc(), ChangeSet.id.desc())
        .limit(limit)
    )
    singles = [single for single in _recent_singles(session, 2 * limit) if single.label]
    news = [_recent_set(change_set) for change_set in sets] + singles
    return sorted(news, key=lambda item: item.at, reverse=True)[:limit]


def belongs_to(kind: Kind, record_id: UUID) -> ColumnElement[bool]:
    """Entries of the record and of its parts."""
    own = (AuditEntry.table_name == kind.table) & (AuditEntry.record_id == record_id)
    return or_(own, (AuditEntry.parent_id == record_id) & (AuditEntry.parent_table == kind.table))


def _entries_of_changes(kind: Kind, record_id: UUID, before_id: int | None, limit: int) -> Select[AuditEntry]:
    last = func.max(AuditEntry.id)
    changes = select(AuditEntry.change_id).where(belongs_to(kind, record_id)).group_by(AuditEntry.change_id)
    if before_id is not None:
        changes = changes.having(last < before_id)
    changes = changes.order_by(last.desc()).limit(limit)
    return (
        select(AuditEntry)
        .where(AuditEntry.change_id.in_(changes), belongs_to(kind, record_id))
        .order_by(AuditEntry.change_id, AuditEntry.id)
    )


def _references(entries: Iterable[AuditEntry]) -> Iterator[tuple[str, Any]]:
    """All but those of parts to the record itself, which are not shown."""
    for entry in entries:
        for side in (entry.before or {}, entry.after or {}):
            yield from (found for found in references_in(entry.table_name, side) if found[0] != entry.parent_table)
        if not _told_label(entry):
            yield entry.table_name, entry.record_id


@dataclass(frozen=True)
class _Context:
    """What all entries on the page need, fetched at once."""

    names: Names
    links: dict[UUID, tuple[str, Any]]
    undone: set[UUID]


def _links(session: Session, kind: Kind, entries: Sequence[AuditEntry]) -> dict[UUID, tuple[str, Any]]:
    """What the linking parts among the entries refer to: by the part's id, the table and the other record's id."""
    found: dict[UUID, tuple[str, Any]] = {}
    for table_name in kind.children:
        if link := link_target(table_name, kind.table):
            field, target = link
            ours = [entry for entry in entries if entry.table_name == table_name]
            for entry in ours:
                if value := (entry.before or {}).get(field) or (entry.after or {}).get(field):
                    found[entry.record_id] = target, value
            if untold := {entry.record_id for entry in ours} - found.keys():
                t = Base.metadata.tables[table_name]
                there = session.execute(select(t.c.id, t.c[field]).where(t.c.id.in_(untold)))
                found |= {key: (target, value) for key, value in there}
    return found


def _undone(session: Session, entries: Sequence[AuditEntry], record_id: UUID) -> set[UUID]:
    """The changes, and the change sets, that an undo in force has taken back."""
    changes = {entry.change_id for entry in entries}
    sets = {entry.change_set_id for entry in entries if entry.change_set_id}
    of_record = or_(ChangeSet.undoes_record_id.is_(None), ChangeSet.undoes_record_id == record_id)
    query = select(func.coalesce(ChangeSet.undoes_set_id, ChangeSet.undoes_change_id)).where(
        ChangeSet.kind == ChangeKind.UNDO,
        ChangeSet.state == State.APPLIED,
        or_(ChangeSet.undoes_set_id.in_(sets), ChangeSet.undoes_change_id.in_(changes) & of_record),
    )
    return set(session.scalars(query))


def _change(kind: Kind, record_id: UUID, entries: Sequence[AuditEntry], context: "_Context") -> Change:
    last = entries[-1]
    is_undone = not context.undone.isdisjoint({last.change_id, last.change_set_id})
    fields: list[FieldChange] = []
    parts: list[PartChange] = []
    for entry in entries:
        if entry.record_id == record_id:
            fields += field_changes(kind, entry, context.names)
        else:
            parts.append(_part_change(kind, entry, context))
    own = next((entry for entry in entries if entry.record_id == record_id), last)
    in_time = not is_undone and last.at > now() - UNDO_PERIOD
    kept = (
        why_kept(sorted(entries, key=lambda entry: entry.record_id != record_id)) if kind.undoable and in_time else ""
    )
    return Change(
        id=last.change_id, entry_id=last.id, at=last.at, actor_id=last.actor_id, actor_name=last.actor_name,
        via=last.via, request_id=last.request_id, action=own.action, change_set_id=last.change_set_id,
        fields=tuple(fields), parts=tuple(parts), undone=is_undone,
        can_be_undone=kind.undoable and in_time and not kept, kept="" if own.is_event else kept,
    )  # fmt: skip


def field_changes(kind: Kind | None, entry: AuditEntry, names: Names) -> list[FieldChange]:
    """What an entry tells, field by field. Of a creation or deletion, the fields that hold something."""
    before, after = entry.before or {}, entry.after or {}
    whole = entry.before is None or entry.after is None
    untold = next((one.untold for one in every() if one.table == entry.table_name), ())
    changes = []
    for name in in_form_order(kind, after or before):
        target = target_of(entry.table_name, name)
        is_given = name in _SERVER_SET or name == "archived_at" or (target and target == entry.parent_table)
        if name in untold or (whole and is_given):
            continue
        was, is_now = (as_column(entry.table_name, name, side.get(name)) if not target else side.get(name)
                       for side in (before, after))  # fmt: skip
        change = _field_change(kind, name, was, is_now, target=target, names=names)
        if change.before != change.after:
            changes.append(change)
    return changes


def _label_of(entry: AuditEntry, names: Names) -> str:
    """What a part is called: as the entry tells, or else as the row is called now."""
    return _told_label(entry) or names.find(entry.table_name, entry.record_id)


def _told_label(entry: AuditEntry) -> str:
    """What the entry says that its row is called."""
    told, found = entry.after or entry.before or {}, label_in(entry.table_name)
    return str(entry.record_label or (told.get(getattr(found[1], "key", "")) if found else "") or "")


def _field_change(
    kind: Kind | None, name: str, before: Any, after: Any, *, target: str | None, names: Names
) -> FieldChange:
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    if isinstance(before, list) and isinstance(after, list):
        added = tuple(in_words(item) for item in after if item not in before)
        removed = tuple(in_words(item) for item in before if item not in after)
    if name == "position":
        before, after = (value + 1 if isinstance(value, int) else value for value in (before, after))
    was = in_words(before, field=name, target=target, names=names)
    is_now = in_words(after, field=name, target=target, names=names)
    return FieldChange(name, label_of(kind, name), was, is_now, added, removed)


def _part_change(kind: Kind, entry: AuditEntry, context: _Context) -> PartChange:
    verb = "added" if entry.before is None else "removed" if entry.after is None else "changed"
    fields = tuple(field_changes(kind, entry, context.names))
    if entry.table_name not in kind.children:
        return PartChange(verb, kind_of(entry.table_name), _label_of(entry, context.names), fields)
    word = part_kind(entry.table_name, kind.table)
    if link_target(entry.table_name, kind.table) is None:
        return PartChange(verb, word, _label_of(entry, context.names), fields)
    link = context.links.get(entry.record_id)
    return PartChange(verb, word, context.names.of(*link) if link else "", fields if verb == "changed" else ())


def _recent_set(change_set: ChangeSet) -> Recent:
    assert change_set.applied_at is not None
    kind = find_kind(change_set.resource_key)
    return Recent(
        at=change_set.applied_at, actor_id=change_set.actor_id, actor_name=change_set.actor_name, via="portal",
        action=change_set.kind, kind=kind, table_name=kind.table if kind else None, record_id=None,
        label=change_set.title, rows=change_set.rows_done, change_id=None, change_set=change_set,
    )  # fmt: skip


def _recent_singles(session: Session, limit: int) -> list[Recent]:
    latest = (
        select(AuditEntry.id)
        .where(AuditEntry.change_set_id.is_(None), AuditEntry.version.is_not(None))
        .order_by(AuditEntry.id.desc())
        .limit(RECENT_ENTRIES)
        .subquery()
    )
    owner = func.coalesce(AuditEntry.parent_id, AuditEntry.record_id)
    # Of each change the entry to show: that of a record before those of parts, which name their record by its id only.
    shown = func.min(AuditEntry.id).filter(AuditEntry.parent_id.is_(None))
    groups = (
        select(func.coalesce(shown, func.max(AuditEntry.id)).label("id"), func.count(owner.distinct()).label("records"))
        .where(AuditEntry.id.in_(select(latest.c.id)))
        .group_by(AuditEntry.change_id)
        .order_by(func.max(AuditEntry.id).desc())
        .limit(limit)
        .subquery()
    )
    rows = session.execute(select(AuditEntry, groups.c.records).join(groups, groups.c.id == AuditEntry.id)).all()
    own = [(entry.table_name, entry.record_id) for entry, _ in rows if not entry.parent_table]
    parents = [(entry.parent_table, entry.parent_id) for entry, _ in rows if entry.parent_table]
    names = Names.load(session, [*parents, *own])
    return [_recent_single(entry, records, names) for entry, records in rows]


def _recent_single(entry: AuditEntry, records: int, names: Names) -> Recent:
    part_of = entry.parent_table
    table_name, record_id = (part_of, entry.parent_id) if part_of else (entry.table_name, entry.record_id)
    label = names.find(table_name, record_id) if part_of or not entry.record_label else entry.record_label
    return Recent(
        at=entry.at, actor_id=entry.actor_id, actor_name=entry.actor_name, via=entry.via,
        action=entry.action, kind=find_by_table(table_name), table_name=table_name,
        record_id=record_id if names.has(table_name, record_id) else None,
        label=label, rows=records, change_id=entry.change_id, change_set=None,
    )  # fmt: skip


__all__ = ["Change", "FieldChange", "PartChange", "Recent", "history_of", "recent_changes", "state_at"]
