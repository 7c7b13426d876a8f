"""What an analysis would come to with other answers, beside what it comes to now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

FIGURES = ("score", "hours_saved_per_month", "annual_saving", "build_cost", "payback_months")
LESS_IS_BETTER = ("build_cost", "payback_months")


@dataclass(frozen=True)
class Figure:
    """A figure before and after; None where there is none, as a payback where nothing is saved."""

    key: str
    before: Decimal | None
    after: Decimal | None

    @property
    def change(self) -> Decimal | None:
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def is_better(self) -> bool | None:
        """None where nothing changes."""
        if self.before == self.after:
            return None
        if self.before is None or self.after is None:
            return self.before is None
        return (self.after < self.before) == (self.key in LESS_IS_BETTER)


@dataclass(frozen=True)
class StepChange:
    """A step whose potential or saving is another one."""

    name: str
    potential: Figure
    hours_saved: Figure


@dataclass(frozen=True)
class Comparison:
    figures: Sequence[Figure]
    steps: Sequence[StepChange]

    @property
    def changes_anything(self) -> bool:
        return bool(self.steps) or any(one.is_better is not None for one in self.figures)


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    """Two results of one process, which has the same steps in both."""
    steps = [
        StepChange(old["name"], _figure("potential", old, new), _figure("hours_saved_per_month", old, new))
        for old, new in zip(before["steps"], after["steps"], strict=True)
    ]
    changed = [one for one in steps if (one.potential.is_better, one.hours_saved.is_better) != (None, None)]
    return Comparison([_figure(key, before, after) for key in FIGURES], changed)


def _figure(key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Figure:
    return Figure(key, _number(before[key]), _number(after[key]))


def _number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
