"""The only source of the present time. Tests set it; everything else asks it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta


@dataclass
class _Clock:
    held_at: datetime | None = None


_clock = _Clock()


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _clock.held_at or datetime.now(UTC)


def today() -> date:
    """The present day in UTC."""
    return now().date()


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
