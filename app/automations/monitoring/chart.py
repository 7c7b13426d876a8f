"""Hours saved by month as bars, beside what was promised: the geometry that a template draws as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from app.automations.monitoring.savings import MonthOf

WIDTH, HEIGHT = 720, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 10, 24
_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))


@dataclass(frozen=True)
class Bar:
    of: MonthOf
    x: float
    y: float
    width: float
    height: float
    promised_y: float | None


@dataclass(frozen=True)
class Level:
    y: float
    label: str


@dataclass(frozen=True)
class Chart:
    bars: Sequence[Bar]
    levels: Sequence[Level]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def draw_months(months: Sequence[MonthOf]) -> Chart:
    most = max([Decimal(1), *(_tallest(one) for one in months)])
    step = _step(most)
    top = step * (most / step).to_integral_value(ROUND_CEILING)
    slot = (WIDTH - LEFT - RIGHT) / max(len(months), 1)
    bars = []
    for at, one in enumerate(months):
        y = _y(one.figures.hours_saved, top)
        promised = one.figures.promised_hours
        bars.append(
            Bar(
                one, round(LEFT + at * slot + slot * 0.18, 1), y, round(slot * 0.64, 1),
                round(HEIGHT - BOTTOM - y, 1), _y(promised, top) if promised else None,
            )
        )  # fmt: skip
    count = int(top / step)
    return Chart(bars, [Level(_y(step * n, top), f"{(step * n).normalize():f}") for n in range(count + 1)])


def _tallest(one: MonthOf) -> Decimal:
    return max(one.figures.hours_saved, one.figures.promised_hours or Decimal(0))


def _step(most: Decimal) -> Decimal:
    size = Decimal(10) ** (most / 4).adjusted()
    return next(size * factor for factor in _STEPS if size * factor * 5 >= most)


def _y(amount: Decimal, top: Decimal) -> float:
    return round(HEIGHT - BOTTOM - float(amount / top) * (HEIGHT - TOP - BOTTOM), 1)
