"""A person's working week: hours by day as they are stored, and how the hours of a week fall on its days."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from app.assistants.matching.facts import WEEKDAYS, Slot

DAY = 24 * 60
WEEK = 7 * DAY
ALL_DAYS = 0b1111111
OFFICE_DAYS = (1, 1, 1, 1, 1, 0, 0)
"""How hours fall on the days of somebody who doesn't say when."""

Weekly = Mapping[str, Sequence[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Shares:
    """How the hours of a week fall on its days: `by_days[bits]` of `whole`, bit 0 being Monday."""

    by_days: tuple[int, ...]
    whole: int

    def part(self, days: int, hours: Decimal) -> Decimal:
        """How many of `hours` a week fall on those days."""
        parts = self.by_days[days]
        return hours if parts == self.whole else hours * parts / self.whole if parts else Decimal(0)


def minutes_of(clock: str) -> int:
    """Minutes from midnight of a time such as `09:30`; `24:00` is the end of the day."""
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def clock_of(minutes: int) -> str:
    """The time of day as it is written; the end of a day is `24:00`."""
    hours, rest = divmod(minutes if minutes <= DAY else minutes - DAY, 60)
    return f"{hours:02}:{rest:02}"


def slots_of(weekly: Weekly) -> tuple[Slot, ...]:
    """The slots of a stored week, by day and time. One that ends no later than it begins ends the next day."""
    return tuple(sorted(_slots(weekly), key=lambda slot: (slot.weekday, slot.begins)))


def _slots(weekly: Weekly) -> Iterator[Slot]:
    for day, name in enumerate(WEEKDAYS):
        for begins, ends in weekly.get(name, ()):
            first, last = minutes_of(begins), minutes_of(ends)
            yield Slot(day, first, last if last > first else last + DAY)


def shares_of(weekly: dict[str, Any]) -> Shares:
    """How hours fall on the days of that week. A shift past midnight counts for the day on which it begins."""
    return shares_of_slots(_slots(weekly))


def shares_of_slots(slots: Iterable[Slot]) -> Shares:
    """The same for a week whose slots are at hand."""
    minutes = [0] * 7
    for slot in slots:
        minutes[slot.weekday] += slot.ends - slot.begins
    return _shares(tuple(minutes) if any(minutes) else OFFICE_DAYS)


@lru_cache(maxsize=4096)
def _shares(minutes: tuple[int, ...]) -> Shares:
    sums = tuple(sum(m for day, m in enumerate(minutes) if days >> day & 1) for days in range(ALL_DAYS + 1))
    return Shares(sums, sums[ALL_DAYS])
