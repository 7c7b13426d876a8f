from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Double, ForeignKey, Numeric, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.assistants.batch.steps import ASSIGNMENT
from app.assistants.engagements.steps import MATCH
from app.assistants.matching.facts import WEEKDAYS
from app.assistants.requests.steps import REQUEST
from app.assistants.skills.steps import SKILL
from app.core.db import Archivable, Base, Record, Strings, lengths, owned, part_of
from app.core.money import CurrencyColumn, RateColumn, currency_is_known
from app.core.names import is_slug, is_tidy
from app.identity.models import Client, User, to_client, to_user


class Skill(Archivable, Record, Base):
    """Something that can be asked for. One that is `waiting` came as a term that nobody had: somebody of staff decides
    whether it is a skill of its own or another name of one; until then it means itself."""

    __tablename__ = "skills"
    __table_args__ = (
        *lengths(name=(1, 60), category=(1, 60), description=2000),
        is_tidy(),
        is_slug(),
        CheckConstraint("cardinality(aliases) <= 50", name="aliases_count"),
        SKILL.check(),
        CheckConstraint("parent_id <> id", name="not_own_parent"),
    )

    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    category: Mapped[str]
    description: Mapped[str] = mapped_column(default="", server_default="")
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("skills.id", ondelete="RESTRICT"), index=True)
    """The wider skill that this one is part of."""
    aliases: Mapped[Strings]
    status: Mapped[str] = mapped_column(default="approved", server_default="approved")
    asked: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often a waiting term came."""

    parent: Mapped["Skill | None"] = relationship(remote_side="Skill.id")
    related: Mapped[list["SkillRelation"]] = owned(
        "skill", foreign_keys="SkillRelation.skill_id", order_by="SkillRelation.id"
    )


class SkillTerm(Base):
    """A name or alias of a skill, by what its spellings have in common (`skill_key` in SQL). A trigger keeps them."""

    __tablename__ = "skill_terms"
    __table_args__ = (CheckConstraint("length(term_key) between 1 and 60", name="term_key_length"),)

    term_key: Mapped[str] = mapped_column(primary_key=True)
    skill_id: Mapped[UUID] = mapped_column(ForeignKey("skills.id", ondelete="CASCADE"), index=True)
    term: Mapped[str]


class SkillRelation(Record, Base):
    """Two skills of which one helps where the other is asked for, in both directions: `weight` of it counts."""

    __tablename__ = "skill_relations"
    __table_args__ = (
        CheckConstraint("weight > 0 and weight < 1", name="weight_range"),
        CheckConstraint("skill_id <> related_id", name="not_itself"),
    )

    skill_id: Mapped[UUID] = mapped_column(ForeignKey("skills.id", ondelete="CASCADE"), index=True)
    related_id: Mapped[UUID] = mapped_column(ForeignKey("skills.id", ondelete="CASCADE"), index=True)
    weight: Mapped[Decimal] = mapped_column(Numeric(3, 2))

    skill: Mapped[Skill] = relationship(back_populates="related", foreign_keys=[skill_id])
    other: Mapped[Skill] = relationship(foreign_keys=[related_id])

    @property
    def name(self) -> str:
        return self.other.name


class Assistant(Archivable, Record, Base):
    """Somebody whose hours clients take: a virtual assistant, or a member of a team.

    `weekly` says when the person works, by day, in the person's own `timezone`; `weekly_hours` how many hours a week
    are on offer. `reserved_hours` (the most that are reserved on any day of the next four weeks), `is_away` (whether
    the person works on none of those days), the rating and the number of completed engagements are worked out by
    triggers from reservations, time off, reviews and matches.
    """

    __tablename__ = "assistants"
    __table_args__ = (
        *lengths(name=(1, 120), headline=160, about=5000, timezone=(1, 60)),
        is_tidy(),
        CheckConstraint("hourly_rate >= 0 and hourly_rate < 'Infinity'", name="hourly_rate_range"),
        currency_is_known(),
        CheckConstraint("weekly_hours >= 0 and weekly_hours <= 168", name="weekly_hours_range"),
        CheckConstraint("valid_week(weekly)", name="weekly_form"),
        CheckConstraint("reserved_hours >= 0", name="reserved_hours_range"),
    )

    user_id: Mapped[UUID | None] = mapped_column(to_user("rewrite"), unique=True)
    name: Mapped[str]
    headline: Mapped[str] = mapped_column(default="", server_default="")
    about: Mapped[str] = mapped_column(default="", server_default="")
    hourly_rate: Mapped[RateColumn]
    currency: Mapped[CurrencyColumn]
    timezone: Mapped[str] = mapped_column(default="UTC", server_default="UTC")
    weekly_hours: Mapped[Decimal] = mapped_column(Numeric(5, 2), default=Decimal(40), server_default="40")
    weekly: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    available_from: Mapped[date | None]
    skill_words: Mapped[str] = mapped_column(default="", server_default="", deferred=True)
    reserved_hours: Mapped[Decimal] = mapped_column(Numeric(5, 2), default=Decimal(0), server_default="0")
    is_away: Mapped[bool] = mapped_column(default=False, server_default="false")
    available_hours: Mapped[Decimal] = mapped_column(
        Numeric(5, 2),
        Computed("case when is_away then 0 else greatest(weekly_hours - reserved_hours, 0) end", persisted=True),
    )
    rating_sum: Mapped[int] = mapped_column(default=0, server_default="0")
    reviews_count: Mapped[int] = mapped_column(default=0, server_default="0")
    rating: Mapped[Decimal | None] = mapped_column(
        Numeric(3, 2), Computed("round(rating_sum / nullif(reviews_count, 0)::numeric, 2)", persisted=True)
    )
    projects_completed: Mapped[int] = mapped_column(default=0, server_default="0")

    user: Mapped[User | None] = relationship()
    skill_links: Mapped[list["AssistantSkill"]] = owned("assistant", order_by="AssistantSkill.position")
    time_off: Mapped[list["TimeOff"]] = owned("assistant", order_by="TimeOff.starts_on")

    @property
    def skills(self) -> list[str]:
        return [link.skill.name for link in self.skill_links]

    @property
    def skill_levels(self) -> list[dict[str, Any]]:
        return [{"name": link.skill.name, "level": link.level} for link in self.skill_links]

    @property
    def availability(self) -> dict[str, Any]:
        """When the person works, as it is answered."""
        weekly = {day: self.weekly[day] for day in WEEKDAYS if day in self.weekly}
        return {
            "timezone": self.timezone,
            "weekly_hours": self.weekly_hours,
            "weekly": weekly,
            "from": self.available_from,
        }


class AssistantSkill(Record, Base):
    """A skill of an assistant, and how well it is mastered: from 1 (beginner) to 5 (expert)."""

    __tablename__ = "assistant_skills"
    __table_args__ = (
        UniqueConstraint("assistant_id", "skill_id"),
        CheckConstraint("level between 1 and 5", name="level_range"),
    )

    assistant_id: Mapped[UUID] = mapped_column(ForeignKey("assistants.id", ondelete="CASCADE"))
    skill_id: Mapped[UUID] = mapped_column(ForeignKey("skills.id", ondelete="RESTRICT"))
    level: Mapped[int] = mapped_column(default=3, server_default="3")
    position: Mapped[int]

    assistant: Mapped[Assistant] = relationship(back_populates="skill_links")
    skill: Mapped[Skill] = relationship(lazy="joined", innerjoin=True)


class TimeOff(Record, Base):
    """Days, the last one included, on which somebody doesn't work."""

    __tablename__ = "time_off"
    __table_args__ = (
        CheckConstraint("ends_on >= starts_on", name="ends_after_start"),
        CheckConstraint("length(reason) <= 200", name="reason_length"),
    )

    assistant_id: Mapped[UUID] = mapped_column(ForeignKey("assistants.id", ondelete="CASCADE"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    reason: Mapped[str] = mapped_column(default="", server_default="")

    assistant: Mapped[Assistant] = relationship(back_populates="time_off")


class MatchRequest(Record, Base):
    """Work that a company wants done: what the proposals under it were found for.

    `skills` holds what was asked for and what it was taken for: `[{"asked", "skill_id", "name"}]`. `time_from` and
    `time_to` (`HH:MM`, in `timezone`, on `weekdays`) are the hours of the day that matter to the company.
    """

    __tablename__ = "match_requests"
    __table_args__ = (
        UniqueConstraint("id", "client_id"),
        CheckConstraint("hours_per_week > 0 and hours_per_week <= 168", name="hours_range"),
        CheckConstraint("end_date >= start_date", name="ends_after_start"),
        CheckConstraint("max_hourly_rate >= 0 and max_hourly_rate < 'Infinity'", name="max_hourly_rate_range"),
        currency_is_known(),
        CheckConstraint("length(description) <= 5000", name="description_length"),
        CheckConstraint("most between 1 and 50", name="most_range"),
        REQUEST.check(),
    )

    client_id: Mapped[UUID] = mapped_column(to_client("rewrite"))
    user_id: Mapped[UUID | None] = mapped_column(to_user("rewrite"), index=True)
    skills: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    hours_per_week: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    start_date: Mapped[date]
    end_date: Mapped[date | None]
    max_hourly_rate: Mapped[RateColumn | None]
    currency: Mapped[str | None]
    """None compares the maximum with each rate as it is, whatever its currency."""
    timezone: Mapped[str | None]
    time_from: Mapped[str | None]
    time_to: Mapped[str | None]
    weekdays: Mapped[list[str]] = mapped_column(
        ARRAY(Text), default=lambda: ["mon", "tue", "wed", "thu", "fri"], server_default="{mon,tue,wed,thu,fri}"
    )
    description: Mapped[str] = mapped_column(default="", server_default="")
    most: Mapped[int] = mapped_column(default=5, server_default="5")
    """How many proposals were asked for."""
    status: Mapped[str] = mapped_column(default="open", server_default="open")
    considered: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many assistants were scored."""

    client: Mapped[Client] = relationship()
    matches: Mapped[list["Match"]] = relationship(
        back_populates="request",
        primaryjoin="MatchRequest.id == foreign(Match.request_id)",
        order_by="Match.place",
        passive_deletes=True,
    )


class Match(Record, Base):
    """An assistant proposed for a request, and, once accepted, the engagement."""

    __tablename__ = "matches"
    __table_args__ = (
        part_of("match_requests", "request_id"),
        UniqueConstraint("id", "client_id"),
        UniqueConstraint("request_id", "assistant_id"),
        CheckConstraint("score between 0 and 1", name="score_range"),
        MATCH.check(),
        CheckConstraint("hours_per_week > 0 and hours_per_week <= 168", name="hours_range"),
        CheckConstraint("ends_on >= starts_on", name="ends_after_start"),
        currency_is_known(),
        CheckConstraint("status in ('proposed', 'withdrawn') or decided_at is not null", name="decided"),
        CheckConstraint("(status in ('completed', 'ended')) = (ended_on is not null)", name="ended"),
        CheckConstraint("length(note) <= 1000", name="note_length"),
    )

    request_id: Mapped[UUID]
    client_id: Mapped[UUID] = mapped_column(to_client("rewrite"))
    assistant_id: Mapped[UUID] = mapped_column(ForeignKey("assistants.id", ondelete="RESTRICT"))
    place: Mapped[int]
    score: Mapped[float] = mapped_column(Double)
    explanation: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(default="proposed", server_default="proposed")
    hours_per_week: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    hourly_rate: Mapped[RateColumn]
    """The rate as it was proposed; the engagement keeps it."""
    currency: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(to_user("rewrite"), index=True)
    ended_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(default="", server_default="")
    """What was said with the last step: why it was declined, or ended early."""

    request: Mapped[MatchRequest] = relationship(
        back_populates="matches", primaryjoin="MatchRequest.id == foreign(Match.request_id)"
    )
    assistant: Mapped[Assistant] = relationship()
    client: Mapped[Client] = relationship()
    review: Mapped["Review | None"] = relationship(
        back_populates="match", primaryjoin="Match.id == foreign(Review.match_id)"
    )


class Reservation(Record, Base):
    """Hours a week of somebody's that are taken, by an engagement or by a project, from `starts_on` to `ends_on` (both
    included; None is until further notice). A trigger keeps the sum on every day within the weekly hours."""

    __tablename__ = "reservations"
    __table_args__ = (
        part_of("matches", "match_id"),
        part_of("projects", "project_id"),
        UniqueConstraint("project_id", "assistant_id"),
        CheckConstraint("num_nonnulls(match_id, project_id) = 1", name="one_source"),
        CheckConstraint("hours_per_week > 0 and hours_per_week <= 168", name="hours_range"),
        CheckConstraint("ends_on >= starts_on", name="ends_after_start"),
    )

    assistant_id: Mapped[UUID] = mapped_column(ForeignKey("assistants.id", ondelete="RESTRICT"))
    client_id: Mapped[UUID] = mapped_column(to_client("rewrite"), index=True)
    match_id: Mapped[UUID | None] = mapped_column(unique=True)
    project_id: Mapped[UUID | None]
    hours_per_week: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]


class Review(Record, Base):
    """What a company says of an assistant after an engagement."""

    __tablename__ = "reviews"
    __table_args__ = (
        part_of("matches", "match_id"),
        CheckConstraint("stars between 1 and 5", name="stars_range"),
        CheckConstraint("length(comment) <= 2000", name="comment_length"),
    )

    match_id: Mapped[UUID] = mapped_column(unique=True)
    assistant_id: Mapped[UUID] = mapped_column(ForeignKey("assistants.id", ondelete="RESTRICT"))
    client_id: Mapped[UUID] = mapped_column(to_client("rewrite"), index=True)
    user_id: Mapped[UUID | None] = mapped_column(to_user("rewrite"), index=True)
    stars: Mapped[int]
    comment: Mapped[str] = mapped_column(default="", server_default="")

    match: Mapped[Match] = relationship(back_populates="review", primaryjoin="Match.id == foreign(Review.match_id)")


class BatchAssignment(Record, Base):
    """Open requests and people put together by staff at one go, as it was previewed and perhaps applied."""

    __tablename__ = "batch_assignments"
    __table_args__ = (
        CheckConstraint("fairness between 0 and 1", name="fairness_range"),
        ASSIGNMENT.check(),
    )

    made_by_id: Mapped[UUID | None] = mapped_column(to_user("rewrite"), index=True)
    fairness: Mapped[Decimal] = mapped_column(Numeric(3, 2))
    status: Mapped[str] = mapped_column(default="previewed", server_default=text("'previewed'"))
    params: Mapped[dict[str, Any]] = mapped_column(JSONB)
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB)
    pairs: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    decided_at: Mapped[datetime | None]
