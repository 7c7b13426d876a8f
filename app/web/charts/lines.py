"""Amounts over days as lines: the geometry that `templates/components/lines.html` draws.

Lines are told apart by dashes and marks as much as by colour; their `key` names both in the style sheet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal

from app.web.charts.days import Days, Tick

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 10, 26
MOST_MARKS = 14
"""Marks on one line; a line with more points has one at every second, third … of them, and at its last."""

_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))


@dataclass(frozen=True)
class Line:
    """A line to draw: what it is called, how it looks (`planned`, `spent`, …), and its amounts in the order of days."""

    name: str
    key: str
    points: Sequence[tuple[date, Decimal]]


@dataclass(frozen=True)
class DrawnLine:
    name: str
    key: str
    path: str
    """The value of a polyline's `points`."""
    marks: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Level:
    """A horizontal line of the scale."""

    y: float
    label: str


@dataclass(frozen=True)
class LineChart:
    lines: Sequence[DrawnLine]
    levels: Sequence[Level]
    months: Sequence[Tick]
    today: float | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def draw_lines(lines: Sequence[Line], today: date | None = None) -> LineChart | None:
    """The chart of these lines, from nothing upward; None where no line has a point."""
    days = [day for line in lines for day, _ in line.points]
    if not days:
        return None
    first, last = min(days), max(days)
    scale = Days(first, max(last, first + timedelta(days=1)), WIDTH - LEFT - RIGHT, LEFT)
    step, top = _scale(max(amount for line in lines for _, amount in line.points))
    return LineChart(
        lines=[_drawn(line, scale, top) for line in lines if line.points],
        levels=[Level(_y(step * n, top), in_brief(step * n)) for n in range(int(top / step) + 1)],
        months=scale.months(),
        today=scale.x(today) if today is not None and scale.holds(today) else None,
    )


def in_brief(amount: Decimal) -> str:
    """`0`, `750`, `12.5k`, `3M`."""
    for size, letter in ((Decimal(1_000_000_000), "B"), (Decimal(1_000_000), "M"), (Decimal(1_000), "k")):
        if amount >= size:
            return f"{(amount / size).normalize():f}{letter}"
    return f"{amount.normalize():f}"


def _scale(most: Decimal) -> tuple[Decimal, Decimal]:
    """A round step between levels, and the highest level: three to six of them reach over `most`."""
    if most <= 0:
        return Decimal(1), Decimal(1)
    size = Decimal(10) ** ((most / 4).adjusted())
    step = next(size * factor for factor in _STEPS if size * factor * 5 >= most)
    return step, step * (most / step).to_integral_value(ROUND_CEILING)


def _drawn(line: Line, scale: Days, top: Decimal) -> DrawnLine:
    places = [(scale.x(day), _y(amount, top)) for day, amount in line.points]
    apart = -(-len(places) // MOST_MARKS)
    marks = [place for at, place in enumerate(reversed(places)) if at % apart == 0]
    return DrawnLine(line.name, line.key, " ".join(f"{x},{y}" for x, y in places), marks)


def _y(amount: Decimal, top: Decimal) -> float:
    room = HEIGHT - TOP - BOTTOM
    return round(HEIGHT - BOTTOM - float(amount / top) * room, 2)
