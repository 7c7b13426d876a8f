"""Projects with their plans, and what companies say of them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Date, ForeignKey, Numeric, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.assistants.models import Assistant
from app.core.db import Base, Part, Record, Strings, lengths, owned, part_of
from app.core.money import AmountColumn, CurrencyColumn, currency_is_known
from app.core.names import is_tidy
from app.identity.models import Client, to_client, to_user
from app.projects.plans.steps import DELIVERABLE
from app.projects.steps import PROJECT
from app.projects.teams.models import Team

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def of_project(part: str) -> str:
    return f"Project.id == foreign({part}.project_id)"


def _parts(part: str, **options: Any) -> Any:
    return owned(primaryjoin=of_project(part), **options)


class Project(Record, Base):
    """Work for a company. `planned_start`, `planned_end` and `planned_budget` are what was agreed: when it was planned,
    and then with each change order; earned value is measured against them. `spent` is the sum of approved time."""

    __tablename__ = "projects"
    __table_args__ = (
        UniqueConstraint("id", "client_id"),
        *lengths(name=(1, 160), description=10000, specialization=120),
        is_tidy(),
        CheckConstraint("cardinality(skills) <= 50", name="skills_count"),
        PROJECT.check(),
        CheckConstraint("end_date >= start_date", name="ends_after_start"),
        CheckConstraint("budget >= 0 and budget < 'Infinity'", name="budget_range"),
        CheckConstraint("spent >= 0 and spent < 'Infinity'", name="spent_range"),
        currency_is_known(),
        CheckConstraint("hours_per_week > 0 and hours_per_week < 'Infinity'", name="hours_range"),
        CheckConstraint(
            "cardinality(workdays) between 1 and 7 "
            "and workdays <@ array['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']",
            name="workdays",
        ),
        CheckConstraint("cardinality(closed_dates) <= 400", name="closed_dates_count"),
        CheckConstraint(
            "status not in ('planned', 'active', 'on_hold', 'completed') "
            "or num_nulls(team_id, start_date, end_date) = 0",
            name="planned_is_complete",
        ),
        CheckConstraint("(status = 'completed') = (completed_on is not null)", name="completed_on"),
    )

    client_id: Mapped[UUID] = mapped_column(to_client("rewrite"))
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("teams.id", ondelete="RESTRICT"))
    requested_by_id: Mapped[UUID | None] = mapped_column(to_user("rewrite"), index=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="", server_default="")
    specialization: Mapped[str] = mapped_column(default="", server_default="")
    skills: Mapped[Strings]
    status: Mapped[str] = mapped_column(default="requested", server_default="requested")
    start_date: Mapped[date | None]
    end_date: Mapped[date | None]
    budget: Mapped[AmountColumn | None]
    currency: Mapped[CurrencyColumn]
    spent: Mapped[AmountColumn] = mapped_column(default=Decimal(0), server_default="0")
    hours_per_week: Mapped[Decimal | None] = mapped_column(Numeric(6, 2))
    """What the project takes of its team's hours, spread over the members; None takes it from the estimates."""
    workdays: Mapped[list[str]] = mapped_column(
        ARRAY(Text), default=lambda: ["mon", "tue", "wed", "thu", "fri"], server_default="{mon,tue,wed,thu,fri}"
    )
    closed_dates: Mapped[list[date]] = mapped_column(ARRAY(Date), default=list, server_default="{}")
    planned_start: Mapped[date | None]
    planned_end: Mapped[date | None]
    planned_budget: Mapped[AmountColumn | None]
    started_on: Mapped[date | None]
    completed_on: Mapped[date | None]
    succeeded: Mapped[bool | None] = mapped_column(
        Computed(
            "case status when 'completed' then (planned_end is null or completed_on <= planned_end) "
            "and (budget is null or spent <= budget) when 'cancelled' then false end",
            persisted=True,
        )
    )

    client: Mapped[Client] = relationship()
    team: Mapped[Team | None] = relationship()
    milestones: Mapped[list["Milestone"]] = _parts("Milestone", back_populates="project", order_by="Milestone.position")
    deliverables: Mapped[list["Deliverable"]] = _parts(
        "Deliverable", back_populates="project", order_by="Deliverable.position"
    )
    dependencies: Mapped[list["Dependency"]] = _parts("Dependency")


