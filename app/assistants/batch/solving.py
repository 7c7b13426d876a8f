"""The best assignment, exactly: by the Hungarian method where hours don't bind, else as an integer program.

People get a place for each request that they could hold by number. Assigning requests to places ignores hours, and so
is never worth less than the truth; where its answer keeps within everybody's hours, it is the answer. Otherwise hours
are told to the integer solver. Of equals, the order of requests and people by id decides.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from uuid import UUID

import numpy as np
import scipy  # which loads its parts, some 30 MiB, where they are used first
from numpy.typing import NDArray

from app.assistants.batch.problem import MOST_EACH, STEP, Pair, Problem, Work

PATIENCE = 6.0
"""Seconds that the integer solver may take."""
_IMPOSSIBLE = -1e6
_MARGIN = 1e-6
Row = tuple[list[int], list[float], float]
"""A constraint: the variables, what each counts, and what they may sum up to."""


@dataclass(frozen=True, slots=True)
class Solution:
    """The pairs chosen, by request. `best_possible` is proven: nothing is worth more. An assignment that is worth as
    much is the best; where the integer solver ran out of time, it may be a little below."""

    pairs: tuple[Pair, ...]
    worth: float
    best_possible: float

    @property
    def is_best(self) -> bool:
        return self.best_possible - self.worth <= _MARGIN


def solve(problem: Problem) -> Solution:
    if not problem.pairs:
        return Solution((), 0.0, 0.0)
    pairs = sorted(problem.pairs, key=lambda pair: (pair.request, pair.person))
    chosen = by_places(problem, pairs)
    bound = problem.worth(chosen)
    if not problem.is_within_hours(chosen):
        chosen, bound = by_hours(problem, pairs, near=chosen)
    return Solution(tuple(sorted(chosen, key=lambda pair: pair.request)), problem.worth(chosen), bound)


def by_places(problem: Problem, pairs: Sequence[Pair]) -> list[Pair]:
    """The best assignment in which people hold as many requests as their hours allow for the smallest ones."""
    requests = {key: row for row, key in enumerate(dict.fromkeys(pair.request for pair in pairs))}
    places = _places(problem, pairs)
    column, first = 0, {}
    for person in sorted(places):
        first[person] = column
        column += places[person]
    # One more column for each request, in which it stays unfilled.
    values = np.full((len(requests), column + len(requests)), _IMPOSSIBLE)
    values[np.arange(len(requests)), column + np.arange(len(requests))] = 0.0
    by_cell = {}
    for pair in pairs:
        row = requests[pair.request]
        for place in range(places[pair.person]):
            at = first[pair.person] + place
            values[row, at] = pair.value(problem.dial) - problem.dial * STEP * place
            by_cell[row, at] = pair
    rows, columns = scipy.optimize.linear_sum_assignment(values, maximize=True)
    cells = zip(rows.tolist(), columns.tolist(), strict=True)
    return [by_cell[cell] for cell in cells if cell in by_cell]


def _places(problem: Problem, pairs: Sequence[Pair]) -> dict[UUID, int]:
    """How many of the requests that somebody could take fit into the hours at the most, by number."""
    wanted: dict[UUID, list[Work]] = defaultdict(list)
    for pair in pairs:
        wanted[pair.person].append(problem.works[pair.request])
    return {person: _how_many(works, problem.workers[person].hours) for person, works in wanted.items()}


def _how_many(works: Sequence[Work], week: float) -> int:
    """Those without an end all meet on some day, on which only so many have room; others may follow one another."""
    smallest_first = sorted(work.hours for work in works if work.ends is None)
    together = sum(total <= week + 1e-9 for total in accumulate(smallest_first))
    return min(together + sum(work.ends is not None for work in works), MOST_EACH)


def by_hours(problem: Problem, pairs: Sequence[Pair], near: Sequence[Pair] = ()) -> tuple[list[Pair], float]:
    """The best assignment within everybody's hours by integer programming, and a bound that none can pass.

    The linear relaxation tells how much each pair would cost at the least. A pair that costs more than lies between the
    relaxation and a plain greedy assignment, which begins with the pairs that are `near` to the best, is in no best
    one; what is left of the problem is small.
    """
    program = _Program.of(problem, pairs)
    relaxed = scipy.optimize.linprog(
        -program.gains, A_ub=program.matrix, b_ub=program.limits, bounds=(0, 1), method="highs"
    )
    fallback = greedy(problem, pairs, near)
    if relaxed.status != 0:
        return fallback, problem.worth(near)
    costs = relaxed.lower.marginals[: len(pairs)]
    gap = -relaxed.fun - problem.worth(fallback) + _MARGIN
    left = [pair for pair, cost in zip(pairs, costs, strict=True) if cost <= gap]
    program = _Program.of(problem, left)
    answer = scipy.optimize.milp(
        -program.gains,
        integrality=np.array([1] * len(left) + [0] * (len(program.gains) - len(left))),
        bounds=scipy.optimize.Bounds(0, 1),
        constraints=scipy.optimize.LinearConstraint(program.matrix, -np.inf, program.limits),
        options={"time_limit": PATIENCE, "mip_rel_gap": 0.0},
    )
    taken = answer.x if answer.x is not None else ()
    chosen = [pair for pair, chosen in zip(left, taken, strict=False) if chosen > 0.5]
    bound = -relaxed.fun if answer.mip_dual_bound is None else min(-answer.mip_dual_bound, -relaxed.fun)
    return max(chosen, fallback, key=problem.worth), bound


def greedy(problem: Problem, pairs: Sequence[Pair], near: Sequence[Pair] = ()) -> list[Pair]:
    """Pair by pair, those of `near` first, then the most valuable, as far as hours allow. A lower bound."""
    filled: set[UUID] = set()
    held: dict[UUID, list[Pair]] = defaultdict(list)
    rest = sorted(pairs, key=lambda pair: -pair.value(problem.dial))
    for pair in (*sorted(near, key=lambda pair: -pair.value(problem.dial)), *rest):
        if (
            pair.request not in filled
            and len(held[pair.person]) < MOST_EACH
            and problem.is_within_hours([*held[pair.person], pair])
        ):
            filled.add(pair.request)
            held[pair.person].append(pair)
    return [pair for mine in held.values() for pair in mine]


@dataclass(frozen=True)
class _Program:
    """A variable for each pair; for each person one for having two, three … requests, whose price rises, so that the
    cheaper ones are used first."""

    gains: NDArray[np.float64]
    matrix: "scipy.sparse.csr_array"
    limits: NDArray[np.float64]

    @classmethod
    def of(cls, problem: Problem, pairs: Sequence[Pair]) -> "_Program":
        rows: list[Row] = []
        by_request, by_person = defaultdict(list), defaultdict(list)
        for number, pair in enumerate(pairs):
            by_request[pair.request].append(number)
            by_person[pair.person].append(number)
        rows += [(numbers, [1.0] * len(numbers), 1.0) for numbers in by_request.values()]
        gains = [pair.value(problem.dial) for pair in pairs]
        most = _places(problem, pairs)
        for person, numbers in sorted(by_person.items()):
            steps = range(len(gains), len(gains) + most[person] - 1)
            gains += [-problem.dial * STEP * place for place in range(1, most[person])]
            rows.append(([*numbers, *steps], [1.0] * len(numbers) + [-1.0] * len(steps), 1.0))
            of = {pairs[number].request: number for number in numbers}
            for free, there in problem.days_of(person, of):
                hours = [problem.works[key].hours for key in there]
                if sum(hours) > free:
                    rows.append(([of[key] for key in there], hours, free))
        return cls(np.array(gains), _matrix(rows, len(gains)), np.array([row[2] for row in rows]))


def _matrix(rows: Sequence[Row], width: int) -> "scipy.sparse.csr_array":
    starts = np.cumsum([0, *(len(row[0]) for row in rows)])
    columns = np.concatenate([row[0] for row in rows])
    values = np.concatenate([row[1] for row in rows])
    return scipy.sparse.csr_array((values, columns, starts), shape=(len(rows), width))
