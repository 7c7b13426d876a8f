"""Reads of change sets, for the pages that show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select, tuple_

from app.core.changes.columns import days_of
from app.core.changes.history import UNDO_PERIOD
from app.core.changes.models import ChangeKind, ChangeRow, ChangeSet, State
from app.core.changes.naming import Names
from app.core.changes.wording import in_form_order, in_words, label_of
from app.core.clock import now
from app.core.kinds import Kind, find_by_table
from app.core.sessions import AnySession, plain


@dataclass(frozen=True)
class Difference:
    """One field of a row: what stands there now, and what will."""

    label: str
    before: str
    after: str


def list_change_sets(
    session: AnySession, *, kind: ChangeKind | None = None, before: UUID | None = None, limit: int = 50
) -> Sequence[ChangeSet]:
    """Change sets, newest first; those older than the one whose id is `before`."""
    query = select(ChangeSet).order_by(ChangeSet.created_at.desc(), ChangeSet.id.desc()).limit(limit)
    if kind is not None:
        query = query.where(ChangeSet.kind == kind)
    if before is not None and (last := plain(session).get(ChangeSet, before)):
        query = query.where(tuple_(ChangeSet.created_at, ChangeSet.id) < (last.created_at, last.id))
    return plain(session).scalars(query).all()


def list_undos(session: AnySession, change_set: ChangeSet, limit: int = 10) -> Sequence[ChangeSet]:
    """The undos of a change set that were carried out, newest first."""
    query = (
        select(ChangeSet)
        .where(ChangeSet.undoes_set_id == change_set.id, ChangeSet.state.in_([State.APPLIED, State.UNDONE]))
        .order_by(ChangeSet.created_at.desc())
        .limit(limit)
    )
    return plain(session).scalars(query).all()


def can_be_undone(change_set: ChangeSet) -> bool:
    at = change_set.applied_at
    return (
        change_set.state == State.APPLIED and at is not None and at > now() - UNDO_PERIOD and change_set.rows_done > 0
    )


def names_in(session: AnySession, rows: Sequence[ChangeRow]) -> Names:
    """What the records of these rows are called, as far as they are there, and those that they refer to by ids."""
    pairs = ((row, _refers(find_by_table(row.table_name or ""))) for row in rows)
    referred = [(refers[name], row.after.get(name)) for row, refers in pairs for name in refers]
    return Names.load(plain(session), [*((row.table_name, row.record_id) for row in rows if row.table_name), *referred])


def differences(kind: Kind | None, row: ChangeRow, names: Names) -> list[Difference]:
    """What a row writes, field by field, in words."""
    refers = _refers(kind)
    days = days_of(kind.editing.input) if kind and kind.editing else ()
    found = []
    for name in in_form_order(kind, row.after):
        value = row.after[name]
        told = date.fromisoformat(value) if name in days and value else value
        before = in_words(row.before.get(name), field=name)
        after = in_words(told, field=name, target=refers.get(name), names=names)
        found.append(Difference(label_of(kind, name), before, after))
    return found


def _refers(kind: Kind | None) -> Mapping[str, str]:
    filing = kind.filing if kind else None
    return filing.rules.refers if filing and filing.rules else {}