class Milestone(Part, Record, Base):
    """A day by which some deliverables are to be there."""

    __tablename__ = "milestones"
    __table_args__ = (
        part_of("projects", "project_id"),
        CheckConstraint("length(title) between 1 and 160", name="title_length"),
    )

    project_id: Mapped[UUID]
    position: Mapped[int]
    title: Mapped[str]
    due_date: Mapped[date | None]
    project: Mapped[Project] = relationship(back_populates="milestones", primaryjoin=of_project("Milestone"))


class Deliverable(Part, Record, Base):
    """Something that a project delivers, and the task that makes it: `duration_days` are working days of the project's
    calendar. `planned_start` and `planned_due` are the dates that were agreed."""

    __tablename__ = "deliverables"
    __table_args__ = (
        part_of("projects", "project_id"),
        *lengths(title=(1, 160), description=5000, note=2000),
        DELIVERABLE.check(),
        CheckConstraint("due_date >= start_date", name="due_after_start"),
        CheckConstraint("duration_days between 1 and 1000", name="duration_range"),
        CheckConstraint("estimate_hours >= 0 and estimate_hours < 'Infinity'", name="estimate_range"),
        CheckConstraint("budget >= 0 and budget < 'Infinity'", name="budget_range"),
        CheckConstraint("(status in ('submitted', 'approved')) = (finished_on is not null)", name="finished"),
    )

    project_id: Mapped[UUID]
    milestone_id: Mapped[UUID | None] = mapped_column(ForeignKey("milestones.id", ondelete="SET NULL"), index=True)
    assistant_id: Mapped[UUID | None] = mapped_column(ForeignKey("assistants.id", ondelete="RESTRICT"))
    """Who is to make it."""
    position: Mapped[int]
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="", server_default="")
    status: Mapped[str] = mapped_column(default="planned", server_default="planned")
    start_date: Mapped[date | None]
    due_date: Mapped[date | None]
    duration_days: Mapped[int | None]
    estimate_hours: Mapped[Decimal | None] = mapped_column(Numeric(7, 2))
    budget: Mapped[AmountColumn | None]
    """Its part of the project's budget: what it earns when it is approved."""
    planned_start: Mapped[date | None]
    planned_due: Mapped[date | None]
    finished_on: Mapped[date | None]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(to_user("rewrite"), index=True)
    note: Mapped[str] = mapped_column(default="", server_default="")

    project: Mapped[Project] = relationship(back_populates="deliverables", primaryjoin=of_project("Deliverable"))
    milestone: Mapped[Milestone | None] = relationship()
    assistant: Mapped[Assistant | None] = relationship()

    @property
    def depends_on(self) -> list["Dependency"]:
        """What has to be there before it."""
        return [waits for waits in self.project.dependencies if waits.successor_id == self.id]


class Dependency(Part, Record, Base):
    """The successor begins after the predecessor has ended, and `lag_days` working days later (finish to start). A
    trigger refuses circles."""

    __tablename__ = "deliverable_dependencies"
    __table_args__ = (
        part_of("projects", "project_id"),
        UniqueConstraint("predecessor_id", "successor_id"),
        CheckConstraint("predecessor_id <> successor_id", name="not_itself"),
        CheckConstraint("lag_days between 0 and 365", name="lag_range"),
    )

    project_id: Mapped[UUID] = mapped_column(index=True)
    predecessor_id: Mapped[UUID] = mapped_column(ForeignKey("deliverables.id", ondelete="CASCADE"))
    successor_id: Mapped[UUID] = mapped_column(ForeignKey("deliverables.id", ondelete="CASCADE"), index=True)
    lag_days: Mapped[int] = mapped_column(default=0, server_default="0")

    @property
    def deliverable(self) -> UUID:
        """The one that comes before."""
        return self.predecessor_id


class ProjectReview(Record, Base):
    """What a company says of the team after a project."""

    __tablename__ = "project_reviews"
    __table_args__ = (
        part_of("projects", "project_id"),
        CheckConstraint("stars between 1 and 5", name="stars_range"),
        CheckConstraint("length(comment) <= 2000", name="comment_length"),
    )

    project_id: Mapped[UUID] = mapped_column(unique=True)
    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id", ondelete="RESTRICT"), index=True)
    client_id: Mapped[UUID] = mapped_column(to_client("rewrite"), index=True)
    user_id: Mapped[UUID | None] = mapped_column(to_user("rewrite"), index=True)
    stars: Mapped[int]
    comment: Mapped[str] = mapped_column(default="", server_default="")
