from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Date, ForeignKey, Numeric, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.assistants.models import Assistant
from app.core.db import Archivable, Base, Part, Record, Strings, part_of
from app.core.money import AmountColumn, CurrencyColumn, RateColumn, currency_is_known
from app.core.names import is_slug, is_tidy
from app.core.numbers import rounded
from app.identity.models import Client, User, to_client, to_user
from app.projects.change_orders.steps import ORDER
from app.projects.plans.steps import DELIVERABLE
from app.projects.steps import PROJECT
from app.projects.timesheets.steps import TIME_ENTRY

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALERTS_AT = (50, 80, 100)
"""Percent of the budget spent at which people are told, once each."""


def _of(part: str) -> str:
    return f"Project.id == foreign({part}.project_id)"


def _parts(part: str, **options: Any) -> Any:
    return relationship(primaryjoin=_of(part), cascade="all, delete-orphan", passive_deletes=True, **options)


class Team(Archivable, Record, Base):
    """People who do projects of one kind together.

    Numbers of projects, the rating and the success rate are worked out by triggers from finished projects and their
    reviews. `capacity` holds the team to fewer hours a week than its members' calendars give.
    """

    reserved_slugs = frozenset({"projects", "request"})
    """Slugs that no team has: `/api/expert-teams/projects` is another address."""

    __tablename__ = "teams"
    __table_args__ = (
        CheckConstraint("length(name) between 1 and 120", name="name_length"),
        is_tidy(),
        is_slug(),
        CheckConstraint("length(specialization) between 1 and 120", name="specialization_length"),
        CheckConstraint("length(description) <= 5000", name="description_length"),
        CheckConstraint("length(icon) <= 60", name="icon_length"),
        CheckConstraint("capacity >= 0 and capacity < 'Infinity'", name="capacity_range"),
    )

    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    specialization: Mapped[str]
    description: Mapped[str] = mapped_column(default="", server_default="")
    icon: Mapped[str] = mapped_column(default="", server_default="")
    capacity: Mapped[Decimal | None] = mapped_column(Numeric(7, 2))
    active_projects: Mapped[int] = mapped_column(default=0, server_default="0")
    finished_projects: Mapped[int] = mapped_column(default=0, server_default="0")
    successful_projects: Mapped[int] = mapped_column(default=0, server_default="0")
    """Completed by the planned end and within the budget."""
    rating_sum: Mapped[int] = mapped_column(default=0, server_default="0")
    reviews_count: Mapped[int] = mapped_column(default=0, server_default="0")
    rating: Mapped[Decimal | None] = mapped_column(
        Numeric(3, 2), Computed("round(rating_sum / nullif(reviews_count, 0)::numeric, 2)", persisted=True)
    )
    success_rate: Mapped[Decimal | None] = mapped_column(
        Numeric(4, 3),
        Computed("round(successful_projects / nullif(finished_projects, 0)::numeric, 3)", persisted=True),
    )

    members: Mapped[list["TeamMember"]] = relationship(
        back_populates="team", cascade="all, delete-orphan", order_by="TeamMember.position", passive_deletes=True
    )

    capacity_free = Decimal("NaN")
    """What the team has left of this week, where it was worked out (`capacity.ready_teams`)."""

    def __repr__(self) -> str:
        return f"<Team {self.slug}>"


class TeamMember(Record, Base):
    """Somebody's place in a team, with the share of working time that it gets at most."""

    __tablename__ = "team_members"
    __table_args__ = (
        UniqueConstraint("team_id", "assistant_id"),
        UniqueConstraint("team_id", "user_id"),
        CheckConstraint("num_nonnulls(assistant_id, user_id) > 0", name="is_somebody"),
        CheckConstraint("length(name) between 1 and 120", name="name_length"),
        is_tidy(),
        CheckConstraint("length(role) <= 60", name="role_length"),
        CheckConstraint("share > 0 and share <= 1", name="share_range"),
    )

    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    assistant_id: Mapped[UUID | None] = mapped_column(ForeignKey("assistants.id", ondelete="RESTRICT"), index=True)
    user_id: Mapped[UUID | None] = mapped_column(to_user("rewrite"), index=True)
    """The member's account: the assistant's, where the member is one who has an account."""
    name: Mapped[str]
    role: Mapped[str] = mapped_column(default="", server_default="")
    share: Mapped[Decimal] = mapped_column(Numeric(3, 2), default=Decimal(1), server_default="1")
    position: Mapped[int]

    team: Mapped[Team] = relationship(back_populates="members")
    assistant: Mapped[Assistant | None] = relationship()

    @property
    def has_calendar(self) -> bool:
        """Whether the hours are known: an account without an assistant's profile keeps no calendar."""
        return self.assistant_id is not None


