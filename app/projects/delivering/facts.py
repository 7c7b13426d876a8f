"""What the question is made of, as plain values. Hours are whole hundredths, so that sums are exact."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody who can work on it, with the hundredths of an hour that are free in each week."""

    key: UUID
    name: str
    free: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """Work of one kind. `able` are those who can do it. `after` are the keys of needs that come before it; it begins in
    week `not_before` at the earliest, and lasts at least until week `not_done_before`. `most` is how much of it can be
    done in a week, None being all."""

    key: str
    name: str
    hours: int
    able: frozenset[UUID]
    after: tuple[str, ...] = ()
    not_before: int = 0
    not_done_before: int = 0
    most: int | None = None
    skill: str = ""
    """The skill that it takes, where it takes one."""
    only: str = ""
    """The name of the one person who is to do it, where it is for one."""


@dataclass(frozen=True, slots=True)
class Question:
    """Whether those workers can do the needs by the day `by`. `weeks` are Mondays, `by` lies in week `last`; what comes
    after it shows when it could be done. `limits` is the most that all of them together do in each week."""

    workers: tuple[Worker, ...]
    needs: tuple[Need, ...]
    weeks: tuple[date, ...]
    limits: tuple[int, ...]
    by: date
    last: int

    @property
    def hours(self) -> int:
        return sum(need.hours for need in self.needs)


@dataclass(frozen=True, slots=True)
class Work:
    """What somebody does of a need in one week."""

    week: int
    worker: UUID
    need: str
    hours: int


@dataclass(frozen=True)
class Schedule:
    """Who does what in which week."""

    work: tuple[Work, ...]
    end: int
    """The week in which all of it is done."""


def end_of(question: Question, week: int) -> date:
    """The last working day of a week, and no later than the day that is asked about if it lies in that week."""
    friday = question.weeks[week] + timedelta(days=4)
    return min(friday, question.by) if week == question.last else friday


def names_of(workers: Sequence[Worker], keys: frozenset[UUID]) -> list[str]:
    return [worker.name for worker in workers if worker.key in keys]
