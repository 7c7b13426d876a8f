"""When a schedule is due: five fields of cron, read on the wall clock of a time zone.

A time that a clock change skips is due at the first moment after the gap; one that comes twice is due once, the first
time. Fields are matched against times without a zone, so every zone and every change of clocks follows the same rule.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from app.core.clock import zone_of

ON_TIME = timedelta(minutes=1)
KEPT_FOR_ALL = timedelta(hours=24)
"""How far back `"missed": "all"` goes: at most 1,440 times, one a minute."""
_DAY = timedelta(hours=25)
"""More than any change of clocks, of which the longest left out a whole day."""


def problem_of_cron(cron: str) -> str | None:
    """Why this isn't a schedule, or None if it is one."""
    if len(cron.split()) != 5:
        return "A schedule has five fields: minute, hour, day of month, month, day of week."
    try:
        next(CronSim(cron, datetime(2026, 1, 1)))  # noqa: DTZ001 - times on a wall have no zone
    except (CronSimError, StopIteration):
        return "This schedule isn’t valid or never comes due. For example, “0 6 * * 1” means Mondays at 6:00."
    return None


def due_times(cron: str, zone: str, after: datetime) -> Iterator[datetime]:
    """The moments (UTC) later than `after` at which the schedule is due, in order, each once."""
    clock = _clock(zone)
    start, last = after.astimezone(clock).replace(tzinfo=None), after
    if _clocks_change(clock, after):
        start -= _DAY  # A gap moves times later: one that was skipped lately may lie ahead.
    for wall in CronSim(cron, start):
        moment = _moment_of(wall, clock)
        if moment > last:
            last = moment
            yield moment


def next_due(cron: str, zone: str, after: datetime) -> datetime | None:
    return next(due_times(cron, zone, after), None)


def last_due(cron: str, zone: str, at: datetime) -> datetime | None:
    """The last moment up to `at` at which the schedule was due."""
    clock = _clock(zone)
    start = at.astimezone(clock).replace(tzinfo=None) + timedelta(minutes=1)
    if _clocks_change(clock, at):
        start += _DAY  # Times that come twice are due the first time, which may be over already.
    moments = (_moment_of(wall, clock) for wall in CronSim(cron, start, reverse=True))
    return next((moment for moment in moments if moment <= at), None)


def next_few(cron: str, zone: str, after: datetime, count: int = 5) -> list[datetime]:
    return list(islice(due_times(cron, zone, after), count))


@dataclass(frozen=True)
class Due:
    """A moment at which a schedule is due. `local` is what the clock on the wall shows; `note` is what a change of
    clocks has to do with it."""

    at: datetime
    local: datetime
    note: str


def upcoming(cron: str, zone: str, after: datetime, count: int = 5) -> list[Due]:
    """The next times, with the offsets from UTC that they have."""
    clock = _clock(zone)
    return [
        Due(moment, moment.astimezone(clock), _note(cron, moment, clock))
        for moment in next_few(cron, zone, after, count)
    ]


def _note(cron: str, moment: datetime, clock: ZoneInfo) -> str:
    local = moment.astimezone(clock)
    if local.utcoffset() != (moment - timedelta(seconds=1)).astimezone(clock).utcoffset():
        before = local.replace(tzinfo=None) - timedelta(minutes=1)
        if next(CronSim(cron, before)) != local.replace(tzinfo=None):
            return "The clocks go forward, so this time is skipped. It runs right after the change."
    if local.fold == 0 and local.replace(fold=1).utcoffset() != local.utcoffset():
        return "The clocks go back, so this time occurs twice. It runs only the first time."
    return ""


@dataclass(frozen=True)
class Plan:
    """What follows from a schedule that is due: the times to run for now, and when it is due next."""

    ticks: tuple[datetime, ...]
    next: datetime | None


@lru_cache(4096)
def plan(cron: str, zone: str, missed: str, due: datetime, at: datetime) -> Plan:
    """What to do at `at` for a schedule that was due first at `due`, and hasn't been looked at since.

    A time counts as missed once a minute has passed. Of those, `missed` takes the last (`one`), those of the last 24
    hours (`all`), or none.
    """
    latest = max(due, last_due(cron, zone, at) or due)
    ticks: tuple[datetime, ...] = (latest,)
    if missed == "all":
        since = max(due, at - KEPT_FOR_ALL) - timedelta(microseconds=1)
        ticks = tuple(takewhile(lambda moment: moment <= at, due_times(cron, zone, since)))
    elif missed == "none" and at - latest > ON_TIME:
        ticks = ()
    return Plan(ticks, next_due(cron, zone, at))


def _clock(zone: str) -> ZoneInfo:
    clock = zone_of(zone)
    if clock is None:
        raise ValueError(f"there is no time zone {zone!r}")
    return clock


def _clocks_change(clock: ZoneInfo, near: datetime) -> bool:
    """Whether the clocks of the zone change within a day before or after."""
    around = (near - _DAY, near, near + _DAY)
    return len({moment.astimezone(clock).utcoffset() for moment in around}) > 1


def _moment_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first moment at which the clock on the wall shows this time, or jumps over it."""
    before = wall.replace(tzinfo=zone, fold=0)
    moment = before.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    early, late = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), moment
    offset = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        middle = middle.replace(microsecond=0) if middle.replace(microsecond=0) > early else middle
        if middle.astimezone(zone).utcoffset() == offset:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)
