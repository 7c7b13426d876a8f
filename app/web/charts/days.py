"""Days along the width of a chart."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Tick:
    """A line of the scale, and what is written beside it; nothing where there is no room."""

    x: float
    label: str


@dataclass(frozen=True)
class Days:
    """The days from `first` to `last` (both included), spread over `width` units from `left` on."""

    first: date
    last: date
    width: float
    left: float = 0.0

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1

    def x(self, day: date) -> float:
        """Where the day begins, held to the edges."""
        at = (min(max(day, self.first), self.last + timedelta(days=1)) - self.first).days
        return round(self.left + self.width * at / self.count, 2)

    def span(self, begins: date, ends: date) -> tuple[float, float]:
        """Where the days from `begins` to `ends` (included) lie: x and width."""
        x = self.x(begins)
        return x, round(self.x(ends + timedelta(days=1)) - x, 2)

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last

    def months(self, room: float = 40.0) -> list[Tick]:
        """The first days of months, written where at least `room` units are free to the next; January and the first
        that is written have their year, which takes half as much room again."""
        days = list(self._firsts())
        ends = [*days[1:], self.last + timedelta(days=1)]
        ticks: list[Tick] = []
        for day, end in zip(days, ends, strict=True):
            has_year = day.month == 1 or not any(tick.label for tick in ticks)
            fits = self.x(end) - self.x(day) >= room * (1.5 if has_year else 1)
            ticks.append(Tick(self.x(day), "" if not fits else f"{day:%b %Y}" if has_year else f"{day:%b}"))
        return ticks

    def weeks(self) -> list[Tick]:
        """The Mondays, with the day and month."""
        monday = self.first + timedelta(days=-self.first.weekday() % 7)
        days = [monday + timedelta(weeks=n) for n in range((self.last - monday).days // 7 + 1)]
        return [Tick(self.x(day), f"{day.day} {day:%b}") for day in days]

    def _firsts(self) -> Iterator[date]:
        yield self.first
        month = self.first.replace(day=1)
        while (month := (month + timedelta(days=32)).replace(day=1)) <= self.last:
            yield month