class Project(Record, Base):
    """Work for a company. `planned_start`, `planned_end` and `planned_budget` are what was agreed: when it was planned,
    and then with each change order; earned value is measured against them. `spent` is the sum of approved time."""

    __tablename__ = "projects"
    __table_args__ = (
        UniqueConstraint("id", "client_id"),
        CheckConstraint("length(name) between 1 and 160", name="name_length"),
        is_tidy(),
        CheckConstraint("length(description) <= 10000", name="description_length"),
        CheckConstraint("length(specialization) <= 120", name="specialization_length"),
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

    def __repr__(self) -> str:
        return f"<Project {self.name!r}>"


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
    project: Mapped[Project] = relationship(back_populates="milestones", primaryjoin=_of("Milestone"))


class Deliverable(Part, Record, Base):
    """Something that a project delivers, and the task that makes it: `duration_days` are working days of the project's
    calendar. `planned_start` and `planned_due` are the dates that were agreed."""

    __tablename__ = "deliverables"
    __table_args__ = (
        part_of("projects", "project_id"),
        CheckConstraint("length(title) between 1 and 160", name="title_length"),
        CheckConstraint("length(description) <= 5000", name="description_length"),
        DELIVERABLE.check(),
        CheckConstraint("due_date >= start_date", name="due_after_start"),
        CheckConstraint("duration_days between 1 and 1000", name="duration_range"),
        CheckConstraint("estimate_hours >= 0 and estimate_hours < 'Infinity'", name="estimate_range"),
        CheckConstraint("budget >= 0 and budget < 'Infinity'", name="budget_range"),
        CheckConstraint("(status in ('submitted', 'approved')) = (finished_on is not null)", name="finished"),
        CheckConstraint("length(note) <= 2000", name="note_length"),
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

    project: Mapped[Project] = relationship(back_populates="deliverables", primaryjoin=_of("Deliverable"))
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


class TimeEntry(Record, Base):
    """Time that somebody worked for a project on one day, at the rate that held then. What is approved is spent. A
    trigger keeps a person's day within 24 hours."""

    __tablename__ = "time_entries"
    __table_args__ = (
        part_of("projects", "project_id", "RESTRICT"),
        CheckConstraint("minutes between 1 and 1440", name="minutes_range"),
        CheckConstraint("length(note) <= 1000", name="note_length"),
        CheckConstraint("length(decision_note) <= 1000", name="decision_note_length"),
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

    project: Mapped[Project] = relationship(primaryjoin=_of("TimeEntry"))
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


class ChangeOrder(Record, Base):
    """A change of what was agreed, for the client to approve: then budget, end and deliverables change at once.

    `changes` lists what happens to deliverables; `before` is how things stood when it was proposed, so that the
    difference can be shown, and refused when it no longer holds.
    """

    __tablename__ = "change_orders"
    __table_args__ = (
        part_of("projects", "project_id"),
        UniqueConstraint("project_id", "number"),
        CheckConstraint("length(title) between 1 and 160", name="title_length"),
        CheckConstraint("length(reason) <= 5000", name="reason_length"),
        ORDER.check(),
        CheckConstraint("budget_change > '-Infinity' and budget_change < 'Infinity'", name="budget_change_range"),
        CheckConstraint("(status in ('approved', 'declined')) = (decided_at is not null)", name="decided"),
        CheckConstraint("length(note) <= 2000", name="note_length"),
    )

    project_id: Mapped[UUID]
    client_id: Mapped[UUID] = mapped_column(to_client("rewrite"))
    number: Mapped[int]
    title: Mapped[str]
    reason: Mapped[str] = mapped_column(default="", server_default="")
    status: Mapped[str] = mapped_column(default="draft", server_default="draft")
    budget_change: Mapped[AmountColumn] = mapped_column(default=Decimal(0), server_default="0")
    new_end_date: Mapped[date | None]
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default="[]")
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    proposed_by_id: Mapped[UUID | None] = mapped_column(to_user("rewrite"), index=True)
    proposed_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(to_user("rewrite"), index=True)
    note: Mapped[str] = mapped_column(default="", server_default="")

    project: Mapped[Project] = relationship(primaryjoin=_of("ChangeOrder"))


class ProjectAlert(Part, Record, Base):
    """That people were told that so many percent of the budget are spent."""

    __tablename__ = "project_alerts"
    __table_args__ = (
        part_of("projects", "project_id"),
        UniqueConstraint("project_id", "threshold"),
        CheckConstraint("threshold in (50, 80, 100)", name="threshold"),
    )

    project_id: Mapped[UUID]
    threshold: Mapped[int]
    spent: Mapped[AmountColumn]
    budget: Mapped[AmountColumn]


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
