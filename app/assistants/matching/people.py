"""Everybody who may be proposed, as columns of numbers: what can be said of 100,000 people in a millisecond.

A person keeps a row for good; one who leaves is marked as gone. Nothing here asks a database or locks anything.
"""

from array import array
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.assistants.matching.facts import Booking
from app.assistants.matching.overlaps import Overlaps
from app.assistants.matching.parts import Load
from app.assistants.matching.reading import Person
from app.assistants.matching.remembered import Findings
from app.assistants.matching.weights import WEIGHTS
from app.core.clock import first_today
from app.core.fitting.rating import Rating
from app.core.fitting.skills import LEAST_STRENGTH, STRENGTH_PER_LEVEL

Rows = NDArray[np.int32]
Credits = NDArray[np.float32]

_FIRST_ROOM = 256
_COLUMNS: dict[str, Any] = {
    "rate": np.float64,
    "currency": np.int16,
    "pattern": np.int32,
    "free": np.float64,
    "available_from": np.int32,
    "lasting": np.float64,
}


@dataclass(frozen=True, slots=True)
class Having:
    """Who has a skill, in the order of rows, and how well."""

    rows: Rows
    levels: NDArray[np.int8]


_NOBODY = Having(np.empty(0, np.int32), np.empty(0, np.int8))

REMEMBERED = 64
"""Skills whose credits are kept: 0.4 MB each with 100,000 people."""


class People:
    """Columns by row: `rate`; `free`, the hours a week that aren't reserved without an end, and so an upper bound of
    those that are free; `available_from` (a proleptic day, 0 for none); `lasting`, an upper bound of what rating and
    load add to any score; `currency` and `pattern` as numbers of `currencies` and `overlaps`.

    `findings` is what was found among them while they were as they are."""

    rate: NDArray[np.float64]
    currency: NDArray[np.int16]
    pattern: NDArray[np.int32]
    free: NDArray[np.float64]
    available_from: NDArray[np.int32]
    lasting: NDArray[np.float64]

    def __init__(self, people: Iterable[Person] = ()) -> None:
        self.persons: list[Person | None] = []
        self.row_of: dict[UUID, int] = {}
        self.currencies: dict[str, int] = {}
        self.overlaps = Overlaps()
        self.findings = Findings()
        self._credits: OrderedDict[UUID, tuple[Mapping[UUID, float], Credits]] = OrderedDict()
        self._having: dict[UUID, Having] = {}
        self._room = 0
        self._make_room(_FIRST_ROOM)
        for person in people:
            self._append(person)
        self._having = _having_of(self.persons)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.row_of)

    def having(self, skill_id: UUID) -> Having:
        return self._having.get(skill_id, _NOBODY)

    def credits(self, skill_id: UUID, closeness: Mapping[UUID, float]) -> Credits:
        """What each is credited with where the skill is asked for; 0 for nothing like it. Not to be written to."""
        kept = self._credits.get(skill_id)
        if kept is not None and (kept[0] is closeness or kept[0] == closeness):
            return kept[1]
        made = np.zeros(self._room, np.float32)
        for has, near in ((skill_id, 1.0), *closeness.items()):
            who = self.having(has)
            strength = near * (LEAST_STRENGTH + STRENGTH_PER_LEVEL * who.levels)
            made[who.rows] = np.maximum(made[who.rows], strength)
        self._credits[skill_id] = (closeness, made)
        while len(self._credits) > REMEMBERED:
            self._credits.popitem(last=False)
        return made

    def put(self, person: Person) -> None:
        """Take somebody in, or what is new about them."""
        self.findings.clear()
        row = self.row_of.get(person.id)
        if row is None:
            row = self._append(person)
            before: tuple[UUID, ...] = ()
        else:
            known = self.persons[row]
            before = known.skills if known is not None else ()
            if known is not None and (known.skills, known.levels) == (person.skills, person.levels):
                self._write(row, person)
                return
            self._write(row, person)
        self._credits.clear()
        for skill_id in before:
            self._having[skill_id] = _without(self._having[skill_id], row)
        for skill_id, level in zip(person.skills, person.levels, strict=True):
            self._having[skill_id] = _with(self.having(skill_id), row, level)

    def remove(self, person_id: UUID) -> None:
        """Forget somebody; whoever isn't there is gone already."""
        row = self.row_of.pop(person_id, None)
        if row is None:
            return
        person = self.persons[row]
        self.persons[row] = None
        self.findings.clear()
        self._credits.clear()
        for skill_id in person.skills if person is not None else ():
            self._having[skill_id] = _without(self._having[skill_id], row)

    def _append(self, person: Person) -> int:
        row = len(self.persons)
        if row == self._room:
            self._make_room(2 * self._room)
        self.persons.append(person)
        self.row_of[person.id] = row
        self._write(row, person)
        return row

    def _write(self, row: int, person: Person) -> None:
        self.persons[row] = person
        self.rate[row] = float(person.rate)
        self.currency[row] = self.currencies.setdefault(person.currency, len(self.currencies))
        self.pattern[row] = self.overlaps.number_of(person.zone, person.week)
        taken = sum((booking.hours for booking in person.bookings if _lasts(booking)), Decimal(0))
        self.free[row] = float(person.weekly_hours - taken)
        self.available_from[row] = person.available_from.toordinal() if person.available_from else 0
        self.lasting[row] = (
            WEIGHTS["rating"] * Rating(person.rating_sum, person.reviews_count).score
            + WEIGHTS["load"] * Load(person.weekly_hours, taken).score
        )

    def _make_room(self, room: int) -> None:
        for name, kind in _COLUMNS.items():
            column = np.zeros(room, kind)
            if self._room:
                column[: self._room] = getattr(self, name)
            setattr(self, name, column)
        self._room = room
        self._credits.clear()


def _lasts(booking: Booking) -> bool:
    """Whether the hours are taken on every day to come."""
    return booking.ends is None and booking.starts <= first_today()


def _having_of(persons: list[Person | None]) -> dict[UUID, Having]:
    """Who has what, of everybody at once."""
    found: dict[UUID, tuple[array[int], array[int]]] = {}
    for row, person in enumerate(persons):
        if person is None:
            continue
        for skill_id, level in zip(person.skills, person.levels, strict=True):
            known = found.get(skill_id)
            if known is None:
                known = found[skill_id] = (array("i"), array("b"))
            known[0].append(row)
            known[1].append(level)
    return {key: Having(np.array(rows, np.int32), np.array(levels, np.int8)) for key, (rows, levels) in found.items()}


def _without(having: Having, row: int) -> Having:
    at = int(np.searchsorted(having.rows, row))
    return Having(np.delete(having.rows, at), np.delete(having.levels, at))


def _with(having: Having, row: int, level: int) -> Having:
    at = int(np.searchsorted(having.rows, row))
    return Having(
        np.insert(having.rows, at, row).astype(np.int32, copy=False),
        np.insert(having.levels, at, level).astype(np.int8, copy=False),
    )
