"""Analyses as they are kept, and the files of event logs as long as they wait to be read."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.clock import now
from app.core.db import Archivable, Base, Record, lengths, one_of
from app.core.ids import new_id
from app.core.money import currency_is_known
from app.identity.models import Client, to_client, to_user


class EventLogFile(Base):
    """A file that was sent. It is deleted once it has been read, and at the latest after a day."""

    __tablename__ = "event_log_files"
    __table_args__ = (*lengths(name=255), Index(None, "created_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(default=now)
    client_id: Mapped[UUID | None] = mapped_column(to_client("rewrite", "CASCADE"), index=True)
    name: Mapped[str]
    size: Mapped[int]


class EventLogPart(Base):
    __tablename__ = "event_log_parts"
    __table_args__ = (UniqueConstraint("file_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    file_id: Mapped[UUID] = mapped_column(ForeignKey("event_log_files.id", ondelete="CASCADE"))
    number: Mapped[int]
    client_id: Mapped[UUID | None] = mapped_column(to_client("rewrite", "CASCADE"), index=True)
    content: Mapped[bytes]


class ProcessAnalysis(Record, Archivable, Base):
    """An analysis of a process. Without a company it is one that staff make for nobody yet. `input` is what was asked,
    `result` what was answered, once it is ready."""

    __tablename__ = "process_analyses"
    __table_args__ = (
        *lengths(process=(1, 160)),
        one_of("source", ("steps", "description", "event_log")),
        one_of("method", ("rules", "model")),
        one_of("state", ("reading", "ready", "failed")),
        CheckConstraint("(state = 'ready') = (result is not null)", name="result"),
        CheckConstraint("score between 0 and 100", name="score"),
        currency_is_known(),
        Index(None, "client_id", "created_at", "id"),
        Index(None, "created_at", "id"),
    )

    client_id: Mapped[UUID | None] = mapped_column(to_client("rewrite"))
    author_id: Mapped[UUID | None] = mapped_column(to_user("rewrite"), index=True)
    process: Mapped[str]
    source: Mapped[str]
    method: Mapped[str] = mapped_column(default="rules")
    state: Mapped[str]
    currency: Mapped[str]
    score: Mapped[int | None]
    hours_saved_per_month: Mapped[Decimal | None]
    annual_saving: Mapped[Decimal | None]
    payback_months: Mapped[Decimal | None]
    input: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), deferred=True)
    error: Mapped[str] = mapped_column(default="")
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("event_log_files.id", ondelete="SET NULL"), index=True)
    job_id: Mapped[int | None]

    client: Mapped[Client | None] = relationship()
