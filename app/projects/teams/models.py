"""Teams and their members."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.assistants.models import Assistant
from app.core.db import Archivable, Base, Record, lengths, owned
from app.core.names import is_slug, is_tidy
from app.identity.models import to_user


class Team(Archivable, Record, Base):
    """People who do projects of one kind together.

    Numbers of projects, the rating and the success rate are worked out by triggers from finished projects and their
    reviews. `capacity` holds the team to fewer hours a week than its members' calendars give.
    """

    reserved_slugs = frozenset({"projects", "request"})
    """Slugs that no team has: `/api/expert-teams/projects` is another address."""

    __tablename__ = "teams"
    __table_args__ = (
        *lengths(name=(1, 120), specialization=(1, 120), description=5000, icon=60),
        is_tidy(),
        is_slug(),
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

    members: Mapped[list["TeamMember"]] = owned("team", order_by="TeamMember.position")

    capacity_free = Decimal("NaN")
    """What the team has left of this week, where it was worked out (`capacity.hydrate_teams`)."""


class TeamMember(Record, Base):
    """Somebody's place in a team, with the share of working time that it gets at most."""

    __tablename__ = "team_members"
    __table_args__ = (
        UniqueConstraint("team_id", "assistant_id"),
        UniqueConstraint("team_id", "user_id"),
        CheckConstraint("num_nonnulls(assistant_id, user_id) > 0", name="is_somebody"),
        *lengths(name=(1, 120), role=60),
        is_tidy(),
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
