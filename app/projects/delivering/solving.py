"""Answers the question exactly where nothing waits for anything else, and else with a plan that is good for certain.

Work goes to people by a flow: from the work through those who can do it, in each week, to what the team does in that
week at most. All of it can be done by the day if and only if the largest flow is all of it. Where work waits for other
work, weeks are filled one after the other, and what is found is a plan; where that ends too late although the flow
would fit, the order itself is the obstacle.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import combinations
from math import comb
from uuid import UUID

from app.projects.delivering.facts import Need, Question, Schedule, Work
from app.projects.delivering.flow import Network
from app.projects.plans.scheduling.network import in_order

MOST_TRIED = 256
"""Sets of obstacles that are tried for the smallest one; beyond, they are left out one by one while it is enough."""


def flow_of(question: Question, needs: Iterable[Need] | None = None, *, last: int | None = None) -> list[Work]:
    """As much of the needs as can be done by the end of week `last`, whatever waits for what."""
    end = question.last if last is None else last
    network = Network()
    arcs: list[tuple[int, int, UUID, str]] = []
    free = {worker.key: worker.free for worker in question.workers}
    for need in question.needs if needs is None else needs:
        network.arc("source", need, need.hours)
        arcs += [
            (network.arc(need, (key, week), need.hours), week, key, need.key)
            for key in sorted(need.able, key=str)
            for week in range(need.not_before, end + 1)
            if free[key][week]
        ]
    for worker in question.workers:
        for week in range(end + 1):
            network.arc((worker.key, week), week, worker.free[week])
    for week in range(end + 1):
        network.arc(week, "sink", question.limits[week])
    network.run("source", "sink")
    return [Work(week, key, name, hours) for arc, week, key, name in arcs if (hours := network.flow_of(arc))]


def is_done(needs: Iterable[Need], work: Iterable[Work]) -> bool:
    return sum(need.hours for need in needs) == sum(part.hours for part in work)


def schedule(question: Question) -> Schedule | None:
    """A plan that ends as early as is found within the weeks of the question; None where there is none."""
    filled = _fill(question)
    if any(need.after or need.most is not None for need in question.needs):
        return filled
    return _shortest(question) or filled


def _shortest(question: Question) -> Schedule | None:
    """The plan that ends first, where nothing waits: the first week by whose end all of it can be done."""
    earliest = max((need.not_done_before for need in question.needs), default=0)
    low, high = 0, len(question.weeks) - 1
    if not is_done(question.needs, flow_of(question, last=high)):
        return None
    while low < high:
        middle = (low + high) // 2
        if is_done(question.needs, flow_of(question, last=middle)):
            high = middle
        else:
            low = middle + 1
    return Schedule(tuple(flow_of(question, last=low)), max(low, earliest))


def _fill(question: Question) -> Schedule | None:
    """The weeks one after the other: in each, what may begin takes the hours of those who can do it, what few can do
    first."""
    left = {need.key: need.hours for need in question.needs}
    known = {need.key: need for need in question.needs}
    order = in_order({need.key: need.after for need in question.needs})
    ended: dict[str, int] = {}
    work: list[Work] = []
    free = [{worker.key: worker.free[week] for worker in question.workers} for week in range(len(question.weeks))]
    rank = {key: (len(known[key].able), place) for place, key in enumerate(order)}
    for week, limit in enumerate(question.limits):
        room = limit
        for key in sorted(order, key=rank.__getitem__):
            need = known[key]
            if (
                key in ended
                or week < need.not_before
                or any(ended.get(before, week + 1) > week for before in need.after)
            ):
                continue
            for part in _take(need, week, min(left[key], need.most or left[key], room), free[week]):
                work.append(part)
                left[key] -= part.hours
                room -= part.hours
            if not left[key] and week >= need.not_done_before:
                ended[key] = week
        if len(ended) == len(order):
            return Schedule(tuple(work), week)
    return None


def _take(need: Need, week: int, hours: int, free: dict[UUID, int]) -> Iterable[Work]:
    """So many hours of those who have the most of them left; whoever gives any gives all that is needed first."""
    for key in sorted(need.able, key=lambda key: (-free[key], str(key))):
        given = min(hours, free[key])
        if given <= 0:
            return
        free[key] -= given
        hours -= given
        yield Work(week, key, need.key, given)


def smallest_obstacles(question: Question) -> list[tuple[Need, int]]:
    """The fewest needs without which all others can be done by the day, each with the hours of it that nobody can do
    then. Of sets of equal number, the one with the fewest such hours. Empty where everything can be done, whatever
    waits for what. Needs that the same people can do count as one."""
    missing = [need for need in question.needs if not need.able]
    rest = _joined([need for need in question.needs if need.able and need.hours])
    found = [(need, need.hours) for need in missing]
    if not is_done(rest, flow_of(question, rest)):
        smallest: list[tuple[Need, int]] = min(_enough(question, rest), key=_hours_and_name)
        found += smallest
    return found


def _hours_and_name(those: list[tuple[Need, int]]) -> tuple[int, str]:
    return sum(hours for _, hours in those), those[0][0].name


def _joined(needs: Iterable[Need]) -> list[Need]:
    """Needs of one skill, or of one group of people, as one."""
    groups: dict[tuple[str, str, frozenset[UUID]], list[Need]] = {}
    for need in needs:
        groups.setdefault((need.skill, need.only, need.able), []).append(need)
    return [_sum_of(group) for group in groups.values()]


def _sum_of(group: list[Need]) -> Need:
    first = group[0]
    if len(group) == 1:
        return first
    return replace(
        first,
        name=f"{first.name} and {len(group) - 1} more",
        hours=sum(need.hours for need in group),
        not_before=min(need.not_before for need in group),
    )


def _enough(question: Question, needs: list[Need]) -> list[list[tuple[Need, int]]]:
    """The smallest sets that leave the others possible."""
    tried = 0
    for size in range(1, len(needs)):
        tried += comb(len(needs), size)
        if tried > MOST_TRIED:
            return [_short_of(question, needs, _thinned(question, needs))]
        found = [
            _short_of(question, needs, those)
            for those in combinations(needs, size)
            if _is_enough(question, needs, those)
        ]
        if found:
            return found
    return [_short_of(question, needs, needs)]


def _is_enough(question: Question, needs: list[Need], without: Collection[Need]) -> bool:
    kept = [need for need in needs if need not in without]
    return is_done(kept, flow_of(question, kept))


def _thinned(question: Question, needs: list[Need]) -> list[Need]:
    """A set from which none can be left out, though perhaps not the smallest."""
    kept = list(needs)
    for need in needs:
        fewer = [other for other in kept if other is not need]
        if _is_enough(question, needs, fewer):
            kept = fewer
    return kept


def _short_of(question: Question, needs: list[Need], those: Iterable[Need]) -> list[tuple[Need, int]]:
    """What of each nobody can do, the others being done: they get their hours first."""
    kept = [need for need in needs if need not in those]
    short = []
    for need in those:
        more = [*kept, need]
        done = sum(part.hours for part in flow_of(question, more))
        over = sum(other.hours for other in more) - done
        short.append((need, over))
        if over < need.hours:
            kept.append(replace(need, hours=need.hours - over))
    return [(need, over) for need, over in short if over] or short
