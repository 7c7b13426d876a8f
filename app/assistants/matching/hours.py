"""How much of somebody's working hours falls into the hours that are wanted: week by week, by real clocks.

Somebody's week is known in the person's zone, the wanted hours in the zone of the request. Both are turned into real
minutes, and compared there. So a shift in a night when clocks change is as long as it really is, and a pair of places
whose clocks change on different days is further apart in between.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from statistics import fmean
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.assistants.matching.facts import WEEKDAYS, Slot, Wanted
from app.assistants.matching.weights import OFFICE_HOURS

DAY = 24 * 60
WEEK = 7 * DAY
_REMEMBERED = 32_768

Week = tuple[Slot, ...]
Stretch = tuple[int, int]
"""From one minute to another, counted from some Monday at 00:00."""


class Times(NamedTuple):
    """The hours of the day that are wanted: `window` in minutes from midnight, on `weekdays`, in `zone`. A window that
    ends no later than it begins ends the next day."""

    zone: str
    window: tuple[int, int]
    weekdays: tuple[str, ...]

    @classmethod
    def of(cls, wanted: Wanted) -> "Times | None":
        """The times of a request; None where any will do. A zone without times means office hours; times without a zone
        mean nothing."""
        if wanted.zone is None or not wanted.weekdays:
            return None
        return cls(wanted.zone, wanted.window or OFFICE_HOURS, wanted.weekdays)

    def slots(self) -> Week:
        begins = self.window[0]
        days = sorted({WEEKDAYS.index(name) for name in self.weekdays})
        return tuple(Slot(day, begins, begins + window_length(self.window)) for day in days)


@lru_cache(maxsize=1)
def office_week() -> Week:
    """Monday to Friday in office hours."""
    return tuple(Slot(day, *OFFICE_HOURS) for day in range(5))


def window_length(window: tuple[int, int]) -> int:
    """How many minutes a window is long: it ends on the day on which it begins, or the next; a whole day at most."""
    begins, ends = window
    return (ends - begins - 1) % DAY + 1


class Together(NamedTuple):
    """Of one week from Monday to Sunday, in real minutes: how many are wanted, and how many of them somebody works."""

    common: int
    wanted: int

    def share(self, asked: Decimal) -> float:
        """What part of the hours `asked` a week are common: of the wanted ones, where these are fewer. At most 1."""
        enough = min(float(asked) * 60, self.wanted)
        return min(1.0, self.common / enough) if enough else 1.0


@lru_cache(maxsize=_REMEMBERED)
def mean_share(weeks: tuple[Together, ...], asked: Decimal) -> float:
    """The mean of what the weeks share."""
    return fmean(week.share(asked) for week in weeks)


@lru_cache(maxsize=_REMEMBERED)
def weeks_together(zone: str, week: Week, times: Times, monday: date, count: int) -> tuple[Together, ...] | None:
    """Week after week, from `monday` on: how somebody's working `week` in `zone` meets the wanted times. None where a
    zone isn't known."""
    if not (is_zone(zone) and is_zone(times.zone)):
        return None
    return tuple(_together(zone, week, times, monday + timedelta(days=7 * number)) for number in range(count))


def _together(zone: str, week: Week, times: Times, monday: date) -> Together:
    theirs, wanted = steady_offset(zone, monday), steady_offset(times.zone, monday)
    if theirs is None or wanted is None:
        return _while_clocks_change(zone, week, times, monday)
    return _while_clocks_stand(theirs - wanted, week, times)


@lru_cache(maxsize=_REMEMBERED)
def _while_clocks_stand(ahead: int, week: Week, times: Times) -> Together:
    """For any week in which the person's clock is `ahead` of the wanted one by so many minutes."""
    return _meet([(begins - ahead, ends - ahead) for begins, ends in _joined_shifts(week)], _joined_windows(times))


@lru_cache(maxsize=_REMEMBERED)
def _while_clocks_change(zone: str, week: Week, times: Times, monday: date) -> Together:
    return _meet(_in_reality(_shifts(week), zone, monday), _in_reality(_windows(times), times.zone, monday))


def _in_reality(stretches: Iterable[Stretch], zone: str, monday: date) -> list[Stretch]:
    return _joined((real_minute(zone, monday, begins), real_minute(zone, monday, ends)) for begins, ends in stretches)


def _meet(shifts: Sequence[Stretch], windows: Sequence[Stretch]) -> Together:
    return Together(_common(shifts, windows), sum(ends - begins for begins, ends in windows))


def _windows(times: Times) -> Iterator[Stretch]:
    return ((slot.weekday * DAY + slot.begins, slot.weekday * DAY + slot.ends) for slot in times.slots())


def _shifts(week: Week) -> Iterator[Stretch]:
    """The slots of one week, and those of the days before and after it, too, since clocks are up to 26 hours apart and
    slots may end a day later than they begin."""
    return (
        (begins, begins + slot.ends - slot.begins)
        for slot in week
        for begins in range(slot.weekday * DAY + slot.begins - WEEK, 2 * WEEK, WEEK)
        if -3 * DAY <= begins < WEEK + 3 * DAY
    )


@lru_cache(maxsize=_REMEMBERED)
def _joined_windows(times: Times) -> list[Stretch]:
    return _joined(_windows(times))


@lru_cache(maxsize=_REMEMBERED)
def _joined_shifts(week: Week) -> list[Stretch]:
    return _joined(_shifts(week))


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The stretches in order; those that touch or overlap are one, so that no minute counts twice."""
    joined: list[Stretch] = []
    for begins, ends in sorted(stretches):
        if joined and begins <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ends))
        elif ends > begins:
            joined.append((begins, ends))
    return joined


def _common(ones: Sequence[Stretch], others: Sequence[Stretch]) -> int:
    """How many minutes lie in both; the stretches of each are in order and apart."""
    minutes = one = other = 0
    while one < len(ones) and other < len(others):
        (begins, ends), (opens, closes) = ones[one], others[other]
        minutes += max(0, min(ends, closes) - max(begins, opens))
        if ends < closes:
            one += 1
        else:
            other += 1
    return minutes


def is_zone(name: str) -> bool:
    """Whether the time zone database knows that zone."""
    return _zone(name) is not None


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None


@lru_cache(maxsize=_REMEMBERED)
def steady_offset(zone: str, monday: date) -> int | None:
    """By how many minutes clocks in `zone` are ahead of UTC, if they are by the same throughout the week and the days
    about it that a shift may reach into."""
    midnight = datetime(monday.year, monday.month, monday.day, tzinfo=UTC)
    offsets = {_offset(zone, midnight + timedelta(days=day)) for day in range(-4, 13)}
    return offsets.pop() if len(offsets) == 1 else None


def _offset(zone: str, moment: datetime) -> int:
    offset = moment.astimezone(_zone(zone)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds()) // 60


def real_minute(zone: str, monday: date, minute: int) -> int:
    """The real minute, counted from `monday` at 00:00 in UTC, at which clocks in `zone` are `minute` past its 00:00.
    A time that a change of clocks leaves out is taken as if they had not changed yet; of one that comes twice, the
    first is meant."""
    shown = datetime(monday.year, monday.month, monday.day, tzinfo=_zone(zone)) + timedelta(minutes=minute)
    offset = shown.utcoffset()
    assert offset is not None
    return minute - int(offset.total_seconds()) // 60
