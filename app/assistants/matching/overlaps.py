"""How much of the wanted times people work at the most, for everybody at once.

People share zones and weeks, and while no clock changes only the distance between two clocks matters. So a few
comparisons of weeks, which are remembered, say it for all. In a week in which a clock changes, what is said is a bound.
"""

from collections import Counter, OrderedDict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from app.assistants.matching.facts import Slot
from app.assistants.matching.hours import Times, is_zone, steady_offset, weeks_together
from app.assistants.matching.weights import OVERLAP_UNKNOWN

Shares = NDArray[np.float32]
Week = tuple[Slot, ...]
K = TypeVar("K")

REMEMBERED = 64


class Spell(NamedTuple):
    """Weeks in which two clocks are apart by the same: one Monday of them, how many they are, and by how many minutes
    the clocks of a week may move against each other, compared with that of `monday`. No Monday: nothing is known."""

    monday: date | None
    weeks: int
    moves: int
    ahead: int


class Overlaps:
    """Of the patterns (zone and week) that there are, each with a number."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, Week], int] = {}
        self._zones: dict[str, int] = {}
        self._weeks: dict[Week, int] = {}
        self._zone_of: list[int] = []
        self._week_of: list[int] = []
        self._commons: OrderedDict[tuple[Times, int], Shares] = OrderedDict()
        self._answers: OrderedDict[tuple[Times, date, int, float], Shares] = OrderedDict()

    def number_of(self, zone: str, week: Week) -> int:
        """The pattern's number; a pattern that is new gets one."""
        number = self._numbers.get((zone, week))
        if number is None:
            number = self._numbers[zone, week] = len(self._numbers)
            self._zone_of.append(self._zones.setdefault(zone, len(self._zones)))
            self._week_of.append(self._weeks.setdefault(week, len(self._weeks)))
            self._answers.clear()
        return number

    def bounds(self, times: Times, monday: date, count: int, asked: float) -> Shares:
        """By the number of the pattern, the score of the overlap in those weeks, or a little more."""
        key = (times, monday, count, asked)
        known = self._answers.get(key)
        if known is None:
            table = np.stack([self._of_zone(zone, times, monday, count, asked) for zone in self._zones])
            known = table[np.array(self._zone_of), np.array(self._week_of)]
            remember(self._answers, key, known)
        return known

    def _of_zone(self, zone: str, times: Times, monday: date, count: int, asked: float) -> Shares:
        """The bounds for people there, by the number of their week."""
        if not is_zone(zone):
            return np.full(len(self._weeks), OVERLAP_UNKNOWN, np.float32)
        slots = np.fromiter(map(len, self._weeks), np.float32)
        total = np.zeros(len(self._weeks), np.float32)
        for spell in spells_of(zone, times.zone, monday, count):
            if spell.monday is None:
                total += spell.weeks
                continue
            common = self._common(zone, times, spell.monday, spell.ahead) + spell.moves * (slots + 2)
            enough = min(asked * 60, wanted_minutes(times, spell.monday) - 2 * spell.moves)
            total += spell.weeks * (np.minimum(common / enough, 1) if enough > 0 else 1)
        total /= count
        total[slots == 0] = OVERLAP_UNKNOWN
        return total

    def _common(self, zone: str, times: Times, monday: date, ahead: int) -> Shares:
        """The common minutes in that week, in which clocks stand, by the number of people's weeks."""
        key = (times._replace(zone=""), ahead)
        known = self._commons.get(key)
        if known is None or len(known) < len(self._weeks):
            found = [weeks_together(zone, week, times, monday, 1) for week in self._weeks]
            known = np.array([each[0].common if each else 0 for each in found], np.float32)
            remember(self._commons, key, known, most=512)
        return known


def remember(memory: OrderedDict[K, Shares], key: K, value: Shares, *, most: int = REMEMBERED) -> None:
    """Keep it with the latest ones."""
    memory[key] = value
    while len(memory) > most:
        memory.popitem(last=False)


@lru_cache(maxsize=1024)
def wanted_minutes(times: Times, monday: date) -> int:
    """How many minutes of that week are wanted."""
    together = weeks_together(times.zone, times.slots(), times, monday, 1)
    return together[0].wanted if together else 0


@lru_cache(maxsize=32_768)
def spells_of(zone: str, other: str, monday: date, count: int) -> tuple[Spell, ...]:
    """How far the clocks of `zone` are ahead of the other's, week by week from `monday` on."""
    mondays = [monday + timedelta(days=7 * number) for number in range(count)]
    apart = {day: _apart(zone, other, day) for day in mondays}
    steady = [day for day in mondays if apart[day] is not None]
    found = [
        Spell(next(day for day in steady if apart[day] == ahead), weeks, 0, ahead)
        for ahead, weeks in Counter(apart[day] for day in steady).items()
        if ahead is not None
    ]
    for day in mondays:
        if apart[day] is None:
            nearest = min(steady, key=lambda other_day: abs(other_day - day), default=None)
            ahead = apart[nearest] if nearest is not None else None
            if nearest is None or ahead is None:
                found.append(Spell(None, 1, 0, 0))
            else:
                found.append(Spell(nearest, 1, _moves(zone, other, day, ahead), ahead))
    return tuple(found)


def _apart(zone: str, other: str, monday: date) -> int | None:
    here, there = steady_offset(zone, monday), steady_offset(other, monday)
    return None if here is None or there is None else here - there


def _moves(zone: str, other: str, monday: date, ahead: int) -> int:
    """By how much the two clocks are nearer or further apart than `ahead` at most, from some days before that week to
    some after it."""
    midnight = datetime(monday.year, monday.month, monday.day, tzinfo=UTC)
    moments = [midnight + timedelta(days=day) for day in range(-4, 13)]
    ours, theirs = _offsets(zone, moments), _offsets(other, moments)
    return max(abs(here - there - ahead) for here in ours for there in theirs)


def _offsets(zone: str, moments: Sequence[datetime]) -> set[int]:
    place = ZoneInfo(zone)
    offsets = (moment.astimezone(place).utcoffset() for moment in moments)
    return {int(offset.total_seconds()) // 60 for offset in offsets if offset is not None}
