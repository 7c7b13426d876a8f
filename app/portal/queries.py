from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session, scoped_session

from app.core.audit import AuditEntry
from app.core.changes.history import FieldChange, Recent, field_changes, recent_changes
from app.core.changes.models import ChangeKind, ChangeSet, State
from app.core.changes.naming import Names
from app.core.changes.undo import undoable
from app.core.changes.wording import references_in
from app.core.kinds import Kind, listings

AnySession = Session | scoped_session[Any]

_COUNTS = text("""
    select table_name, sum(live)::bigint as live, sum(total)::bigint as total
      from data_versions where table_name = any(:tables) group by table_name
""")


@dataclass(frozen=True)
class Count:
    """How many records there are of a kind, archived ones apart."""

    kind: Kind
    live: int
    archived: int


def count_records(session: AnySession) -> list[Count]:
    """The counts of every kind, from the figures that the database keeps with each change. Nobody counts the rows of
    logs, so they have none."""
    every = [listing.kind for listing in listings() if listing.kind.base() and not listing.spec.is_log]
    kept = {row.table_name: row for row in session.execute(_COUNTS, {"tables": [r.table for r in every]})}
    return [
        Count(r, kept[r.table].live, kept[r.table].total - kept[r.table].live) if r.table in kept else Count(r, 0, 0)
        for r in every
    ]


def list_undecided(session: AnySession, limit: int = 5) -> Sequence[ChangeSet]:
    """Imports and bulk changes that are under way, or wait for somebody to apply or discard them, newest first."""
    open_states = (State.PREPARING, State.PREVIEWED, State.QUEUED, State.RUNNING, State.FAILED)
    query = select(ChangeSet).where(ChangeSet.state.in_(open_states))
    return session.scalars(query.order_by(ChangeSet.created_at.desc(), ChangeSet.id.desc()).limit(limit)).all()


UNDOABLE = frozenset({"update", "archive", "restore"})


@dataclass(frozen=True)
class News:
    """A recent change, and of one record's update the fields. `can_be_undone` says whether to offer it."""

    item: Recent
    fields: Sequence[FieldChange]
    can_be_undone: bool


def list_news(session: AnySession, limit: int) -> list[News]:
    """The latest changes anywhere, newest first."""
    items = recent_changes(session, limit=limit)
    single = [item for item in items if item.change_set is None and _is_undoable(item)]
    fields = _fields_of(session, single)
    possible = undoable(
        session, {(item.change_id, item.record_id) for item in single if item.change_id and item.record_id}
    )
    undone = _undone(session, [item.change_id for item in single if item.change_id])
    return [
        News(
            item,
            fields.get((item.change_id, item.record_id), ()) if item.action == "update" else (),
            (item.change_id, item.record_id) in possible and item.rows == 1 and item.change_id not in undone,
        )
        for item in items
    ]


def _is_undoable(item: Recent) -> bool:
    return item.kind is not None and item.kind.undoable and item.action in UNDOABLE


def _fields_of(
    session: AnySession, items: Sequence[Recent]
) -> dict[tuple[UUID | None, UUID | None], list[FieldChange]]:
    if not items:
        return {}
    query = select(AuditEntry).where(
        AuditEntry.change_id.in_([item.change_id for item in items]),
        AuditEntry.record_id.in_([item.record_id for item in items]),
    )
    entries = session.scalars(query).all()
    references = [pair for entry in entries for pair in references_in(entry.table_name, entry.after or {})]
    names = Names.load(session() if isinstance(session, scoped_session) else session, references)
    kind_of = {item.record_id: item.kind for item in items}
    return {
        (entry.change_id, entry.record_id): field_changes(kind_of[entry.record_id], entry, names) for entry in entries
    }


def _undone(session: AnySession, change_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the changes that an undo in force has taken back."""
    query = select(ChangeSet.undoes_change_id).where(
        ChangeSet.kind == ChangeKind.UNDO, ChangeSet.state == State.APPLIED, ChangeSet.undoes_change_id.in_(change_ids)
    )
    return {found for found in session.scalars(query) if found} if change_ids else set()
