"""What the pages of a profile show beside it: the calendar's weeks, what takes the hours, reviews."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.assistants.calendars.date_queries import today_of_assistant
from app.assistants.calendars.events import page_of_hours
from app.assistants.calendars.queries import Week, monday_of, weeks_of
from app.assistants.models import Assistant, Reservation, Review
from app.assistants.profiles.kinds import assistants
from app.core.clock import today_here
from app.core.errors import NotFound
from app.core.sides import EXPERT, STAFF
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import Client

WEEKS_SHOWN = 12
REVIEWS_SHOWN = 10
BOOKINGS_SHOWN = 50
FURTHEST = 52 * 3


class NoProfile(NotFound):
    """The account has no assistant's profile."""

    code = "not-found"

    says = "Your account has no profile yet. A manager of DIG|LIT makes it."


@dataclass(frozen=True)
class Bar:
    """A week as a bar of 100: where each part begins, and how wide it is."""

    week: Week
    reserved: float
    away: float
    free: float

    @property
    def away_at(self) -> float:
        return self.reserved

    @property
    def free_at(self) -> float:
        return round(self.reserved + self.away, 2)


@dataclass(frozen=True)
class CalendarPage:
    """So many weeks of somebody's calendar, and the Mondays on which the pages beside it begin."""

    bars: Sequence[Bar]
    earlier: date | None
    later: date | None


@dataclass(frozen=True)
class Booking:
    """Hours of somebody's that a company has. `url` leads to what takes them, for staff; `own_url` for the person."""

    company: str
    hours_per_week: Decimal
    starts_on: date
    ends_on: date | None
    match_id: UUID | None
    project_id: UUID | None

    @property
    def kind(self) -> str:
        return "Engagement" if self.match_id else "Project"

    @property
    def url(self) -> str:
        return page_of_hours(self.match_id, self.project_id, STAFF)

    @property
    def own_url(self) -> str:
        return page_of_hours(self.match_id, self.project_id, EXPERT)


def own_assistant(user_id: UUID, *, for_update: bool = False) -> Assistant:
    """The profile of the account; raises NoProfile where there is none. `for_update` locks it."""
    query = select(Assistant).where(Assistant.user_id == user_id).options(*assistants.load_options)
    if for_update:
        query = query.with_for_update(of=Assistant).execution_options(populate_existing=True)
    found = db.session.scalar(query)
    if found is None:
        raise NoProfile
    return found


def calendar_page(assistant_id: UUID, asked: str = "") -> CalendarPage:
    """The weeks from the one of the day that is `asked` for, as in an address; from this one, if it says nothing."""
    this = monday_of(today_here())
    first = min(max(_monday(asked) or this, this - _weeks(FURTHEST)), this + _weeks(FURTHEST))
    weeks = weeks_of([assistant_id], first, WEEKS_SHOWN).get(assistant_id, [])
    whole = max((week.capacity for week in weeks), default=Decimal(0))
    return CalendarPage(
        [_bar(week, whole) for week in weeks],
        first - _weeks(WEEKS_SHOWN) if first > this - _weeks(FURTHEST) else None,
        first + _weeks(WEEKS_SHOWN) if first < this + _weeks(FURTHEST) else None,
    )


def bookings_of(assistant_id: UUID) -> list[Booking]:
    """What takes hours of somebody's from today on, first come first."""
    query = (
        select(
            Client.name,
            Reservation.hours_per_week,
            Reservation.starts_on,
            Reservation.ends_on,
            Reservation.match_id,
            Reservation.project_id,
        )
        .join(Client, Client.id == Reservation.client_id)
        .where(
            Reservation.assistant_id == assistant_id,
            func.coalesce(Reservation.ends_on, today_here()) >= today_here(),
        )
        .order_by(Reservation.starts_on, Reservation.id)
        .limit(BOOKINGS_SHOWN)
    )
    with as_system("an expert sees the names of the companies that they work for"):
        return [Booking(*row) for row in db.session.execute(query)]


def reviews_of(assistant_id: UUID) -> Sequence[Any]:
    """The latest: `stars`, `comment`, `created_at` and the `company` that wrote it."""
    query = (
        select(Review.stars, Review.comment, Review.created_at, Client.name.label("company"))
        .join(Client, Client.id == Review.client_id)
        .where(Review.assistant_id == assistant_id)
        .order_by(Review.created_at.desc(), Review.id.desc())
        .limit(REVIEWS_SHOWN)
    )
    with as_system("an expert sees the names of the companies that they work for"):
        return db.session.execute(query).all()


def spells_to_come(assistant: Assistant) -> list[Any]:
    """Time off that hasn't passed yet."""
    first = today_of_assistant(assistant)
    return [spell for spell in assistant.time_off if spell.ends_on >= first]


def _bar(week: Week, whole: Decimal) -> Bar:
    def part(hours: Decimal) -> float:
        return round(float(hours / whole * 100), 2) if whole else 0.0

    return Bar(week, part(week.reserved), part(week.away), part(week.free))


def _monday(asked: str) -> date | None:
    try:
        return monday_of(date.fromisoformat(asked))
    except (ValueError, OverflowError):
        return None


def _weeks(count: int) -> timedelta:
    return timedelta(weeks=count)
