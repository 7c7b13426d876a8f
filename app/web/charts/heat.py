"""Cells of a heat map: how much of what there is, is taken, in steps that a reader tells apart without colour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

STEPS = 4
"""Shades between all free and all taken; each is a quarter."""


@dataclass(frozen=True)
class Cell:
    """`free` of `whole` is left. `url` leads to what lies behind."""

    monday: date
    whole: Decimal
    free: Decimal
    url: str = ""

    @property
    def level(self) -> str:
        """`none` where there is nothing to take, else `0` (all free) to `4` (nothing left)."""
        if self.whole <= 0:
            return "none"
        return str(STEPS if self.free <= 0 else min(int(self.taken_share * STEPS), STEPS - 1))

    @property
    def taken_share(self) -> float:
        """From 0 to 1."""
        return float(1 - self.free / self.whole) if self.whole > 0 else 0.0

    @property
    def percent(self) -> int:
        return round(100 * self.taken_share)


@dataclass(frozen=True)
class Row:
    """What one team, or one person, has in each week."""

    name: str
    cells: Sequence[Cell]
    url: str = ""
    note: str = ""
