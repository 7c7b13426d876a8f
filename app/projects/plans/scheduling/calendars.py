"""Which days are worked on."""

from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from app.projects.models import WEEKDAYS

_ORIGIN = date(1969, 12, 29)
"""A Monday before all days that are taken."""


@dataclass(frozen=True)
class WorkCalendar:
    """The days of the week that are worked on (`mon` to `sun`), but for those dates that are closed.

    Working days are numbered without gaps: the difference of two numbers is the working days between the two days.
    Raises ValueError where no day of the week is worked on.
    """

    workdays: frozenset[str] = frozenset(WEEKDAYS[:5])
    closed: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if not self.workdays & set(WEEKDAYS):
            raise ValueError("no day of the week is worked on")

    @classmethod
    def of(cls, workdays: Collection[str], closed: Collection[date] = ()) -> "WorkCalendar":
        return cls(frozenset(workdays), frozenset(closed))

    def is_open(self, day: date) -> bool:
        return self._is_workday(day) and day not in self.closed

    def number_from(self, day: date) -> int:
        """The number of the first working day on the day or after it."""
        return self._workdays_before(day) - bisect_left(self._closed_days, day)

    def number_to(self, day: date) -> int:
        """The number of the last working day on the day or before it."""
        return self.number_from(day + timedelta(days=1)) - 1

    def day(self, number: int) -> date:
        """The working day of that number."""
        open_before = number
        while True:
            found = self._nth_workday(open_before)
            hidden = bisect_left(self._closed_days, found + timedelta(days=1))
            if number + hidden == open_before:
                return found
            open_before = number + hidden

    def finish(self, start: date, duration: int) -> date:
        """The last of so many working days, the first one on `start` or after it."""
        return self.day(self.number_from(start) + duration - 1)

    def start(self, finish: date, duration: int) -> date:
        """The first of so many working days, the last one on `finish` or before it."""
        return self.day(self.number_to(finish) - duration + 1)

    def count(self, first: date, last: date) -> int:
        """The working days from `first` to `last`, both counted."""
        return max(self.number_to(last) - self.number_from(first) + 1, 0)

    @cached_property
    def _pattern(self) -> tuple[int, ...]:
        """The days of the week that are worked on, 0 being Monday."""
        return tuple(at for at, name in enumerate(WEEKDAYS) if name in self.workdays)

    @cached_property
    def _closed_days(self) -> list[date]:
        """What is closed of the days that would be worked on, in order."""
        return sorted(day for day in self.closed if self._is_workday(day))

    def _is_workday(self, day: date) -> bool:
        return day.weekday() in self._pattern

    def _workdays_before(self, day: date) -> int:
        weeks, rest = divmod((day - _ORIGIN).days, 7)
        return weeks * len(self._pattern) + sum(1 for at in self._pattern if at < rest)

    def _nth_workday(self, number: int) -> date:
        weeks, rest = divmod(number, len(self._pattern))
        return _ORIGIN + timedelta(days=7 * weeks + self._pattern[rest])
