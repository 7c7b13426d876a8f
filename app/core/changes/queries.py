"""Reads of change sets, for the pages that show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, tuple_

from app.core.changes.history import UNDO_PERIOD
from app.core.changes.models import ChangeRow, ChangeSet, Kind, State
from app.core.changes.wording import in_words, label_of
from app.core.clock import now
from app.core.resources import Resource
from app.core.sessions import AnySession, plain


@dataclass(frozen=True)
class Difference:
    """One field of a row: what stands there now, and what will."""

    label: str
    before: str
    after: str


def list_change_sets(
    session: AnySession, *, kind: Kind | None = None, before: UUID | None = None, limit: int = 50
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


def differences(resource: Resource | None, row: ChangeRow) -> list[Difference]:
    """What a row writes, field by field, in words."""
    found = []
    for name, value in row.after.items():
        before = in_words(row.before.get(name), field=name)
        found.append(Difference(label_of(resource, name), before, in_words(value, field=name)))
    return found
