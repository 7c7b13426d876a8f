"""What follows what, as a drawing: the activities below each other in the order of their places, what follows directly
as a line between them, what skips some as an arc at the right, what goes back as one at the left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_BOXES, MOST_LINES = 16, 60
WIDTH, BOX, HEIGHT, STEP, TOP = 360, 180, 38, 70, 6
LEFT = (WIDTH - BOX) / 2
RIGHT = LEFT + BOX
MIDDLE = WIDTH / 2
_LONGEST = 24
_WIDEST = 5.0


@dataclass(frozen=True)
class Box:
    name: str
    short: str
    count: int
    y: float


@dataclass(frozen=True)
class Line:
    """`way` is next, skip, back or self. The number stands at x, y."""

    path: str
    way: str
    width: float
    count: int
    x: float
    y: float
    says: str


@dataclass(frozen=True)
class Graph:
    boxes: Sequence[Box]
    lines: Sequence[Line]
    height: float
    hidden: int
    width: int = WIDTH
    box: int = BOX
    box_height: int = HEIGHT
    left: float = LEFT


def draw_graph(log: Mapping[str, Any]) -> Graph | None:
    """The graph of a measured log; the rarest activities and lines are left out and counted."""
    most = log["activities"][:MOST_BOXES]
    order = [row["activity"] for row in sorted(most, key=lambda row: (row["place"], row["activity"]))]
    if not order:
        return None
    at = {name: number for number, name in enumerate(order)}
    counts = {row["activity"]: row["count"] for row in most}
    edges = [edge for edge in log["edges"] if edge["from"] in at and edge["to"] in at][:MOST_LINES]
    largest = max((edge["count"] for edge in edges), default=1)
    return Graph(
        [Box(name, _short(name), counts[name], TOP + at[name] * STEP) for name in order],
        [_line(at[edge["from"]], at[edge["to"]], edge, largest) for edge in edges],
        TOP * 2 + (len(order) - 1) * STEP + HEIGHT,
        log["edges_total"] - len(edges),
    )


def _line(first: int, second: int, edge: Mapping[str, Any], largest: int) -> Line:
    upper, lower = TOP + first * STEP, TOP + second * STEP
    width = round(1 + (_WIDEST - 1) * edge["count"] / largest, 2)
    times, wait = f"{edge['count']:,}", edge["waiting"]["median_hours"]
    says = f"{edge['from']} → {edge['to']}: {times} times, median wait {wait:g} hours"
    if second == first + 1:
        path = f"M{MIDDLE} {upper + HEIGHT}V{lower - 2}"
        return Line(path, "next", width, edge["count"], MIDDLE + 8, (upper + HEIGHT + lower) / 2 + 4, says)
    if second == first:
        path = f"M{RIGHT} {upper + 8}c26 -6 26 28 0 22"
        return Line(path, "self", width, edge["count"], RIGHT + 22, upper + HEIGHT / 2 + 4, says)
    begin, end = upper + HEIGHT / 2, lower + HEIGHT / 2
    out = min(14 + 9 * abs(second - first), LEFT - 18)
    if second > first:
        path = f"M{RIGHT} {begin + 6}C{RIGHT + out} {begin + 6} {RIGHT + out} {end - 6} {RIGHT + 2} {end - 6}"
        return Line(path, "skip", width, edge["count"], RIGHT + out * 0.75 + 4, (begin + end) / 2 + 4, says)
    path = f"M{LEFT} {begin - 6}C{LEFT - out} {begin - 6} {LEFT - out} {end + 6} {LEFT - 2} {end + 6}"
    return Line(path, "back", width, edge["count"], LEFT - out * 0.75 - 4, (begin + end) / 2 + 4, says)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1].rstrip()}…"
