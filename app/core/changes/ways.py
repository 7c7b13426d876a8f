"""How the columns of a file are written: which sign is the decimal mark, whether the day or the month comes first."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.core.amounts import Ambiguous, decimal_mark, read_amount
from app.core.cells import unguard
from app.core.changes.columns import days_of, numbers_of
from app.core.changes.files.lines import Line
from app.core.changes.files.plan import Way
from app.core.dates import AmbiguousDay, order_of, read_day
from app.core.kinds import Filing


@dataclass(frozen=True)
class Columns:
    """What the columns of amounts and days show: the decimal mark or the order of each, as far as its cells give it
    away, an example of those that could be read in two ways throughout, and how many rows there are."""

    marks: dict[str, Way]
    unclear: dict[str, str]
    rows: int


def fields_with_ways(filing: Filing) -> set[str]:
    """The fields whose cells can be written in more than one way."""
    others = filing.rules.numbers if filing.rules else ()
    return {*numbers_of(filing.input), *days_of(filing.input), *others}


def look_through(filing: Filing, lines: Iterable[Line]) -> Columns:
    """Numbers of a workbook give nothing away: they are what they are."""
    days = days_of(filing.input)
    cells: dict[str, set[str]] = {name: set() for name in fields_with_ways(filing)}
    count = 0
    for line in lines:
        count += 1
        for name, seen in cells.items():
            cell = line.cells.get(name)
            if isinstance(cell, str) and cell:
                seen.add(unguard(cell))
    marks: dict[str, Way] = {}
    for name, seen in cells.items():
        if way := order_of(seen) if name in days else decimal_mark(seen):
            marks[name] = way
    unclear = {name: min(found) for name, seen in cells.items() if (found := _unclear(seen, days=name in days))}
    return Columns(marks, unclear, count)


def _unclear(cells: set[str], *, days: bool) -> list[str]:
    """Those that could be read in two ways, where no other tells which is meant."""
    tells, is_unclear = (order_of, _is_unclear_day) if days else (decimal_mark, _is_unclear_amount)
    if any(tells([cell]) for cell in cells):
        return []
    return [cell for cell in cells if is_unclear(cell)]


def _is_unclear_amount(cell: str) -> bool:
    return isinstance(read_amount(cell), Ambiguous)


def _is_unclear_day(cell: str) -> bool:
    try:
        return isinstance(read_day(cell), AmbiguousDay)
    except ValueError:
        return False
