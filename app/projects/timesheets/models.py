"""Time that was worked for projects."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Numeric
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.assistants.models import Assistant
from app.core.db import Base, Record, lengths, part_of
from app.core.money import RateColumn, currency_is_known
from app.core.numbers import rounded
from app.identity.models import User, to_client, to_user
from app.projects.models import Deliverable, Project, of_project
from app.projects.timesheets.steps import TIME_ENTRY


class TimeEntry(Record, Base):
    """Time that somebody worked for a project on one day, at the rate that held then. What is approved is spent. A
    trigger keeps a person's day within 24 hours."""

    __tablename__ = "time_entries"
    __table_args__ = (
        part_of("projects", "project_id", "RESTRICT"),
        CheckConstraint("minutes between 1 and 1440", name="minutes_range"),
        *lengths(note=1000, decision_note=1000),
        CheckConstraint("hourly_rate >= 0 and hourly_rate < 'Infinity'", name="hourly_rate_range"),
        currency_is_known(),
        TIME_ENTRY.check(),
        CheckConstraint("(status = 'submitted') = (decided_at is null)", name="decided"),
    )

    project_id: Mapped[UUID]
    client_id: Mapped[UUID] = mapped_column(to_client("rewrite"), index=True)
    deliverable_id: Mapped[UUID | None] = mapped_column(ForeignKey("deliverables.id", ondelete="SET NULL"), index=True)
    assistant_id: Mapped[UUID | None] = mapped_column(ForeignKey("assistants.id", ondelete="RESTRICT"), index=True)
    user_id: Mapped[UUID] = mapped_column(to_user("rewrite"))
    worked_on: Mapped[date]
    minutes: Mapped[int]
    note: Mapped[str] = mapped_column(default="", server_default="")
    hourly_rate: Mapped[RateColumn]
    currency: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(
        Numeric(12, 2), Computed("round(minutes * hourly_rate / 60, 2)", persisted=True)
    )
    status: Mapped[str] = mapped_column(default="submitted", server_default="submitted")
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(to_user("rewrite"), index=True)
    decision_note: Mapped[str] = mapped_column(default="", server_default="")

    project: Mapped[Project] = relationship(primaryjoin=of_project("TimeEntry"))
    deliverable: Mapped[Deliverable | None] = relationship()
    assistant: Mapped[Assistant | None] = relationship()
    user: Mapped[User] = relationship(foreign_keys=[user_id])

    @property
    def hours(self) -> Decimal:
        return rounded(Decimal(self.minutes) / 60)

    @property
    def person(self) -> str:
        """Whose time it is, by name."""
        return self.assistant.name if self.assistant else self.user.username
