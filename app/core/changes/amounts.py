"""Amounts as people write them: `1.499,00`, `1,499.00 €`, `1 499,-`. What a cell could mean either way is said,
not guessed.

A comma or a point before exactly three digits may mark thousands or decimals. The other cells of the column tell which
is meant: somebody who writes `12,50` above means a decimal comma below, too.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Mark = Literal[",", "."]

_CURRENCY = re.compile(r"[€$£¥]|\b(?:EUR|USD|GBP|CHF|Fr\.?|SFr\.?)(?![A-Za-z])", re.IGNORECASE)
_SPACES = re.compile(r"(?<=\d)[\s\u00a0\u202f\u2009'’](?=\d{3}(?!\d))")
_NO_CENTS = re.compile(r"[.,][-–—]{1,2}$")
_PLAIN = re.compile(r"[-−+]?\d+")
_GROUPED = {mark: re.compile(rf"[-−+]?\d{{1,3}}(?:\{mark}\d{{3}})+") for mark in (",", ".")}
_DECIMAL = {
    mark: re.compile(rf"[-−+]?(?:\d+|\d{{1,3}}(?:\{other}\d{{3}})+)?\{mark}\d+") for mark, other in (",.", ".,")
}
_EITHER = re.compile(r"[-−+]?[1-9]\d{0,2}[.,]\d{3}")


@dataclass(frozen=True)
class Ambiguous:
    """A cell that could be two amounts; both, as plain decimals."""

    whole: str
    decimal: str


def read_amount(cell: str, mark: Mark | None) -> str | Ambiguous:
    """The cell as a plain decimal, where its column's decimal mark is `mark`, if that is known.

    What is no amount stays as it is, for the schema to refuse.
    """
    bare = _strip(cell)
    own = _evidence(bare)
    if own:
        return _plain(bare, own.pop())
    if not _EITHER.fullmatch(bare):
        return _plain(bare, ".") if _PLAIN.fullmatch(bare) else cell.strip()
    if mark is not None:
        return _plain(bare, mark)
    return Ambiguous(*sorted((_plain(bare, ","), _plain(bare, ".")), key=lambda plain: "." in plain))


def decimal_mark(cells: Iterable[str]) -> Mark | None:
    """The decimal mark that a column's cells give away; none when nothing does, or some say this and some that."""
    found: set[Mark] = set()
    for cell in cells:
        found |= _evidence(_strip(cell))
        if len(found) == 2:
            return None
    return found.pop() if found else None


def _strip(cell: str) -> str:
    bare = _CURRENCY.sub("", cell).strip()
    bare = _NO_CENTS.sub("", bare)
    return _SPACES.sub("", bare).strip()


def _evidence(cell: str) -> set[Mark]:
    if _EITHER.fullmatch(cell) or _PLAIN.fullmatch(cell):
        return set()
    if _DECIMAL[","].fullmatch(cell) or _GROUPED["."].fullmatch(cell):
        return {","}
    if _DECIMAL["."].fullmatch(cell) or _GROUPED[","].fullmatch(cell):
        return {"."}
    return set()


def _plain(cell: str, mark: Mark) -> str:
    thousands = "," if mark == "." else "."
    return cell.replace(thousands, "").replace(mark, ".").replace("−", "-").removeprefix("+")
