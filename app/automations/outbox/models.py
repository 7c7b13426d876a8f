"""Outgoing messages, and the money of language models by company and month."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import now
from app.core.db import MERGING, Base, one_of
from app.core.ids import new_id

Channel = Literal["http", "email", "sms", "chat", "language_model"]
MessageStatus = Literal["sending", "sent", "failed", "unknown"]
"""`unknown`: the worker ended before it heard the answer."""
LONGEST_TEXT = 500


class OutgoingMessage(Base):
    """A call of a service, or a message, by one try of a step. Its texts are masked, and cut."""

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
        Index("outgoing_messages_client_id_idx", "client_id", "id"),
        Index("outgoing_messages_run_id_idx", "run_id", "id"),
        Index("outgoing_messages_trouble_idx", "status", "id", postgresql_where="status <> 'sent'"),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    client_id: Mapped[UUID] = mapped_column(info={MERGING: "follow"})
    automation_id: Mapped[UUID]
    run_id: Mapped[UUID]
    step_id: Mapped[str]
    item: Mapped[int]
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


class ModelSpending(Base):
    """What the automations of a company spent on language models in a month. Calls that go on count with the most that
    they can cost, and so does one whose answer nobody heard."""

    __tablename__ = "model_spendings"
    __table_args__ = (CheckConstraint("spent >= 0 and tokens >= 0 and calls >= 0", name="counts"),)

    client_id: Mapped[UUID] = mapped_column(primary_key=True, info={MERGING: "keep"})
    month: Mapped[date] = mapped_column(primary_key=True)
    spent: Mapped[Decimal] = mapped_column(Numeric(14, 6))
    tokens: Mapped[int] = mapped_column(default=0)
    calls: Mapped[int] = mapped_column(default=0)
