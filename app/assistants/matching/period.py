"""The days of a request: how far they are looked at, what is taken on them, and how much somebody can be there."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from app.assistants.calendars.working_week import shares_of_slots
from app.assistants.matching.facts import Booking, Candidate, Wanted
from app.assistants.matching.weights import WEEKS_AHEAD

NOTHING = Decimal(0)


def last_day_looked_at(wanted: Wanted) -> date:
    """The end of the request, or the day on which 13 weeks are full, whichever comes first."""
    furthest = wanted.start + timedelta(days=7 * WEEKS_AHEAD - 1)
    return furthest if wanted.end is None else min(wanted.end, furthest)


def weeks_looked_at(wanted: Wanted) -> tuple[date, int]:
    """The weeks from Monday to Sunday that the days looked at touch: the first Monday, and how many they are, 13 at the
    most."""
    monday = wanted.start - timedelta(days=wanted.start.weekday())
    return monday, min((last_day_looked_at(wanted) - monday).days // 7 + 1, WEEKS_AHEAD)


def peak_of(bookings: Sequence[Booking], start: date, end: date | None) -> Decimal:
    """The most hours a week that are taken on any day from `start` to `end` (included; None is for ever)."""
    there = [b for b in bookings if (end is None or b.starts <= end) and (b.ends is None or b.ends >= start)]
    if len(there) < 2:
        return there[0].hours if there else NOTHING
    return max(_taken_on(there, day) for day in {max(start, booking.starts) for booking in there})


def _taken_on(bookings: Iterable[Booking], day: date) -> Decimal:
    taken = (b.hours for b in bookings if b.starts <= day and (b.ends is None or b.ends >= day))
    return sum(taken, NOTHING)


class Presence(NamedTuple):
    """How much of a period somebody is there for, in working time: a day counts as much as is worked on it in a usual
    week, and `whole` is such a week."""

    asked: int
    away: int
    whole: int

    @property
    def share(self) -> float:
        """What part of the hours asked can be given; none where no day of the period is a working day."""
        return (self.asked - self.away) / self.asked if self.asked else 0.0


def presence_of(candidate: Candidate, first: date, last: date) -> Presence:
    """How much of those days the person is there for. Spells of time off must not overlap one another."""
    shares = shares_of_slots(candidate.week)
    asked = _working(shares.by_days, first, last)
    away = sum(
        _working(shares.by_days, max(first, begins), min(last, ends))
        for begins, ends in candidate.time_off
        if begins <= last and ends >= first
    )
    return Presence(asked, away, shares.whole)


def _working(by_days: Sequence[int], first: date, last: date) -> int:
    """The working time from `first` to `last`: the full weeks, and the days that are left one by one."""
    if last < first:
        return 0
    weeks, left = divmod((last - first).days + 1, 7)
    weekday = first.weekday()
    return weeks * by_days[-1] + sum(by_days[1 << (weekday + day) % 7] for day in range(left))
