"""What a match is worked out from: the request and the assistant, as plain values. Nothing here asks a database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from app.core.fitting.skills import WantedSkill

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks for.

    `hours_per_week` from `start` to `end` (included; None is until further notice). `window` is the time of day that
    matters, in minutes from midnight in `zone` on `weekdays`; one that ends no later than it begins ends the next day.
    Without `currency`, `max_rate` is compared with each rate as it is.
    """

    skills: tuple[WantedSkill, ...]
    hours_per_week: Decimal
    start: date
    end: date | None = None
    max_rate: Decimal | None = None
    currency: str | None = None
    zone: str | None = None
    window: tuple[int, int] | None = None
    weekdays: tuple[str, ...] = ("mon", "tue", "wed", "thu", "fri")


@dataclass(frozen=True, slots=True)
class Slot:
    """Working hours on a day of the week (0 is Monday), in minutes from midnight; past 1440 it is the next day."""

    weekday: int
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Booking:
    """Hours a week that are taken, from `starts` to `ends` (included; None is until further notice)."""

    starts: date
    ends: date | None
    hours: Decimal


@dataclass(frozen=True, slots=True)
class Candidate:
    """An assistant as matching sees one. `levels` gives the level (1 to 5) of each skill that is mastered."""

    id: UUID
    name: str
    rate: Decimal
    currency: str
    zone: str
    weekly_hours: Decimal
    week: tuple[Slot, ...]
    available_from: date | None
    levels: Mapping[UUID, int]
    time_off: tuple[tuple[date, date], ...] = ()
    bookings: tuple[Booking, ...] = ()
    rating_sum: int = 0
    reviews_count: int = 0
    rating: Decimal | None = None
    is_archived: bool = False
