"""Moments as people and programs write them in event logs: `2026-11-03T14:05:07+01:00`, `3.11.2026 14:05`,
`11/03/2026 2:05 PM`. One without a zone is by the clock of the zone that the log is read in."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from app.automations.analysis.logs.events import BadLog, microseconds
from app.core.dates import AmbiguousDay, Order, order_of, read_day

HOW = "Give a date and a time, as in 2026-12-01 14:05."
WHICH = (
    "Dates such as {text} may have the day first or the month first, and no other date of the file tells. "
    "Say which it is."
)
_TIME = re.compile(
    r"[\s,T]*(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?(?:\s*Uhr)?\s*(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?$"
)
_SINCE_1970 = re.compile(r"(\d{10})(\d{3})?(?:\.0+)?", re.ASCII)
_NEITHER_KNOWN = re.compile(r"\d{1,2}[-/]\d{1,2}[-/]\d{2,4}\b")
_MOST_REMEMBERED = 100_000


class Moments:
    """Reads the moments of one column."""

    def __init__(self, zone: tzinfo, order: Order | None = None) -> None:
        self._zone = zone
        self._order = order
        self._days: dict[str, date] = {}
        self.without_time = 0

    def read(self, cell: str) -> int:
        """Microseconds since 1970. Raises ValueError in words for people, and `BadLog` where nobody can know which of
        two days is meant."""
        text = cell.strip()
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = self._by_hand(text)
        else:
            self.without_time += len(text) <= 10
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._zone)
        return microseconds(moment)

    def _by_hand(self, text: str) -> datetime:
        if found := _SINCE_1970.fullmatch(text):
            return datetime.fromtimestamp(int(found[1]), UTC) + timedelta(milliseconds=int(found[2] or 0))
        found = _TIME.search(text)
        if found is None:
            self.without_time += 1
            return datetime.combine(self._day(text), time())
        return _combined(self._day(text[: found.start()]), found)

    def _day(self, text: str) -> date:
        if (known := self._days.get(text)) is not None:
            return known
        try:
            day = read_day(text, self._order)
        except ValueError:
            raise ValueError(HOW) from None
        if isinstance(day, AmbiguousDay):
            raise BadLog(WHICH.format(text=text.strip()), at="/day_order")
        if len(self._days) < _MOST_REMEMBERED:
            self._days[text] = day
        return day


def looks_ambiguous(cells: Iterable[str]) -> bool:
    """Whether the days of some cells are numbers between slashes or hyphens, the year last."""
    return any(_NEITHER_KNOWN.match(cell.strip()) for cell in cells)


def order_in(cells: Iterable[str]) -> Order | None:
    """Whether the cells have the day first or the month first, as far as any of them tells."""
    return order_of(cell.strip() for cell in cells)


def _combined(day: date, found: re.Match[str]) -> datetime:
    hour = int(found["hour"])
    if half := found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(HOW)
        hour = hour % 12 + (12 if half[0] in "Pp" else 0)
    part = int((found["part"] or "").ljust(6, "0")[:6])
    try:
        clock = time(hour % 24, int(found["minute"]), int(found["second"] or 0), part)
    except ValueError:
        raise ValueError(HOW) from None
    if hour > 24 or (hour == 24 and clock != time()):
        raise ValueError(HOW)
    moment = datetime.combine(day, clock) + timedelta(days=hour // 24)
    return moment.replace(tzinfo=_zone(found["zone"])) if found["zone"] else moment


def _zone(text: str) -> tzinfo:
    if text in ("Z", "UTC"):
        return UTC
    parsed = datetime.fromisoformat(f"2000-01-01T00:00:00{text}").tzinfo
    assert parsed is not None
    return parsed
