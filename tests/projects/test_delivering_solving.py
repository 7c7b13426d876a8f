"""Who can do what by when: compared with a linear program, and with every set of obstacles tried."""

import random
from datetime import date, timedelta
from itertools import combinations
from uuid import UUID

import numpy as np
import pytest
from scipy.optimize import linprog

from app.projects.delivering.facts import Need, Question, Worker
from app.projects.delivering.solving import flow_of, is_done, schedule, smallest_obstacles

MONDAY = date(2026, 11, 23)


def question(workers, needs, weeks, *, last=None, limits=None):
    """`workers` are lists of hours by week, `needs` tuples of hours and who is able."""
    ids = [UUID(int=number + 1) for number in range(len(workers))]
    return Question(
        tuple(Worker(ids[n], f"W{n}", tuple(free)) for n, free in enumerate(workers)),
        tuple(
            Need(f"n{n}", f"N{n}", hours, frozenset(ids[w] for w in able), skill=f"N{n}")
            for n, (hours, able) in enumerate(needs)
        ),
        tuple(MONDAY + timedelta(days=7 * week) for week in range(weeks)),
        tuple(limits or [10**9] * weeks),
        MONDAY + timedelta(days=7 * (weeks if last is None else last + 1) - 3),
        weeks - 1 if last is None else last,
    )


def can_all_be_done(asked, needs, last):
    """The same as a linear program: hours of each need, worker and week."""
    parts = [(n, w, week) for n, need in enumerate(needs) for w, worker in enumerate(asked.workers)
             if worker.key in need.able for week in range(need.not_before, last + 1)]  # fmt: skip
    if not parts:
        return all(need.hours == 0 for need in needs)
    equal = np.array([[float(part[0] == n) for part in parts] for n in range(len(needs))])
    bounds, most = [], []
    for w, worker in enumerate(asked.workers):
        for week in range(last + 1):
            bounds.append([float(part[1:] == (w, week)) for part in parts])
            most.append(worker.free[week])
    for week in range(last + 1):
        bounds.append([float(part[2] == week) for part in parts])
        most.append(asked.limits[week])
    found = linprog(np.zeros(len(parts)), np.array(bounds), most, equal, [need.hours for need in needs])
    return found.status == 0


def some_question(seed):
    chance = random.Random(seed)
    workers, weeks = chance.randint(1, 4), chance.randint(1, 4)
    return question(
        [[chance.choice((0, 500, 1000, 2000)) for _ in range(weeks)] for _ in range(workers)],
        [
            (chance.randint(0, 30) * 100, [w for w in range(workers) if chance.random() < 0.5])
            for _ in range(chance.randint(1, 5))
        ],
        weeks,
        limits=[chance.choice((1000, 3000, 10**6)) for _ in range(weeks)],
    )


@pytest.mark.parametrize("seed", range(60))
def test_plan_is_found_if_and_only_if_there_is_one(seed):
    asked = some_question(seed)
    found = schedule(asked)
    assert (found is not None) == can_all_be_done(asked, asked.needs, asked.last)
    if found is not None:
        for week in range(found.end):
            assert not can_all_be_done(asked, asked.needs, week)
        keeps_all_limits(asked, found.work)
        assert is_done(asked.needs, found.work)


def keeps_all_limits(asked, work):
    able = {need.key: need.able for need in asked.needs}
    for part in work:
        assert part.worker in able[part.need]
        assert part.hours > 0
    for week, limit in enumerate(asked.limits):
        assert sum(part.hours for part in work if part.week == week) <= limit
        for worker in asked.workers:
            done = sum(part.hours for part in work if (part.week, part.worker) == (week, worker.key))
            assert done <= worker.free[week]
    for need in asked.needs:
        assert sum(part.hours for part in work if part.need == need.key) <= need.hours


@pytest.mark.parametrize("seed", range(60))
def test_obstacles_are_the_fewest_whose_removal_is_enough(seed):
    asked = some_question(seed)
    found = smallest_obstacles(asked)
    missing = [need for need in asked.needs if not need.able]
    names = {need.key for need, _ in found}
    assert {need.key for need in missing} <= names
    rest = [need for need in asked.needs if need.able]
    assert can_all_be_done(asked, [need for need in rest if need.key not in names], asked.last)
    for fewer in range(len(found) - len(missing)):
        for those in combinations(rest, fewer):
            assert not can_all_be_done(asked, [need for need in rest if need not in those], asked.last)
    assert all(0 <= hours <= need.hours for need, hours in found)


def test_scarce_skill_is_the_obstacle_and_not_what_others_can_do():
    asked = question([[1000], [3000]], [(2000, [0]), (1000, [0, 1])], 1)
    assert [(need.name, hours) for need, hours in smallest_obstacles(asked)] == [("N0", 1000)]


def test_hours_by_the_day_count_and_later_ones_tell_the_other_day():
    asked = question([[1000, 1000, 1000]], [(2500, [0])], 3, last=0)
    assert [(need.name, hours) for need, hours in smallest_obstacles(asked)] == [("N0", 1500)]
    assert schedule(asked).end == 2


def test_what_waits_is_done_afterwards():
    asked = question([[1000] * 4, [1000] * 4], [(1500, [0, 1]), (1000, [0, 1])], 4)
    first, second = asked.needs
    chained = Question(asked.workers, (first, Need("n1", "N1", 1000, second.able, after=("n0",))), asked.weeks,
                       asked.limits, asked.by, asked.last)  # fmt: skip
    found = schedule(chained)
    keeps_all_limits(chained, found.work)
    ends = max(part.week for part in found.work if part.need == "n0")
    begins = min(part.week for part in found.work if part.need == "n1")
    assert begins >= ends
    assert is_done(chained.needs, found.work)


def test_nothing_to_do_is_done_at_once():
    assert schedule(question([[0]], [(0, [0])], 1)).work == ()


def test_many_needs_are_answered_quickly():
    workers = [[2000] * 26 for _ in range(10)]
    needs = [(5000, [n % 10, (n + 1) % 10]) for n in range(20)]
    asked = question(workers, needs, 26, last=8)
    assert smallest_obstacles(asked) == []
    crowded = question(workers, [(20000, able) for _, able in needs], 26, last=8)
    found = smallest_obstacles(crowded)
    kept = [need for need in crowded.needs if need.key not in {one.key for one, _ in found}]
    assert is_done(kept, flow_of(crowded, kept))
