"""The outbox: a row for each attempt to send something out, whoever sends it.

Steps of automations and the portal's own mails write to it, before the call and again after it. Texts are kept without
secrets, and cut; those of the portal's mails aren't kept at all, since their links sign people in.
"""

import re
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, update
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import now
from app.core.db import MERGING, Base, one_of
from app.core.ids import new_id
from app.extensions import db

Channel = Literal["http", "email", "sms", "chat", "language_model"]
MessageStatus = Literal["sending", "sent", "failed", "unknown"]
"""`unknown`: the worker ended before it heard the answer."""
LONGEST_TEXT = 500
_PATH_OF_LINK = re.compile(r"(https?://[^\s/?#<>\"]+)[/?#][^\s<>\"]+")


class OutgoingMessage(Base):
    """An attempt at a call or a message: of a step of a run, or of a mail that tells of an `event`. `key` is the same
    for all attempts at one thing."""

    __tablename__ = "outgoing_messages"
    __table_args__ = (
        ForeignKeyConstraint(
            ["run_id", "client_id"], ["automation_runs.id", "automation_runs.client_id"],
            ondelete="CASCADE", onupdate="CASCADE",
        ),
        one_of("channel", get_args(Channel)),
        one_of("status", get_args(MessageStatus)),
        CheckConstraint(
            f"length(recipient) <= {LONGEST_TEXT} and length(summary) <= {LONGEST_TEXT} "
            f"and length(answer) <= {LONGEST_TEXT}",
            name="lengths",
        ),
        CheckConstraint(
            "num_nulls(client_id, automation_id, run_id, step_id) = case when event is null then 0 else 4 end",
            name="source",
        ),
        Index("outgoing_messages_client_id_idx", "client_id", "id"),
        Index("outgoing_messages_run_id_idx", "run_id", "id"),
        Index("outgoing_messages_models_idx", "client_id", "id", postgresql_where="channel = 'language_model'"),
        Index("outgoing_messages_trouble_idx", "status", "id", postgresql_where="status <> 'sent'"),
        Index("outgoing_messages_portal_idx", "id", postgresql_where="event is not null"),
        Index("outgoing_messages_portal_key_idx", "key", "id", postgresql_where="event is not null"),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    client_id: Mapped[UUID | None] = mapped_column(info={MERGING: "follow"})
    automation_id: Mapped[UUID | None]
    run_id: Mapped[UUID | None]
    step_id: Mapped[str | None]
    event: Mapped[str | None]
    item: Mapped[int] = mapped_column(default=-1)
    attempt: Mapped[int]
    key: Mapped[UUID]
    channel: Mapped[str]
    provider: Mapped[str]
    recipient: Mapped[str]
    summary: Mapped[str]
    status: Mapped[str] = mapped_column(default="sending")
    answer: Mapped[str] = mapped_column(default="")
    duration_ms: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]


def begin_mail(key: UUID, attempt: int, event: str, recipient: str, subject: str, *, provider: str) -> OutgoingMessage:
    """Note an attempt to send a mail of the portal, before it is made. Earlier ones without an answer had none."""
    earlier = update(OutgoingMessage).where(OutgoingMessage.event.is_not(None), OutgoingMessage.key == key)
    db.session.execute(earlier.where(OutgoingMessage.status == "sending").values(status="unknown"))
    message = OutgoingMessage(
        key=key, attempt=attempt, event=event, channel="email", provider=provider,
        recipient=cut(recipient), summary=cut(without_links(subject)),
    )  # fmt: skip
    db.session.add(message)
    db.session.flush()
    return message


def end_mail(message_id: UUID, *, answer: str, is_sent: bool, duration_ms: int) -> None:
    """Note what came of it."""
    values: dict[str, Any] = {"status": "sent" if is_sent else "failed", "answer": cut(without_links(answer))}
    db.session.execute(
        update(OutgoingMessage)
        .where(OutgoingMessage.id == message_id)
        .values(**values, finished_at=now(), duration_ms=duration_ms)
    )


def without_links(text: str) -> str:
    """The text with all but the host of its links replaced: what follows may sign somebody in."""
    return _PATH_OF_LINK.sub(r"\1/•••", text)


def cut(text: str) -> str:
    """One line of at most `LONGEST_TEXT` characters, all of which the database can keep."""
    line = " ".join(text.replace("\0", " ").split())
    return line if len(line) <= LONGEST_TEXT else line[: LONGEST_TEXT - 1] + "…"
