"""The largest flow through a network (Dinic's algorithm), in whole numbers."""

from collections import deque
from collections.abc import Hashable


class Network:
    """Nodes are any keys; arcs have capacities."""

    def __init__(self) -> None:
        self._ids: dict[Hashable, int] = {}
        self._arcs: list[list[int]] = []
        self._to: list[int] = []
        self._left: list[int] = []

    def arc(self, start: Hashable, end: Hashable, capacity: int) -> int:
        """Add an arc; the number that is given tells its flow afterwards."""
        number = len(self._to)
        for node, other, left in ((start, end, capacity), (end, start, 0)):
            self._arcs[self._id(node)].append(len(self._to))
            self._to.append(self._id(other))
            self._left.append(left)
        return number

    def flow_of(self, arc: int) -> int:
        return self._left[arc + 1]

    def run(self, source: Hashable, sink: Hashable) -> int:
        """Send as much as goes from source to sink, on top of what flows already; how much that was."""
        first, last, total = self._id(source), self._id(sink), 0
        while (levels := self._levels(first))[last] >= 0:
            at = [0] * len(self._arcs)
            while sent := self._push(first, last, levels, at):
                total += sent
        return total

    def _id(self, node: Hashable) -> int:
        if node not in self._ids:
            self._ids[node] = len(self._arcs)
            self._arcs.append([])
        return self._ids[node]

    def _levels(self, first: int) -> list[int]:
        levels = [-1] * len(self._arcs)
        levels[first] = 0
        waiting = deque([first])
        while waiting:
            node = waiting.popleft()
            for arc in self._arcs[node]:
                if self._left[arc] and levels[self._to[arc]] < 0:
                    levels[self._to[arc]] = levels[node] + 1
                    waiting.append(self._to[arc])
        return levels

    def _push(self, first: int, last: int, levels: list[int], at: list[int]) -> int:
        """Send along one shortest way; 0 where there is none left. `at` remembers which arcs lead nowhere."""
        way: list[int] = []
        node = first
        while node != last:
            arc = self._next(node, levels, at)
            if arc is not None:
                way.append(arc)
                node = self._to[arc]
            elif way:
                node = self._to[way.pop() ^ 1]
                at[node] += 1
            else:
                return 0
        sent = min(self._left[arc] for arc in way)
        for arc in way:
            self._left[arc] -= sent
            self._left[arc ^ 1] += sent
        return sent

    def _next(self, node: int, levels: list[int], at: list[int]) -> int | None:
        arcs = self._arcs[node]
        while at[node] < len(arcs):
            arc = arcs[at[node]]
            if self._left[arc] and levels[self._to[arc]] == levels[node] + 1:
                return arc
            at[node] += 1
        return None
