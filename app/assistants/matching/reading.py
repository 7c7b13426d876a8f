"""Assistants as matching needs them, read from the database in one statement, and so as of one moment."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from json import loads
from typing import Any
from uuid import UUID

from app.assistants.calendars.working_week import slots_of
from app.assistants.matching.facts import Booking, Candidate, Slot
from app.core.clock import first_today

Ask = Callable[[str, dict[str, Any]], Iterable[Sequence[Any]]]
"""Runs a statement with its values, looking across companies; gives the rows."""

EARLIER = timedelta(days=1)
"""What ended before yesterday is not read: no request begins in the past."""

_COLUMNS = """
    select a.id, a.name, a.hourly_rate, a.currency, a.timezone, a.weekly_hours, a.weekly::text, a.available_from,
           a.rating_sum, a.reviews_count, a.rating, a.archived_at is not null, k.skills, k.levels, t.days, b.taken
      from assistants a """
_PARTS = {
    "k": """select assistant_id, array_agg(skill_id order by skill_id)::text as skills,
                   array_agg(level order by skill_id)::text as levels
              from assistant_skills where true""",
    "t": """select assistant_id, string_agg(starts_on || ' ' || ends_on, ',' order by starts_on) as days
              from time_off where ends_on >= %(since)s""",
    "b": """select assistant_id, string_agg(
                       starts_on || ' ' || coalesce(ends_on::text, '-') || ' ' || hours_per_week, ','
                       order by starts_on, id) as taken
              from reservations where coalesce(ends_on, 'infinity') >= %(since)s""",
}
_OF_ALL = _COLUMNS + " ".join(
    f"left join ({part} group by assistant_id) {name} on {name}.assistant_id = a.id" for name, part in _PARTS.items()
)
"""Parts are put together once for all: a look-up for each of 100,000 people takes longer."""
_OF_SOME = _COLUMNS + " ".join(
    f"left join lateral ({part} and assistant_id = a.id group by assistant_id) {name} on true"
    for name, part in _PARTS.items()
)


@dataclass(frozen=True, slots=True)
class Person:
    """An assistant in little space: equal weeks, skills and zones of different people are one object."""

    id: UUID
    name: str
    rate: Decimal
    currency: str
    zone: str
    weekly_hours: Decimal
    week: tuple[Slot, ...]
    available_from: date | None
    rating_sum: int
    reviews_count: int
    rating: Decimal | None
    is_archived: bool
    skills: tuple[UUID, ...]
    levels: bytes
    time_off: tuple[tuple[date, date], ...]
    bookings: tuple[Booking, ...]

    def candidate(self) -> Candidate:
        return Candidate(
            id=self.id,
            name=self.name,
            rate=self.rate,
            currency=self.currency,
            zone=self.zone,
            weekly_hours=self.weekly_hours,
            week=self.week,
            available_from=self.available_from,
            levels=dict(zip(self.skills, self.levels, strict=True)),
            time_off=self.time_off,
            bookings=self.bookings,
            rating_sum=self.rating_sum,
            reviews_count=self.reviews_count,
            rating=self.rating,
            is_archived=self.is_archived,
        )


def read_everybody(ask: Ask) -> Iterable[Person]:
    """Whoever isn't archived."""
    return map(_person, ask(_OF_ALL + " where a.archived_at is null", {"since": first_today() - EARLIER}))


def read_people(ask: Ask, ids: Sequence[UUID]) -> list[Person]:
    """Those of them that are there, archived or not."""
    return [
        _person(row)
        for row in ask(_OF_SOME + " where a.id = any(%(ids)s)", {"since": first_today() - EARLIER, "ids": list(ids)})
    ]


def _person(row: Sequence[Any]) -> Person:
    (key, name, rate, currency, zone, hours, weekly, available_from, stars, reviews, rating, archived,
     skills, levels, days, taken) = row  # fmt: skip
    return Person(
        id=key,
        name=name,
        rate=_number(str(rate)),
        currency=_shared(currency),
        zone=_shared(zone),
        weekly_hours=_number(str(hours)),
        week=_week(weekly),
        available_from=available_from,
        rating_sum=stars,
        reviews_count=reviews,
        rating=rating,
        is_archived=archived,
        skills=tuple(map(_id, skills[1:-1].split(","))) if skills else (),
        levels=bytes(map(int, levels[1:-1].split(","))) if levels else b"",
        time_off=tuple(_days(part) for part in days.split(",")) if days else (),
        bookings=tuple(_booking(part) for part in taken.split(",")) if taken else (),
    )


def _days(part: str) -> tuple[date, date]:
    first, last = part.split(" ")
    return _day(first), _day(last)


@lru_cache(maxsize=20_000)
def _booking(part: str) -> Booking:
    first, last, hours = part.split(" ")
    return Booking(_day(first), None if last == "-" else _day(last), _number(hours))


@lru_cache(maxsize=10_000)
def _week(weekly: str) -> tuple[Slot, ...]:
    return slots_of(loads(weekly))


_id = lru_cache(maxsize=20_000)(UUID)
_day = lru_cache(maxsize=10_000)(date.fromisoformat)
_number = lru_cache(maxsize=10_000)(Decimal)


@lru_cache(maxsize=10_000)
def _shared(text: str) -> str:
    return text
