"""The queue's tables. The package owns all of them but `job_reports`, so only that one is part of our metadata."""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, DateTime, Enum, Integer, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base

STATES = ("todo", "doing", "succeeded", "failed", "cancelled", "aborted")
EVENTS = ("deferred", "started", "succeeded", "failed", "cancelled", "aborted")

_owned_by_the_package = MetaData()

jobs = Table(
    "procrastinate_jobs",
    _owned_by_the_package,
    Column("id", BigInteger, primary_key=True),
    Column("queue_name", Text, nullable=False),
    Column("task_name", Text, nullable=False),
    Column("lock", Text),
    Column("queueing_lock", Text),
    Column("args", JSONB, nullable=False),
    Column("status", Enum(*STATES, "aborting", name="procrastinate_job_status"), nullable=False),
    Column("scheduled_at", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False),
    Column("abort_requested", Boolean, nullable=False),
    Column("worker_id", BigInteger),
)

events = Table(
    "procrastinate_events",
    _owned_by_the_package,
    Column("id", BigInteger, primary_key=True),
    Column("job_id", BigInteger, nullable=False),
    Column("type", Enum(*EVENTS, name="procrastinate_job_event_type"), nullable=False),
    Column("at", DateTime(timezone=True)),
)

workers = Table(
    "procrastinate_workers",
    _owned_by_the_package,
    Column("id", BigInteger, primary_key=True),
    Column("last_heartbeat", DateTime(timezone=True), nullable=False),
)


class JobReport(Base):
    """What a job says of itself: how far it is, and the error that its last failed attempt ended with."""

    __tablename__ = "job_reports"
    __table_args__ = (CheckConstraint("done >= 0 and total >= 0", name="progress"),)

    job_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    done: Mapped[int | None]
    total: Mapped[int | None]
    note: Mapped[str | None]
    reported_at: Mapped[datetime | None]
    error: Mapped[str | None]
    failed_at: Mapped[datetime | None]
