"""When a schedule is due: five fields of cron, read on the wall clock of a time zone.

A time that a clock change skips is due at the first moment after the gap; one that comes twice is due once, the first
time. Fields are matched against times without a zone, so every zone and every change of clocks follows the same rule.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from cronsim import CronSim, CronSimError

from app.core.clock import zone_of


def problem_of_cron(cron: str) -> str | None:
    """Why this isn't a schedule, or None if it is one."""
    if len(cron.split()) != 5:
        return "A schedule has five fields: minute, hour, day of the month, month, day of the week."
    try:
        next(CronSim(cron, datetime(2026, 1, 1)))  # noqa: DTZ001 - times on a wall have no zone
    except (CronSimError, StopIteration):
        return "This isn’t a schedule that ever comes due, as “0 6 * * 1” does on Mondays at 6:00."
    return None


def due_times(cron: str, zone: str, after: datetime) -> Iterator[datetime]:
    """The moments (UTC) later than `after` at which the schedule is due, in order, each once."""
    clock = zone_of(zone)
    if clock is None:
        raise ValueError(f"there is no time zone {zone!r}")
    # A gap moves times later: begin a day before, so that one that was skipped lately isn't lost.
    start = after.astimezone(clock).replace(tzinfo=None) - timedelta(days=1, hours=1)
    last = after
    for wall in CronSim(cron, start):
        moment = _moment_of(wall, clock)
        if moment > last:
            last = moment
            yield moment


def next_due(cron: str, zone: str, after: datetime) -> datetime | None:
    return next(due_times(cron, zone, after), None)


def next_few(cron: str, zone: str, after: datetime, count: int = 5) -> list[datetime]:
    return list(islice(due_times(cron, zone, after), count))


def _moment_of(wall: datetime, zone: object) -> datetime:
    """The first moment at which the clock on the wall shows this time, or jumps over it."""
    before = wall.replace(tzinfo=zone, fold=0)  # type: ignore[arg-type]
    moment = before.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:  # type: ignore[arg-type]
        return moment
    early, late = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), moment  # type: ignore[arg-type]
    offset = early.astimezone(zone).utcoffset()  # type: ignore[arg-type]
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        middle = middle.replace(microsecond=0) if middle.replace(microsecond=0) > early else middle
        if middle.astimezone(zone).utcoffset() == offset:  # type: ignore[arg-type]
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)
