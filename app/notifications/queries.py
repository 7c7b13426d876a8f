"""What a person has been told, and the mails on their way. Newest first; a page goes on from the id of its last row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_

from app.extensions import db
from app.notifications.models import Notification, OutgoingMail

SHOWN_UNREAD = 9
"""More are told as “9+”."""

Row = TypeVar("Row")


@dataclass(frozen=True)
class NewestFirst(Generic[Row]):
    """A page of rows. `older` is the `before` of the next one, None on the last."""

    rows: Sequence[Row]
    older: UUID | None


def count_unread(user_id: UUID) -> int:
    """How many notices the person hasn't seen, counted up to one more than is shown."""
    theirs = (Notification.user_id == user_id, Notification.read_at.is_(None))
    some = select(literal(1)).select_from(Notification).where(*theirs).limit(SHOWN_UNREAD + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def list_notifications(
    user_id: UUID, *, before: UUID | None = None, unread: bool = False, limit: int = 30
) -> NewestFirst[Notification]:
    """What the person was told; with `unread`, only what they haven't seen."""
    query = select(Notification).where(Notification.user_id == user_id)
    if unread:
        query = query.where(Notification.read_at.is_(None))
    return _page(query, Notification, before, limit)


STATES: dict[str, tuple[ColumnElement[bool], ...]] = {
    "waiting": (OutgoingMail.sent_at.is_(None), OutgoingMail.failed_at.is_(None)),
    "sent": (OutgoingMail.sent_at.is_not(None),),
    "failed": (OutgoingMail.failed_at.is_not(None), OutgoingMail.sent_at.is_(None)),
}


def state_of(mail: OutgoingMail) -> str:
    if mail.sent_at is not None:
        return "sent"
    return "failed" if mail.failed_at is not None else "waiting"


def list_mails(*, state: str | None = None, before: UUID | None = None, limit: int = 50) -> NewestFirst[OutgoingMail]:
    """The mails of the last half year, in one state where given."""
    query = select(OutgoingMail)
    if state is not None:
        query = query.where(*STATES[state])
    return _page(query, OutgoingMail, before, limit)


def _page(query: Select[Any], model: Any, before: UUID | None, limit: int) -> NewestFirst[Any]:
    place = tuple_(model.created_at, model.id)
    if before is not None:
        query = query.where(place < select(model.created_at, model.id).where(model.id == before).scalar_subquery())
    query = query.order_by(model.created_at.desc(), model.id.desc()).limit(limit + 1)
    rows = list(db.session.scalars(query))
    return NewestFirst(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)
