"""The solver of assignments, against an independent one and against trying everything."""

import time
from datetime import date, timedelta
from itertools import product
from random import Random
from uuid import UUID

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from app.assistants.batch.problem import Pair, Problem, Work, Worker
from app.assistants.batch.solving import solve

FIRST = date(2026, 12, 1)


def requests(count):
    return [UUID(int=number + 1) for number in range(count)]


def people(count):
    return [UUID(int=10_000 + number) for number in range(count)]


def random_problem(random, works, workers, dial, *, each=None):
    """Some requests with and without an end, some people with hours that are taken already."""
    asked, there = requests(works), people(workers)
    needs = {}
    for key in asked:
        starts = FIRST + timedelta(days=random.randint(0, 40))
        ends = starts + timedelta(days=random.randint(5, 40)) if random.random() < 0.4 else None
        needs[key] = Work(random.choice([5.0, 10.0, 20.0]), starts, ends)
    week = {key: Worker(random.choice([20.0, 30.0]), (Work(5.0, FIRST, None),)) for key in there}
    pairs = [
        Pair(request, person, random.randint(1, 1000) / 1000, random.randint(0, 1000) / 1000)
        for request in asked
        for person in (random.sample(there, each) if each else there)
        if needs[request].hours <= 15
    ]
    return Problem(needs, week, pairs, dial)


def best_by_trying_all(problem):
    choices = [[None, *(pair for pair in problem.pairs if pair.request == key)] for key in problem.works]
    ways = ([pair for pair in way if pair] for way in product(*choices))
    return max(problem.worth(way) for way in ways if problem.is_within_hours(way))


@pytest.mark.parametrize("seed", range(25))
def test_no_assignment_within_hours_is_worth_more(seed):
    random = Random(seed)
    problem = random_problem(random, random.randint(2, 5), random.randint(1, 4), random.choice([0, 0.3, 1]))
    solution = solve(problem)
    assert problem.is_within_hours(solution.pairs)
    assert len({pair.request for pair in solution.pairs}) == len(solution.pairs)
    assert solution.is_best
    assert solution.worth == pytest.approx(best_by_trying_all(problem), abs=1e-9)


def test_200_by_200_equals_an_independent_solver_in_under_two_seconds():
    random = Random(1)
    asked, there = requests(200), people(200)
    works = {key: Work(20.0, FIRST, None) for key in asked}
    workers = {key: Worker(20.0) for key in there}
    pairs = [Pair(request, person, random.random(), random.random()) for request in asked for person in there]
    problem = Problem(works, workers, pairs, 0.25)
    began = time.process_time()
    solution = solve(problem)
    assert time.process_time() - began < 2
    values = np.array([pair.value(0.25) for pair in pairs]).reshape(200, 200)
    rows, columns = min_weight_full_bipartite_matching(csr_array(values), maximize=True)
    assert solution.worth == pytest.approx(values[rows, columns].sum(), abs=1e-6)
    assert len(solution.pairs) == 200


def test_hours_bind_on_each_day_and_not_over_time():
    one, other = requests(2)
    (person,) = people(1)
    pairs = [Pair(one, person, 0.9, 0.0), Pair(other, person, 0.8, 0.0)]
    together = {one: Work(15.0, FIRST, None), other: Work(15.0, FIRST + timedelta(days=40), None)}
    in_turn = {**together, one: Work(15.0, FIRST, FIRST + timedelta(days=39))}
    week = {person: Worker(20.0)}
    assert [pair.request for pair in solve(Problem(together, week, pairs, 0.0)).pairs] == [one]
    assert [pair.request for pair in solve(Problem(in_turn, week, pairs, 0.0)).pairs] == [one, other]


def test_the_dial_moves_work_from_the_best_to_those_with_time():
    asked = requests(2)
    good, free = people(2)
    works = {key: Work(5.0, FIRST, None) for key in asked}
    workers = {good: Worker(40.0), free: Worker(40.0)}
    pairs = [Pair(key, who, fit, room) for key in asked for who, fit, room in ((good, 0.9, 0.4), (free, 0.6, 0.9))]
    taken = {dial: [pair.person for pair in solve(Problem(works, workers, pairs, dial)).pairs] for dial in (0.0, 1.0)}
    assert taken == {0.0: [good, good], 1.0: [free, free]}


def test_filling_one_request_more_counts_more_than_fitting_better():
    one, other = requests(2)
    best, second = people(2)
    works = {one: Work(10.0, FIRST, None), other: Work(10.0, FIRST, None)}
    workers = {best: Worker(10.0), second: Worker(10.0)}
    pairs = [Pair(one, best, 0.95, 0.5), Pair(one, second, 0.1, 0.5), Pair(other, best, 0.2, 0.5)]
    assert len(solve(Problem(works, workers, pairs, 0.0)).pairs) == 2


def test_nothing_comes_of_nothing():
    assert solve(Problem({}, {}, [], 0.5)).pairs == ()
