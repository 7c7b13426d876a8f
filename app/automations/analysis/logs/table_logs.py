"""Event logs out of tables: CSV of any separator and letters, XLSX, XLS and ODS."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from itertools import islice
from pathlib import Path

from app.automations.analysis.logs.events import COMPLETE, NOT_SAID, START, BadLog, Event, EventLog
from app.automations.analysis.logs.headings import (
    ACTIVITY,
    AT,
    CASE,
    LABELS,
    NEEDED,
    RESOURCE,
    STARTED_AT,
    TRANSITION,
    columns_of,
    is_known,
)
from app.automations.analysis.logs.moments import Moments, looks_ambiguous, order_in
from app.core.dates import Order
from app.core.tables import delimited, letters
from app.core.tables.heading import SEARCHED, find_heading, names_in
from app.core.tables.opening import WORKBOOKS, beginning_of, open_table
from app.core.tables.rows import Reading, Row, text_of

Progress = Callable[[int], None]
REPORTED = 10_000
_SAMPLE = 500
Rows = Callable[[], Iterator[Row]]


@dataclass(frozen=True)
class Settings:
    """What a person says of a log: the zone of times without one, which of day and month comes first, what the columns
    are called, and what names an activity in a file of XES."""

    zone: tzinfo = UTC
    day_order: Order | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    classifier: str = ""


def read_table(path: Path, settings: Settings, progress: Progress) -> EventLog:
    """Raises `Unreadable` for no table, and `BadLog` for one that is no event log."""
    with _rows_of(path) as rows:
        heading = find_heading(list(islice(rows(), SEARCHED)), is_known)
        names = names_in(heading)
        places = columns_of(names, settings.columns)
        _require_columns(places, names)
        below = lambda: (row for row in rows() if row.number > heading.number)  # noqa: E731
        return _read(below, places, settings, progress)


@contextmanager
def _rows_of(path: Path) -> Iterator[Rows]:
    """Text may be of any size here: its rows come one after the other."""
    if beginning_of(path).startswith(WORKBOOKS):
        with open_table(path) as table:
            yield table.rows
    else:
        encoding = letters.encoding_of(path)
        reading = Reading("csv", encoding=encoding, separator=_separator(path, encoding))
        yield lambda: delimited.rows_of(path, reading)


def _separator(path: Path, encoding: str) -> str:
    """The one under which most columns have names that are known; else the one that the cells suggest."""
    guessed = delimited.guess_separator(path, encoding)

    def known(separator: str) -> int:
        rows = islice(delimited.rows_of(path, Reading("csv", encoding=encoding, separator=separator)), SEARCHED)
        return max((sum(is_known(text_of(cell)) for cell in row.cells) for row in rows), default=0)

    return max((guessed, *delimited.SEPARATORS), key=known)


def _require_columns(places: Mapping[str, int], names: Sequence[str]) -> None:
    if missing := [name for name in NEEDED if name not in places]:
        wanted = " and ".join(f"“{LABELS[name]}”" for name in missing)
        there = ", ".join(name for name in names if name)[:500]
        raise BadLog(f"No column was found for {wanted}. The file has: {there}.", at=f"/columns/{missing[0]}")


def _read(
    rows: Callable[[], Iterable[Row]], places: Mapping[str, int], settings: Settings, progress: Progress
) -> EventLog:
    log = EventLog()
    moments = Moments(settings.zone, settings.day_order or _order_of(rows, places))
    for count, row in enumerate(rows()):
        if row.problem:
            log.refuse(row.number, row.problem)
            continue
        try:
            event = _event(row, places, moments)
            if event is not None:
                log.add(event)
        except ValueError as error:
            log.refuse(row.number, str(error))
        if count % REPORTED == 0:
            progress(count)
    if moments.without_time:
        log.notes.append(f"{moments.without_time:,} times are days without an hour; they count as midnight.")
    return log


def _order_of(rows: Callable[[], Iterable[Row]], places: Mapping[str, int]) -> Order | None:
    """Which of day and month comes first, by all cells: where the first ones look as if it mattered."""
    at = places[AT]
    if not looks_ambiguous(text_of(row.at(at)) for row in islice(rows(), _SAMPLE)):
        return None
    return order_in(text_of(row.at(at)) for row in rows())


def _event(row: Row, places: Mapping[str, int], moments: Moments) -> Event | None:
    """None for an event that is neither a start nor an end."""

    def cell(name: str) -> str:
        at = places.get(name)
        return "" if at is None else text_of(row.at(at)).strip()

    transition = transition_of(cell(TRANSITION))
    if transition is None:
        return None
    at = _moment(cell(AT), moments, "the end")
    begun = cell(STARTED_AT)
    started_at = _moment(begun, moments, "the start") if begun else NOT_SAID
    return Event(cell(CASE), cell(ACTIVITY), at, started_at, cell(RESOURCE), transition)


def _moment(text: str, moments: Moments, which: str) -> int:
    if not text:
        raise ValueError(f"It has no time ({which}).")
    try:
        return moments.read(text)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text[:40]!r} is no time. {error}") from None


def transition_of(text: str) -> int | None:
    """What a `lifecycle:transition` says: an event that has none is an end; None for others, such as `schedule`."""
    match text.casefold():
        case "" | "complete" | "completed" | "end":
            return COMPLETE
        case "start" | "started" | "begin":
            return START
    return None
