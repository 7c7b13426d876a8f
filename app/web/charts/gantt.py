"""The geometry of a plan: a row for each task, bars along the calendar, arrows from what comes before."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.web.charts.days import Days

ROW, HEAD, FOOT = 26.0, 24.0, 8.0
NAMES, WIDTH = 200.0, 760.0
"""How much of the width the names take, and all of it."""
BAR = 14.0
_LONGEST_NAME = 28
_STUB = 5.0


@dataclass(frozen=True)
class Item:
    """A task. `may_end` is how late it may end without the plan ending later; `after` are keys of those before it."""

    key: Hashable
    label: str
    start: date
    finish: date
    may_end: date | None = None
    is_critical: bool = False
    is_done: bool = False
    after: tuple[Hashable, ...] = ()


@dataclass(frozen=True)
class Bar:
    item: Item
    name: str
    x: float
    y: float
    width: float
    slack: float
    """Where the line of what is left of time ends; where the bar does, if nothing is."""

    @property
    def end(self) -> float:
        return round(self.x + self.width, 2)

    @property
    def middle(self) -> float:
        return self.y + BAR / 2


@dataclass(frozen=True)
class Mark:
    """A day that is marked across all rows, such as a milestone."""

    x: float
    label: str
    day: date


@dataclass(frozen=True)
class Gantt:
    days: Days
    bars: tuple[Bar, ...]
    arrows: tuple[str, ...]
    """Paths, each from the end of a bar to the beginning of another."""
    marks: tuple[Mark, ...]
    height: float
    today: float | None

    width = WIDTH
    bar_height = BAR


def draw_gantt(items: Sequence[Item], marks: Sequence[tuple[str, date]], today: date) -> Gantt | None:
    """The chart of these tasks in their order; None where there are none."""
    if not items:
        return None
    days = _days(items, marks)
    bars = tuple(_bar(item, at, days) for at, item in enumerate(items))
    by_key = {bar.item.key: bar for bar in bars}
    height = HEAD + ROW * len(items) + FOOT + (ROW if marks else 0)
    return Gantt(
        days,
        bars,
        tuple(_arrow(by_key[key], bar) for bar in bars for key in bar.item.after if key in by_key),
        tuple(Mark(days.x(day + timedelta(days=1)), _short(label), day) for label, day in marks),
        height,
        days.x(today) if days.holds(today) else None,
    )


def _days(items: Sequence[Item], marks: Sequence[tuple[str, date]]) -> Days:
    """All days that there is something to see on, with a little room beside them."""
    first = min([item.start for item in items] + [day for _, day in marks])
    last = max([max(item.finish, item.may_end or item.finish) for item in items] + [day for _, day in marks])
    room = max((last - first).days // 40, 1)
    return Days(first - timedelta(days=room), last + timedelta(days=room), WIDTH - NAMES, NAMES)


def _bar(item: Item, at: int, days: Days) -> Bar:
    x, width = days.span(item.start, item.finish)
    width = max(width, 3.0)
    ends = days.x(item.may_end + timedelta(days=1)) if item.may_end and item.may_end > item.finish else x + width
    return Bar(item, _short(item.label), x, HEAD + at * ROW + (ROW - BAR) / 2, width, round(max(ends, x + width), 2))


def _arrow(before: Bar, after: Bar) -> str:
    """Out of the end of one bar, down or up, into the beginning of the other; around, where that begins earlier."""
    turn = before.end + _STUB
    if after.x >= turn + _STUB:
        return f"M{before.end} {before.middle}H{turn}V{after.middle}H{after.x}"
    lane = round(after.y - (ROW - BAR) / 2, 2) if after.y > before.y else round(after.y + BAR + (ROW - BAR) / 2, 2)
    back = round(after.x - _STUB * 1.6, 2)
    return f"M{before.end} {before.middle}H{turn}V{lane}H{back}V{after.middle}H{after.x}"


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_NAME else f"{label[: _LONGEST_NAME - 1].rstrip()}…"
