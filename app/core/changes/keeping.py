"""How long change sets are kept: for good, but their rows and files only as long as they are of use."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, delete, select

from app.core.changes.history import UNDO_PERIOD
from app.core.changes.models import ChangeRow, ChangeSet, State
from app.core.clock import now
from app.core.sessions import AnySession, plain

_DONE = (State.APPLIED, State.UNDONE)


def has_lost_rows(change_set: ChangeSet) -> bool:
    """Whether its rows are no longer shown: it can't be undone any more, and its summary is what is kept."""
    at = change_set.applied_at
    return change_set.state in _DONE and at is not None and at <= now() - UNDO_PERIOD


def list_unfinished(session: AnySession) -> Sequence[UUID]:
    """The change sets that nobody has applied or discarded within that time, oldest first."""
    query = (
        select(ChangeSet.id)
        .where(ChangeSet.state.not_in([*_DONE, State.DISCARDED]), ChangeSet.created_at <= now() - UNDO_PERIOD)
        .order_by(ChangeSet.created_at)
    )
    return plain(session).scalars(query).all()


def remove_rows(session: AnySession, batch: int) -> int:
    """Remove rows of change sets that are past undoing, up to `batch`; how many. What they changed is in the history
    of each record, and isn't touched."""
    session = plain(session)
    rows = select(ChangeRow.number).where(ChangeRow.change_set_id == ChangeSet.id).exists()
    over = ChangeSet.state.in_(_DONE) & (ChangeSet.applied_at <= now() - UNDO_PERIOD)
    found = session.scalar(select(ChangeSet.id).where(over, rows).limit(1))
    if found is None:
        return 0
    mine = ChangeRow.change_set_id == found
    some = select(ChangeRow.number).where(mine).order_by(ChangeRow.number).limit(batch)
    result = session.execute(delete(ChangeRow).where(mine, ChangeRow.number.in_(some)))
    return cast("CursorResult[Any]", result).rowcount
