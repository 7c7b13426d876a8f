"""Where the boxes and lines of a graph without circles go: in layers from the top to the bottom, each below all that
it needs. Lines that follow from others are left out: where c needs b and b needs a, there is none from a to c.

The usual way of Sugiyama and others: layers by the longest way, lines over several layers bent around the boxes, an
order within each layer that crosses few lines, and then places as near to those of the neighbours as there is room.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

_SWEEPS = 4


@dataclass(frozen=True)
class Sizes:
    """In the units of the drawing: a box, the room beside it and below it, and what a passing line takes."""

    width: float = 168
    height: float = 46
    gap: float = 16
    drop: float = 34
    lane: float = 14
    margin: float = 4


@dataclass(eq=False)
class _Item:
    """A box, or a bend of a line that passes a layer (`box` is None)."""

    box: int | None
    layer: int
    up: list["_Item"] = field(default_factory=list)
    down: list["_Item"] = field(default_factory=list)
    x: float = 0


@dataclass(frozen=True)
class Layout:
    """The middle of each box's upper edge, and the points of each line from box to box."""

    width: float
    height: float
    boxes: Sequence[tuple[float, float]]
    lines: Sequence[tuple[int, int, Sequence[tuple[float, float]]]]


def without_circles(needs: Sequence[Iterable[int]]) -> list[list[int]]:
    """What each needs, but for what would close a circle, or isn't there."""
    kept: list[list[int]] = [[] for _ in needs]
    colour = [0] * len(needs)  # 1 while a box is being looked at, 2 when that is done
    for start in range(len(needs)):
        if colour[start]:
            continue
        colour[start] = 1
        waiting = [(start, iter(dict.fromkeys(needs[start])))]
        while waiting:
            box, rest = waiting[-1]
            before = next(rest, None)
            if before is None:
                colour[box] = 2
                waiting.pop()
            elif 0 <= before < len(needs) and colour[before] != 1:
                kept[box].append(before)
                if not colour[before]:
                    colour[before] = 1
                    waiting.append((before, iter(dict.fromkeys(needs[before]))))
    return kept


def layers_of(needs: Sequence[Sequence[int]]) -> list[int]:
    """The layer of each box: one below the lowest of those that it needs."""
    layer = [0] * len(needs)
    for box in _in_order(needs):
        layer[box] = 1 + max((layer[one] for one in needs[box]), default=-1)
    return layer


def reduced(needs: Sequence[Sequence[int]]) -> list[list[int]]:
    """What each needs, but for what it needs by way of another one anyway."""
    above = [0] * len(needs)  # sets of boxes, as the bits of a number
    kept: list[list[int]] = [[] for _ in needs]
    for box in _in_order(needs):
        by_way = 0
        for one in needs[box]:
            by_way |= above[one]
        kept[box] = [one for one in needs[box] if not by_way >> one & 1]
        above[box] = by_way | sum(1 << one for one in set(needs[box]))
    return kept


def _in_order(needs: Sequence[Sequence[int]]) -> list[int]:
    """All boxes, each after those that it needs."""
    order: list[int] = []
    left = [len(set(one)) for one in needs]
    needed_by: list[list[int]] = [[] for _ in needs]
    for box, before in enumerate(needs):
        for one in set(before):
            needed_by[one].append(box)
    waiting = [box for box, count in enumerate(left) if not count]
    for box in waiting:  # It grows meanwhile.
        order.append(box)
        for later in needed_by[box]:
            left[later] -= 1
            if not left[later]:
                waiting.append(later)
    return order


def lay_out(needs: Sequence[Iterable[int]], sizes: Sizes, *, broad: int = 4) -> Layout:
    """The drawing of the boxes, each of which needs others. A layer of more than `broad` boxes takes several rows."""
    acyclic = reduced(without_circles(needs))
    rows, full = _rows(layers_of(acyclic), broad)
    layers, chains = _items(acyclic, rows)
    for down in (True, False) * _SWEEPS:
        _order(layers, down=down)
    _place(layers, sizes, full)
    return _measured(layers, chains, sizes)


