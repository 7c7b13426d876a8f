"""An event log in memory: a column of numbers for each thing that is known of an event."""

from array import array
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from app.core.errors import Invalid

MOST_EVENTS = 2_000_000
MOST_ACTIVITIES = 1_000
MOST_WRONG_KEPT = 100
LONGEST_NAME = 160
NOT_SAID = -(2**63)
NOBODY = -1
START, COMPLETE = 1, 0
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = (datetime.min.replace(tzinfo=UTC) - EPOCH) // _MICROSECOND
_LAST = (datetime.max.replace(tzinfo=UTC) - EPOCH) // _MICROSECOND
Numbers = NDArray[np.int64]


class BadLog(Invalid):
    """The file is no event log that can be analysed; the message says why, and what would do."""

    code = "bad-event-log"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A row or an event that can't be read. `number` is the file's row, or the event's place in a file without rows."""

    number: int
    message: str


class Names:
    """Texts by number, in the order in which they came."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        return self._numbers.setdefault(name, len(self._numbers))

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, name: str) -> bool:
        return name in self._numbers

    def all(self) -> list[str]:
        return list(self._numbers)


@dataclass(slots=True)
class Event:
    """An event as it was read. Times are microseconds since 1970 in UTC; `at` is when it was completed, unless
    `transition` says that it began then."""

    case: str
    activity: str
    at: int
    started_at: int = NOT_SAID
    resource: str = ""
    transition: int = COMPLETE
    instance: str = ""


@dataclass
class EventLog:
    """Events in the order in which they were read. Where both starts and completions are events of their own,
    `join_starts` makes one of the two."""

    cases: Names = field(default_factory=Names)
    activities: Names = field(default_factory=Names)
    resources: Names = field(default_factory=Names)
    wrong: list[Wrong] = field(default_factory=list)
    wrong_count: int = 0
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._case, self._activity, self._resource = array("i"), array("i"), array("i")
        self._at, self._started_at = array("q"), array("q")
        self._is_start = array("b")
        self._instances = Names()
        self._instance = array("i")

    def __len__(self) -> int:
        return len(self._at)

    def add(self, event: Event) -> None:
        """Raises ValueError for an event that can't be, and `BadLog` for more than a log may have."""
        if not event.case:
            raise ValueError("It doesn’t say to which case it belongs.")
        if not event.activity:
            raise ValueError("It doesn’t say what was done.")
        if event.started_at != NOT_SAID and event.started_at > event.at:
            raise ValueError("It ends before it begins.")
        if len(self._at) >= MOST_EVENTS:
            raise BadLog(f"The log has more than {MOST_EVENTS:,} events. Take a shorter period.", at="/file")
        self._case.append(self.cases.number(event.case))
        self._activity.append(self._activity_of(event.activity))
        self._resource.append(self.resources.number(event.resource) if event.resource else NOBODY)
        self._at.append(event.at)
        self._started_at.append(event.started_at)
        self._is_start.append(event.transition)
        self._instance.append(self._instances.number(event.instance) if event.instance else NOBODY)

    def _activity_of(self, name: str) -> int:
        if len(self.activities) >= MOST_ACTIVITIES and name[:LONGEST_NAME] not in self.activities:
            raise BadLog(
                f"There are more than {MOST_ACTIVITIES:,} different activities. Choose the column that says what was "
                "done, without numbers of its own.",
                at="/file",
            )
        return self.activities.number(name[:LONGEST_NAME])

    def refuse(self, number: int, message: str) -> None:
        self.wrong_count += 1
        if len(self.wrong) < MOST_WRONG_KEPT:
            self.wrong.append(Wrong(number, message))

    def columns(self) -> "Columns":
        """The events by case, within a case by time; of equal times the one that was read first comes first."""
        case, at = _numbers(self._case), _numbers(self._at)
        order = np.lexsort((at, case))
        return Columns(
            case[order],
            _numbers(self._activity)[order],
            at[order],
            _numbers(self._started_at)[order],
            _numbers(self._resource)[order],
        )

    def join_starts(self) -> None:
        """Make one event of a start and the next completion of the same activity (and instance) in its case: the first
        that began is the first that ends. What began and never ended is left out, and noted."""
        starts = sum(self._is_start)
        if not starts:
            return
        if starts == len(self):
            self.notes.append("The log only says when activities began, so their duration isn’t known.")
            self._is_start = array("b", bytes(len(self)))
            return
        open_starts = self._take_starts()
        if open_starts:
            self.notes.append(f"{open_starts:,} activities began and have no end; they are left out.")
        self._keep([not start for start in self._is_start])

    def _take_starts(self) -> int:
        """Give completions the times of their starts; how many starts are left."""
        waiting: dict[tuple[int, int, int], deque[int]] = defaultdict(deque)
        completes_last = 1 - np.frombuffer(self._is_start, dtype=np.int8).astype(np.int64)
        for at in np.lexsort((completes_last, _numbers(self._at))).tolist():
            key = (self._case[at], self._activity[at], self._instance[at])
            if self._is_start[at]:
                waiting[key].append(self._at[at])
            elif (begun := waiting.get(key)) and self._started_at[at] == NOT_SAID:
                self._started_at[at] = begun.popleft()
        return sum(map(len, waiting.values()))

    def _keep(self, wanted: list[bool]) -> None:
        for name in ("_case", "_activity", "_at", "_started_at", "_resource", "_instance", "_is_start"):
            column = getattr(self, name)
            setattr(
                self, name, array(column.typecode, (value for value, keep in zip(column, wanted, strict=True) if keep))
            )


@dataclass(frozen=True, slots=True)
class Columns:
    """Events in their order, a column for each thing."""

    case: Numbers
    activity: Numbers
    at: Numbers
    started_at: Numbers
    resource: Numbers


def _numbers(column: "array[int]") -> Numbers:
    return np.frombuffer(column, dtype=f"i{column.itemsize}").astype(np.int64) if column else np.zeros(0, np.int64)


def microseconds(moment: datetime) -> int:
    """Since 1970. Raises OverflowError for a moment that lies outside of all years in UTC."""
    value = (moment - EPOCH) // _MICROSECOND
    if not _FIRST <= value <= _LAST:
        raise OverflowError("It lies outside of the years 1 to 9999.")
    return value


def moment_of(value: int) -> datetime:
    return EPOCH + timedelta(microseconds=value)
