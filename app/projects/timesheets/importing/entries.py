"""The time that is logged already: what rows of a file may repeat, and how much a day has."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from app.projects.timesheets.models import TimeEntry

Key = tuple[UUID, UUID, date, int, str]
"""What two entries of the same work have in common: person, project, day, minutes and note."""


def key_of(user_id: UUID, project_id: UUID, day: date, minutes: int, note: str) -> Key:
    return user_id, project_id, day, minutes, " ".join(note.split()).casefold()


def key_of_entry(entry: TimeEntry) -> Key:
    return key_of(entry.user_id, entry.project_id, entry.worked_on, entry.minutes, entry.note)


def entries_on(session: Session, days: Iterable[tuple[UUID, date]]) -> Sequence[TimeEntry]:
    """The entries of these people on these days, the oldest first."""
    wanted = set(days)
    if not wanted:
        return []
    query = select(TimeEntry).where(tuple_(TimeEntry.user_id, TimeEntry.worked_on).in_(wanted))
    return session.scalars(query.order_by(TimeEntry.id)).all()


def entries_by_id(session: Session, ids: Collection[UUID]) -> dict[UUID, TimeEntry]:
    found: Any = session.scalars(select(TimeEntry).where(TimeEntry.id.in_(ids))) if ids else ()
    return {entry.id: entry for entry in found}