def _rows(layer: Sequence[int], broad: int) -> tuple[list[int], set[int]]:
    """The row of each box: a layer that is too broad goes on in the rows below; and which rows are of such layers."""
    row, full = [0] * len(layer), set()
    first = 0
    for number in range(max(layer, default=-1) + 1):
        boxes = [box for box, one in enumerate(layer) if one == number]
        for at, box in enumerate(boxes):
            row[box] = first + at // broad
        rows = range(first, first + (len(boxes) - 1) // broad + 1)
        full |= set(rows) if len(rows) > 1 else set()
        first = rows.stop
    return row, full


def _items(
    needs: Sequence[Sequence[int]], rows: Sequence[int]
) -> tuple[list[list[_Item]], list[tuple[int, int, list[_Item]]]]:
    """The rows with their boxes and bends, and each line as the items that it touches. Lines out of one box, or into
    one, share their way past the rows between."""
    boxes = [_Item(box, row) for box, row in enumerate(rows)]
    layers: list[list[_Item]] = [[] for _ in range(max(rows, default=-1) + 1)]
    for item in boxes:
        layers[item.layer].append(item)
    fans = Counter(one for before in needs for one in before)
    bends: dict[tuple[bool, int, int], _Item] = {}
    chains = []
    for box, before in enumerate(needs):
        for one in before:
            shared = (True, one) if fans[one] > len(before) else (False, box)
            chain = [boxes[one]]
            for row in range(rows[one] + 1, rows[box]):
                if (bend := bends.get((*shared, row))) is None:
                    bend = bends[*shared, row] = _Item(None, row)
                    layers[row].append(bend)
                chain.append(bend)
            chain.append(boxes[box])
            _join(chain)
            chains.append((one, box, chain))
    return [_bends_between(layer) for layer in layers], chains


def _bends_between(layer: Sequence[_Item]) -> list[_Item]:
    """The bends in the middle to begin with, so that what goes on below a broad layer stays below its middle."""
    boxes = [item for item in layer if item.box is not None]
    half = len(boxes) // 2
    return boxes[:half] + [item for item in layer if item.box is None] + boxes[half:]


def _join(chain: Sequence[_Item]) -> None:
    for upper, lower in pairwise(chain):
        if lower not in upper.down:
            upper.down.append(lower)
            lower.up.append(upper)


def _order(layers: list[list[_Item]], *, down: bool) -> None:
    """Sort each row by where its neighbours are, in the middle of them."""
    for layer in layers:
        for at, item in enumerate(layer):
            item.x = at - (len(layer) - 1) / 2
    for layer in layers if down else reversed(layers):
        wanted = {id(item): _middle(item.up if down else item.down, item.x) for item in layer}
        layer.sort(key=lambda item: wanted[id(item)])
        for at, item in enumerate(layer):
            item.x = at - (len(layer) - 1) / 2


def _middle(items: Sequence[_Item], otherwise: float) -> float:
    return sum(item.x for item in items) / len(items) if items else otherwise


def _place(layers: list[list[_Item]], sizes: Sizes, full: Collection[int]) -> None:
    """Give each item its place: as near to its neighbours as those beside it leave room. Full rows stay in the middle;
    a layer that goes on in several would wander to one side."""
    for layer in layers:
        _spread(layer, [0.0] * len(layer), sizes)
    for _ in range(_SWEEPS):
        for some, down in ((layers, True), (reversed(layers), False)):
            for layer in some:
                if layer[0].layer in full:
                    continue
                near = [(item.up or item.down) if down else (item.down or item.up) for item in layer]
                _spread(layer, [_middle(one, item.x) for one, item in zip(near, layer, strict=True)], sizes)


def _spread(layer: Sequence[_Item], wanted: Sequence[float], sizes: Sizes) -> None:
    """The places nearest to the wanted ones (by least squares) that keep order and distance: those that would lie upon
    each other move together, around the mean of what they want."""
    offset, offsets = 0.0, []
    for at, item in enumerate(layer):
        if at:
            offset += (_room(layer[at - 1], sizes) + _room(item, sizes)) / 2
        offsets.append(offset)
    blocks: list[tuple[float, int]] = []
    for want, off in zip(wanted, offsets, strict=True):
        mean, count = want - off, 1
        while blocks and blocks[-1][0] > mean:
            other, many = blocks.pop()
            mean, count = (mean * count + other * many) / (count + many), count + many
        blocks.append((mean, count))
    means = [mean for mean, count in blocks for _ in range(count)]
    for item, mean, off in zip(layer, means, offsets, strict=True):
        item.x = mean + off


def _room(item: _Item, sizes: Sizes) -> float:
    return sizes.lane if item.box is None else sizes.width + sizes.gap


def _measured(layers: list[list[_Item]], chains: list[tuple[int, int, list[_Item]]], sizes: Sizes) -> Layout:
    items = [item for layer in layers for item in layer]
    left = min((item.x - _half(item, sizes) for item in items), default=0.0) - sizes.margin
    right = max((item.x + _half(item, sizes) for item in items), default=0.0) + sizes.margin
    boxes: dict[int, tuple[float, float]] = {}
    for item in items:
        if item.box is not None:
            boxes[item.box] = (round(item.x - left, 1), _top(item, sizes))
    lines = [(one, other, _points(chain, left, sizes)) for one, other, chain in chains]
    height = len(layers) * (sizes.height + sizes.drop) - (sizes.drop if layers else 0) + 2 * sizes.margin
    return Layout(round(right - left, 1), height, [boxes[at] for at in range(len(boxes))], lines)


def _half(item: _Item, sizes: Sizes) -> float:
    return (sizes.lane if item.box is None else sizes.width) / 2


def _top(item: _Item, sizes: Sizes) -> float:
    return sizes.margin + item.layer * (sizes.height + sizes.drop)


def _points(chain: Sequence[_Item], left: float, sizes: Sizes) -> list[tuple[float, float]]:
    """Out of the lower edge of the first box, past the boxes between, into the upper edge of the last one."""
    points = []
    for at, item in enumerate(chain):
        x, top = round(item.x - left, 1), _top(item, sizes)
        if at:
            points.append((x, top))
        if at < len(chain) - 1:
            points.append((x, top + sizes.height))
    return points
