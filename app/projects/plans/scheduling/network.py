"""The critical path method: when each task can begin and end at the earliest and at the latest.

Days are working days by number (see `WorkCalendar`), so that all is whole numbers: a task of three days that begins on
day 10 ends on day 12, and what follows it begins on day 13, or with a wait of two days on day 15.
"""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Task(Generic[K]):
    """`after` are the tasks before it, each with the days to wait. It begins on `not_before` at the earliest. One that
    has ended stands where it was: from `not_before` on, to `ended`."""

    key: K
    duration: int
    after: tuple[tuple[K, int], ...] = ()
    not_before: int | None = None
    ended: int | None = None


@dataclass(frozen=True)
class Span:
    """`slack` is by how many days it may be late without the plan's end being later; where there is none, the task is
    on the critical path."""

    early_start: int
    early_finish: int
    late_start: int
    late_finish: int
    ended: bool = False

    @property
    def slack(self) -> int:
        return self.late_finish - self.early_finish

    @property
    def is_critical(self) -> bool:
        return not self.ended and self.slack <= 0


class Cycle(ValueError, Generic[K]):
    """Tasks that wait for each other: `keys` in order, the first once more at the end."""

    def __init__(self, keys: Sequence[K]) -> None:
        super().__init__("tasks wait for each other in a circle")
        self.keys = tuple(keys)


def in_order(before: Mapping[K, Iterable[K]]) -> list[K]:
    """Every key of the mapping after all that come before it, ties as they stand in the mapping. Raises Cycle."""
    done: dict[K, None] = {}
    for start in before:
        _visit(start, before, done)
    return list(done)


def _visit(start: K, before: Mapping[K, Iterable[K]], done: dict[K, None]) -> None:
    path: dict[K, None] = {}
    waiting = [start]
    iterators: dict[K, Iterator[K]] = {}
    while waiting:
        key = waiting[-1]
        if key in done:
            waiting.pop()
            continue
        path.setdefault(key)
        steps = iterators.setdefault(key, iter(before[key]))
        following = next((step for step in steps if step not in done), None)
        if following is None:
            done[key] = None
            del path[key]
            waiting.pop()
        elif following in path:
            around = list(path)[list(path).index(following) :]
            raise Cycle([following, *reversed(around)])
        else:
            waiting.append(following)


def without(after: Mapping[K, Mapping[K, int]], gone: Collection[K]) -> dict[K, dict[K, int]]:
    """What each key comes after, with the days to wait, when those that are `gone` hand on their place: what came after
    one of them comes after all that it came after, with both waits. Of several ways the longest wait holds. Raises
    Cycle; KeyError for a key that comes after one that isn't there."""
    left: dict[K, dict[K, int]] = {}
    for key in in_order(after):
        before: dict[K, int] = {}
        for earlier, wait in after[key].items():
            handed_on = left[earlier].items() if earlier in gone else ((earlier, 0),)
            for one, more in handed_on:
                before[one] = max(before.get(one, 0), wait + more)
        left[key] = before
    return {key: left[key] for key in after if key not in gone}


def schedule(tasks: Sequence[Task[K]], start: int) -> dict[K, Span]:
    """The early and late days of each task of a plan that begins on day `start`. Raises Cycle; KeyError for a task
    that waits for one that isn't there."""
    known = {task.key: task for task in tasks}
    order = in_order({task.key: [key for key, _ in task.after] for task in tasks})
    early = _forward([known[key] for key in order], start)
    if not early:
        return {}
    end = max(finish for _, finish in early.values())
    late = _backward([known[key] for key in reversed(order)], early, end)
    return {task.key: Span(*early[task.key], *late[task.key], ended=task.ended is not None) for task in tasks}


def _forward(tasks: Sequence[Task[K]], start: int) -> dict[K, tuple[int, int]]:
    early: dict[K, tuple[int, int]] = {}
    for task in tasks:
        if task.ended is not None:
            first = task.ended - task.duration + 1 if task.not_before is None else min(task.not_before, task.ended)
            early[task.key] = (first, task.ended)
            continue
        ready = [early[key][1] + 1 + wait for key, wait in task.after]
        first = max([start if task.not_before is None else task.not_before, *ready])
        early[task.key] = (first, first + task.duration - 1)
    return early


def _backward(tasks: Sequence[Task[K]], early: Mapping[K, tuple[int, int]], end: int) -> dict[K, tuple[int, int]]:
    due: dict[K, int] = {}
    late: dict[K, tuple[int, int]] = {}
    for task in tasks:
        if task.ended is not None:
            late[task.key] = early[task.key]
            continue
        finish = due.get(task.key, end)
        late[task.key] = (finish - task.duration + 1, finish)
        for key, wait in task.after:
            due[key] = min(due.get(key, end), late[task.key][0] - 1 - wait)
    return late
