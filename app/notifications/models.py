from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import now
from app.core.db import Base
from app.core.ids import new_id
from app.core.sealing import Sealed
from app.identity.models import to_user


class Notification(Base):
    """Something that a person is told in the portal."""

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint("length(title) between 1 and 200", name="title_length"),
        Index("notifications_event_id_idx", "event_id", postgresql_where="event_id is not null"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(to_user("rewrite", ondelete="CASCADE"))
    kind: Mapped[str]
    title: Mapped[str]
    body: Mapped[str] = mapped_column(default="", server_default="")
    url: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    read_at: Mapped[datetime | None]
    event_id: Mapped[int | None] = mapped_column(ForeignKey("events.id", ondelete="SET NULL"))


class OutgoingMail(Base):
    """A mail on its way. `content` (the text, links included) is sealed, and gone once it has been sent."""

    __tablename__ = "outgoing_mails"
    __table_args__ = (Index("outgoing_mails_event_id_idx", "event_id", postgresql_where="event_id is not null"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID | None] = mapped_column(to_user("keep", ondelete="SET NULL"), index=True)
    kind: Mapped[str]
    address: Mapped[str]
    subject: Mapped[str]
    content: Mapped[str | None] = mapped_column("sealed", Sealed("mail"))
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    event_id: Mapped[int | None] = mapped_column(ForeignKey("events.id", ondelete="SET NULL"))
