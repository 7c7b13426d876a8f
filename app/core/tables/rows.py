"""What a table is made of."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from app.core.errors import Invalid

MAX_BYTES = 50 * 1024 * 1024
MAX_ROWS = 100_000
MAX_CELL = 100_000
MAX_COLUMNS = 500

Cell = str | int | float
"""A number only where the file itself says so (a workbook's cell); everything else is text, dates as ISO has them."""


class Unreadable(Invalid):
    """The file is no table that can be read; the message says why, and what would do."""

    code = "unreadable-file"

    def __init__(self, message: str) -> None:
        super().__init__(message, at="/file")


@dataclass(frozen=True)
class Row:
    """A row with its number as the spreadsheet shows it. `problem` says why the file's own row can't be trusted."""

    number: int
    cells: tuple[Cell, ...]
    problem: str = ""

    def at(self, index: int) -> Cell:
        return self.cells[index] if index < len(self.cells) else ""


@dataclass(frozen=True)
class Reading:
    """How a file is read: guessed, or chosen by a person. Only text has an encoding and a separator, only a workbook
    has sheets."""

    format: str
    encoding: str = ""
    separator: str = ""
    sheet: str = ""

    @classmethod
    def load(cls, values: dict[str, Any]) -> "Reading":
        return cls(**{name: str(values.get(name) or "") for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Table:
    """A file that was opened. `rows` begins anew with each call, and gives only the rows that hold anything."""

    reading: Reading
    rows: Callable[[], Iterator[Row]]
    sheets: Mapping[str, "Table"] = field(default_factory=dict)
    """Of a workbook, all its sheets that hold anything, this one among them."""
    notes: tuple[str, ...] = ()
    counted: int | None = None
    """How many rows there are, where the file was read through already."""

    def count(self, most: int) -> int:
        """How many rows there are, looked for no further than `most`."""
        return min(self.counted, most) if self.counted is not None else sum(1 for _ in islice(self.rows(), most))


def is_empty(cell: Cell) -> bool:
    return isinstance(cell, str) and not cell.strip()


def text_of(cell: Cell) -> str:
    """The cell as text: numbers as short as they are exact, with a point."""
    if isinstance(cell, str):
        return cell
    return f"{cell:.15f}".rstrip("0").rstrip(".") if "e" in repr(cell) else str(cell)
