"""The only source of the present time, and of whose day it is. Tests set it; everything else asks it.

A day is somebody's: when it is Monday evening in Los Angeles, it is Tuesday in Auckland. `today_here` is the day of
whoever asks, `today_of` that of somebody else. Nobody's day is UTC's but that of who has no time zone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo

_EARLIEST, _LATEST = timedelta(hours=-12), timedelta(hours=14)
"""How far clocks on earth are from UTC at most."""


class Somewhere(Protocol):
    """Somebody with a time zone: a user, an assistant."""

    @property
    def timezone(self) -> str | None: ...


@dataclass
class _Clock:
    held_at: datetime | None = None


@dataclass(frozen=True)
class Here:
    """Who asks, and in which time zone; None where that isn't known, or where nobody asks."""

    person_id: Any = None
    zone: str | None = None


_NOWHERE = Here()
_clock = _Clock()
_here: ContextVar[Here] = ContextVar("here", default=_NOWHERE)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _clock.held_at or datetime.now(UTC)


def now_after(moment: datetime | None) -> datetime:
    """The present moment, or that one where the clock has been set back since: nothing ends before it began."""
    present = now()
    return present if moment is None else max(present, moment)


def here() -> Here:
    return _here.get()


def be_here(person_id: Any = None, zone: str | None = None) -> None:
    """From here on `today_here` is the day of that person. The edges call it; without a zone it is UTC's day."""
    _here.set(Here(person_id, zone) if person_id or zone else _NOWHERE)


@contextmanager
def being_here(person_id: Any, zone: str | None) -> Iterator[None]:
    """The same inside a block."""
    token = _here.set(Here(person_id, zone))
    try:
        yield
    finally:
        _here.reset(token)


@lru_cache(maxsize=512)
def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of that name, or none; names come from cookies, so nothing may go wrong here."""
    if not name or len(name) > 64 or name.startswith(("/", ".")):
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None


def zone_here() -> tzinfo:
    """The time zone of whoever asks."""
    return _zone(here().zone)


def today_here() -> date:
    """The present day of whoever asks."""
    return day_here(now())


def day_here(moment: datetime) -> date:
    """The day of whoever asks on which the moment lies."""
    return moment.astimezone(zone_here()).date()


def today_of(person: Somewhere) -> date:
    """The present day of somebody."""
    return today_in(person.timezone)


def today_in(zone: str | None) -> date:
    """The present day in the time zone of that name; in UTC without one."""
    return now().astimezone(_zone(zone)).date()


def first_today() -> date:
    """The earliest day that is today anywhere."""
    return (now() + _EARLIEST).date()


def last_today() -> date:
    """The latest day that is today anywhere."""
    return (now() + _LATEST).date()


def today() -> date:
    """The present day in UTC, for tests. In the application a day is somebody's."""
    return now().date()


def _zone(name: str | None) -> tzinfo:
    return zone_of(name or "") or UTC


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Hold the clock of this process at `at` (aware); nests."""
    if at.tzinfo is None:
        raise ValueError("the clock takes aware times only")
    before, _clock.held_at = _clock.held_at, at.astimezone(UTC)
    try:
        yield
    finally:
        _clock.held_at = before


@contextmanager
def shifted(by: timedelta) -> Iterator[None]:
    """Hold the clock at the present plus `by`."""
    with frozen(now() + by):
        yield
