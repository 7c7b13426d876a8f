"""Which row names the columns: often not the first, where a title or an address comes above."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from app.core.tables.rows import Row, Table, Unreadable, is_empty, text_of

SEARCHED = 60
"""Rows in which the heading is looked for."""
Knows = Callable[[str], bool]


def first_rows(table: Table) -> Sequence[Row]:
    return list(islice(table.rows(), SEARCHED))


def find_heading(rows: Sequence[Row], knows: Knows) -> Row:
    """The row with the most names that are known; where none is, the first that is as wide as the table."""
    if not rows:
        raise Unreadable("The file is empty.")
    best = max(rows, key=lambda row: _known(row, knows))
    if _known(best, knows) > 1 or (_known(best, knows) == 1 and _filled(best) == 1):
        return best
    widths = sorted(_filled(row) for row in rows)
    usual = widths[len(widths) // 2]
    texts = [row for row in rows if _filled(row) >= usual and all(isinstance(cell, str) for cell in row.cells)]
    return texts[0] if texts else rows[0]


def names_in(heading: Row) -> tuple[str, ...]:
    """The names of the columns; one without a name is an empty text, those at the end are left out. A heading with
    number 0 is none, and all its columns are without names."""
    names = [" ".join(text_of(cell).replace("\ufeff", "").split()) for cell in heading.cells]
    while names and not names[-1] and heading.number:
        names.pop()
    return tuple(names)


def below(rows: Iterable[Row], heading: int) -> Iterable[Row]:
    return (row for row in rows if row.number > heading)


def _known(row: Row, knows: Knows) -> int:
    return len({text for cell in row.cells if (text := text_of(cell).strip()) and knows(text)})


def _filled(row: Row) -> int:
    return sum(not is_empty(cell) for cell in row.cells)
