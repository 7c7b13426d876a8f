"""Rows of a text file: whatever separates its cells. A row that can't be read is wrong by itself; those after it are
read on."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from app.core.tables.rows import MAX_CELL, Reading, Row, Unreadable

SEPARATORS = {";": "semicolons", ",": "commas", "\t": "tabs", "|": "bars"}
_SAMPLE_ROWS = 25
_SAMPLE_CHARACTERS = 256 * 1024
_LINES_OF_A_ROW = 2_000
_NAMED = re.compile(r"\ufeff?\"?sep=(.)\"?\s*$", re.IGNORECASE)
UNREADABLE = "\ufffd"
"""What stands for a byte that is no letter in the file's encoding."""


def rows_of(path: Path, reading: Reading) -> Iterator[Row]:
    """The rows that hold anything, numbered from 1 as a spreadsheet does: empty ones count."""
    lines = _Lines(_text_lines(path, reading.encoding))
    _skip_named(lines)
    csv.field_size_limit(MAX_CELL)
    number = 0
    while True:
        number += 1
        lines.begin()
        row = _next_row(lines, reading.separator, number)
        if row is None:
            return
        if row.problem or any(cell.strip() for cell in row.cells if isinstance(cell, str)):
            yield row


def guess_separator(path: Path, encoding: str) -> str:
    """What the first line names (`sep=;`), else the separator under which the quotation marks of the first rows fit,
    and which cuts most of them into equally many columns."""
    lines = list(islice(_sample(path, encoding), 400))
    if lines and (named := _NAMED.match(lines[0])):
        return named[1]

    def score(separator: str) -> tuple[bool, int, int]:
        widths = [len(cells) for cells in islice(_records(lines, separator, strict=False), _SAMPLE_ROWS)]
        if not widths:
            return (False, 0, 0)
        width, times = max(Counter(widths).items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
        return (_quotes_fit(lines, separator), min(width, 2), width * times)

    return max(SEPARATORS, key=score)


def _quotes_fit(lines: list[str], separator: str) -> bool:
    try:
        return all(islice(_records(lines, separator, strict=True), _SAMPLE_ROWS))
    except csv.Error:
        return False


def _records(lines: list[str], separator: str, *, strict: bool) -> Iterator[list[str]]:
    reader = csv.reader(iter(lines), delimiter=separator, strict=strict)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            if strict:
                raise
            continue
        if any(map(str.strip, cells)):
            yield cells


def _sample(path: Path, encoding: str) -> Iterator[str]:
    left = _SAMPLE_CHARACTERS
    for line in _text_lines(path, encoding):
        if left <= 0:
            return
        left -= len(line)
        yield line[:_SAMPLE_CHARACTERS]


def _text_lines(path: Path, encoding: str) -> Iterator[str]:
    errors = "replace"
    with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, errors=errors, newline="") as file:
        for number, line in enumerate(file, 1):
            if "\0" in line:
                raise Unreadable(f"Line {number} of the file has a NUL character, so this isn't a table saved as CSV.")
            yield line.removeprefix("\ufeff") if number == 1 else line


def _skip_named(lines: "_Lines") -> None:
    first = next(lines, None)
    if first is not None and not _NAMED.match(first):
        lines.begin()
        lines.again([first])


def _next_row(lines: "_Lines", separator: str, number: int) -> Row | None:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        cells = next(reader, None)
    except csv.Error as error:
        return _wrong_row(lines, separator, number, error)
    return None if cells is None else Row(number, tuple(cells))


def _wrong_row(lines: "_Lines", separator: str, number: int, error: csv.Error) -> Row:
    """Where a quotation mark is left open, the row ends with its first line; else with the line at which it was
    noticed."""
    is_open = lines.is_over or "field larger" in str(error) or len(lines.taken) >= _LINES_OF_A_ROW
    if is_open:
        lines.again(lines.taken[1:])
        problem = "A quotation mark in this row is opened and not closed."
    else:
        problem = "A quotation mark is in the middle of a quoted cell. Inside a cell it is written twice."
    first = lines.taken[0] if lines.taken else ""
    cells = next(csv.reader([first[:MAX_CELL]], delimiter=separator), [])
    return Row(number, tuple(cells), problem)


class _Lines:
    """Lines that can be given back, and those that the current row took."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._waiting: list[str] = []
        self.taken: list[str] = []
        self.is_over = False

    def begin(self) -> None:
        self.taken = []

    def again(self, lines: list[str]) -> None:
        self._waiting = [*lines, *self._waiting]
        self.is_over = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) >= _LINES_OF_A_ROW:
            raise StopIteration
        line = self._waiting.pop(0) if self._waiting else next(self._lines, None)
        if line is None:
            self.is_over = True
            raise StopIteration
        self.taken.append(line)
        return line
