"""What is to be assigned, as plain numbers, and what an assignment is worth.

Each request is filled by one person at most. A request that is filled counts

    1 + (1 - dial) · fit + dial · room - dial · 0.1 · (how many the person has from this batch already)

where `fit` is the score of the match and `room` the share of the person's week that is still free with it. So filling
one more request always counts more than fitting better, the dial weighs fit against fairness, and with fairness the
work is spread. On no day may somebody have more hours than the week has left for them, and nobody gets more than five.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

STEP: Final = 0.1
"""What each further request to the same person costs in fairness."""
MOST_EACH: Final = 5
"""More than so many requests nobody gets at one go."""
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Work:
    """Hours a week that a request needs, from `starts` to `ends` (included; None is until further notice)."""

    hours: float
    starts: date
    ends: date | None

    def covers(self, day: date) -> bool:
        return self.starts <= day and (self.ends is None or day <= self.ends)


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody with `hours` a week, of which `taken` are spoken for by what is booked already."""

    hours: float
    taken: tuple[Work, ...] = ()

    def free_on(self, day: date) -> float:
        return self.hours - sum(work.hours for work in self.taken if work.covers(day))


@dataclass(frozen=True, slots=True)
class Pair:
    """A request that a person could take: how well it fits, and the room that it would leave."""

    request: UUID
    person: UUID
    fit: float
    room: float

    def value(self, dial: float) -> float:
        """What it counts if it is the person's first of the batch."""
        return 1 + (1 - dial) * self.fit + dial * self.room


@dataclass(frozen=True, slots=True)
class Problem:
    """Every pair must be possible by itself."""

    works: Mapping[UUID, Work]
    workers: Mapping[UUID, Worker]
    pairs: Sequence[Pair]
    dial: float

    def worth(self, chosen: Iterable[Pair]) -> float:
        """What an assignment counts as a whole."""
        by_person: dict[UUID, int] = defaultdict(int)
        total = 0.0
        for pair in chosen:
            total += pair.value(self.dial) - self.dial * STEP * by_person[pair.person]
            by_person[pair.person] += 1
        return total

    def days_of(self, person: UUID, requests: Iterable[UUID]) -> list[tuple[float, list[UUID]]]:
        """For each day on which something begins: the hours that the person has free, and which requests need some."""
        mine = list(requests)
        worker = self.workers[person]
        starts = {self.works[request].starts for request in mine} | {work.starts for work in worker.taken}
        days = [(worker.free_on(day), [key for key in mine if self.works[key].covers(day)]) for day in sorted(starts)]
        return [(free, there) for free, there in days if there]

    def is_within_hours(self, chosen: Iterable[Pair]) -> bool:
        """Whether nobody has more than there is room for, on any day."""
        by_person: dict[UUID, list[UUID]] = defaultdict(list)
        for pair in chosen:
            by_person[pair.person].append(pair.request)
        return all(
            sum(self.works[request].hours for request in there) <= free + _TINY
            for person, requests in by_person.items()
            for free, there in self.days_of(person, requests)
        )
