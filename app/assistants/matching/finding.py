"""Finding who fits best without judging everybody: the same answer, to the order, as `rank` gives over all.

For everybody at once a few operations on columns tell a bound that no score can pass, and leave out most of those who
break a limit. The exact `judge` then goes through the people by falling bound, down to where no bound reaches the
score of the last one to be proposed. What the columns leave out breaks a limit for certain, so `judge` has the last
word on everything.
"""

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.assistants.matching.facts import Wanted
from app.assistants.matching.hours import Times
from app.assistants.matching.people import People, Rows
from app.assistants.matching.period import weeks_looked_at
from app.assistants.matching.scoring import Scored, best_first, judge
from app.assistants.matching.weights import RATE_OF_NOTHING, WEIGHTS
from app.core.fitting.skills import Kinship

SLACK = 1e-5
"""More than the rounding of the parts, and that of columns in single precision, can amount to."""
_TINY = 1e-9
_AT_FIRST = 64

Bounds = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Found:
    """The best, in order, and how many people have any of what was asked for."""

    best: list[Scored]
    considered: int


def find(wanted: Wanted, people: People, kinship: Kinship, limit: int) -> Found:
    """The `limit` best of everybody."""
    skills = _skills(wanted, people, kinship)
    rows = np.flatnonzero(skills > 0).astype(np.int32)  # of numbers themselves it takes twenty times as long
    considered = len(rows)
    rows = _within_limits(rows, wanted, people)
    bounds = _bounds(rows, skills, wanted, people)
    best: list[Scored] = []
    for row, bound in _falling(rows, bounds, max(_AT_FIRST, 4 * limit)):
        if len(best) >= limit and bound + SLACK < best[limit - 1].score:
            break
        person = people.persons[row]
        answer = judge(wanted, person.candidate(), kinship) if person is not None else None
        if isinstance(answer, Scored):
            insort(best, answer, key=best_first)
            del best[limit:]
    return Found(best, considered)


def _skills(wanted: Wanted, people: People, kinship: Kinship) -> NDArray[np.float32]:
    """The part of the skills, for everybody."""
    total: NDArray[np.float32] | None = None
    for skill in wanted.skills:
        if skill.skill_id is not None:
            credit = people.credits(skill.skill_id, kinship.closeness.get(skill.skill_id, {}))
            total = credit if total is None else total + credit
    return np.zeros(0, np.float32) if total is None else total / np.float32(len(wanted.skills))


def _within_limits(rows: Rows, wanted: Wanted, people: People) -> Rows:
    """Without those who break a limit that the columns know of."""
    kept = people.free[rows] >= float(wanted.hours_per_week) - _TINY
    kept &= people.available_from[rows] <= wanted.start.toordinal()
    if wanted.max_rate is not None:
        kept &= people.rate[rows] <= float(wanted.max_rate) + _TINY
    if wanted.currency is not None:
        kept &= people.currency[rows] == people.currencies.get(wanted.currency, -1)
    return rows[kept]


def _bounds(rows: Rows, skills: NDArray[np.float32], wanted: Wanted, people: People) -> Bounds:
    """What no score of theirs can pass, but for rounding."""
    bounds: Bounds = people.lasting[rows] + WEIGHTS["availability"]
    bounds += WEIGHTS["skills"] * skills[rows]
    bounds += WEIGHTS["rate"] * _rates(people.rate[rows], wanted)
    times = Times.of(wanted)
    if times is None:
        return bounds + WEIGHTS["overlap"]
    monday, count = weeks_looked_at(wanted)
    overlaps = people.overlaps.bounds(times, monday, count, float(wanted.hours_per_week))
    return bounds + WEIGHTS["overlap"] * overlaps[people.pattern[rows]]


def _rates(rates: NDArray[np.float64], wanted: Wanted) -> NDArray[np.float64]:
    if wanted.max_rate is None:
        return np.maximum(1 - rates / float(RATE_OF_NOTHING), 0)
    if not wanted.max_rate:
        return np.ones_like(rates)
    return np.clip(2 * (1 - rates / float(wanted.max_rate)), 0, 1)


def _falling(rows: Rows, bounds: Bounds, at_first: int) -> Iterator[tuple[int, float]]:
    """Rows with their bounds, the highest first. A few are sorted at once, all only where these don't suffice."""
    if len(rows) > at_first:
        first = np.argpartition(bounds, -at_first)[-at_first:]
        first = first[np.argsort(-bounds[first], kind="stable")]
        yield from zip(rows[first].tolist(), bounds[first].tolist(), strict=True)
        rest = np.ones(len(rows), bool)
        rest[first] = False
        rows, bounds = rows[rest], bounds[rest]
    order = np.argsort(-bounds, kind="stable")
    yield from zip(rows[order].tolist(), bounds[order].tolist(), strict=True)
