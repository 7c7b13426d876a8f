"""The answer: a plan, or the smallest set of obstacles, each with the person or the day that would remove it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import Literal
from uuid import UUID

from app.assistants.calendars.queries import weeks_of
from app.assistants.matching.facts import Candidate, Wanted
from app.assistants.requests.operations import find_for
from app.core.dates import day_in_words
from app.core.fitting.skills import WantedSkill, credit_for
from app.core.fitting.wording import hours, listed
from app.core.numbers import rounded
from app.core.tenancy import as_system
from app.projects.delivering.asking import ABLE_FROM, Asked, Demand, ask
from app.projects.delivering.facts import Need, Question, Schedule, Worker, end_of, names_of
from app.projects.delivering.solving import schedule, smallest_obstacles
from app.projects.models import Project
from app.projects.teams.capacity import weeks_between
from app.projects.teams.models import Team

Kind = Literal["nobody", "missing", "short", "order", "sequence"]

CANDIDATES = 5
"""Assistants from outside who are tried for an obstacle."""
MOST_HOURS_ASKED = Decimal(40)


@dataclass(frozen=True)
class Swap:
    """Somebody with whom the obstacle is gone: an assistant from outside, or a member in place of the one named."""

    assistant_id: UUID | None
    name: str
    text: str
    in_place_of: str = ""


@dataclass(frozen=True)
class Obstacle:
    """What stands in the way. `hours` is what nobody can do; with `swap` it would be gone."""

    kind: Kind
    text: str
    hours: Decimal = Decimal(0)
    swap: Swap | None = None


@dataclass(frozen=True)
class Share:
    """What a member does in a week of the plan."""

    monday: date
    name: str
    what: str
    hours: Decimal


@dataclass(frozen=True)
class Verdict:
    """Whether the team can deliver by the day. `finish` is the day on which it can, whether in time or not; None where
    no day within half a year more would do."""

    by: date
    can: bool
    finish: date | None
    hours: Decimal
    plan: tuple[Share, ...]
    obstacles: tuple[Obstacle, ...]
    has_hours: bool

    @property
    def other_day(self) -> date | None:
        """The first day by which it could be done instead."""
        return self.finish if not self.can else None


def can_deliver(team: Team, work: Demand | Project, by: date) -> Verdict:
    """Whether the team can do the work by that day: with a plan that shows it, or with what stands in the way.

    The obstacles are the fewest whose removal makes it possible. It looks across companies; hours come out of it, and
    never whose they are.
    """
    with as_system("free hours depend on work for all companies; hours come out, never whose they are"):
        asked = ask(team, work, by)
        question = asked.question
        found = schedule(question) if question.workers or not question.needs else None
        finish = _finish(asked, found)
        can = finish is not None and finish <= question.by
        obstacles = () if can else tuple(_obstacles(asked, finish))
    plan = _shares(question, found) if found is not None and can else ()
    return Verdict(question.by, can, finish, Decimal(question.hours) / 100, plan, obstacles, asked.has_hours)


def _finish(asked: Asked, found: Schedule | None) -> date | None:
    if found is None:
        return None
    last_day = asked.plan_ends or asked.first
    if not found.work:
        return last_day
    return max(end_of(asked.question, found.end), last_day)


def _obstacles(asked: Asked, finish: date | None) -> Iterator[Obstacle]:
    question = asked.question
    if not question.workers:
        yield Obstacle("nobody", "Nobody is in the team.")
        return
    found = smallest_obstacles(question)
    for need, short in found:
        yield _obstacle(asked, need, short)
    if asked.plan_ends is not None and asked.plan_ends > question.by:
        ends = f"One deliverable after the other, the plan itself ends on {day_in_words(asked.plan_ends)}"
        yield Obstacle("order", f"{ends}, however many people there are.")
    elif not found:
        ends = (
            f"they are through on {day_in_words(finish)}" if finish else "they are not through within half a year more"
        )
        yield Obstacle("sequence", f"The hours are there, but as one thing waits for the other, they {ends}.")


def _obstacle(asked: Asked, need: Need, short: int) -> Obstacle:
    amount = Decimal(short) / 100
    swap = _swap(asked, need, amount)
    if not need.able:
        if need.only:
            text = f"{need.only} is to make “{need.name}”, and isn’t in the team."
        else:
            text = f"Nobody in the team has {need.name}, or a skill that is near to it."
        return Obstacle("missing", text, amount, swap)
    who = listed(names_of(asked.question.workers, need.able))
    until = f"until {day_in_words(asked.question.by)}"
    left = f"{hours(amount)} of {hours(Decimal(need.hours) / 100)} are left over"
    if need.only:
        text = f"“{need.name}”: {left}. {need.only}, who is to make it, has no more free {until}."
    elif need.skill:
        text = f"{need.skill}: {left}. {who}, who can do it, {_have(need)} no more free {until}."
    else:
        text = f"{left[0].upper()}{left[1:]}. The team has no more free {until}."
    return Obstacle("short", text, amount, swap)


def _have(need: Need) -> str:
    return "has" if len(need.able) == 1 else "have"


def _swap(asked: Asked, need: Need, short: Decimal) -> Swap | None:
    """Somebody who removes the obstacle for certain: with whom in the team, it is none of the smallest set any more."""
    if need.only and (member := _other_member(asked, need)) is not None:
        return member
    wanted = tuple(skill for skill in asked.skills if skill.name == need.skill) or tuple(asked.skills)
    if not any(skill.skill_id for skill in wanted):
        return None
    for scored in _from_outside(asked, wanted, short):
        swap = _with_them(asked, need, scored, wanted)
        if swap is not None:
            return swap
    return None


def _other_member(asked: Asked, need: Need) -> Swap | None:
    """Another member who has the hours that the one who is to make it hasn't."""
    for worker in sorted(asked.question.workers, key=lambda one: (-sum(one.free[: asked.question.last + 1]), one.name)):
        if worker.key not in need.able and _is_removed(asked.question, need, frozenset({worker.key})):
            member = asked.members[worker.key]
            text = f"{worker.name} of the team has the hours."
            return Swap(member.assistant_id, worker.name, text, need.only)
    return None


def _is_removed(question: Question, need: Need, able: frozenset[UUID]) -> bool:
    """Whether, with other people able to do it, it stands no more in the way."""
    these = _keys_of(question, need)
    needs = tuple(replace(one, able=able) if one.key in these else one for one in question.needs)
    return not any(one.key in these for one, _ in smallest_obstacles(replace(question, needs=needs)))


def _keys_of(question: Question, need: Need) -> set[str]:
    """The needs that an obstacle stands for: those of the same skill or person that the same people can do."""
    group = (need.skill, need.only, need.able)
    return {one.key for one in question.needs if (one.skill, one.only, one.able) == group}


def _from_outside(asked: Asked, wanted: Sequence[WantedSkill], short: Decimal) -> list[Candidate]:
    """Free assistants with the skill who aren't in the team, best first."""
    by = asked.question.by
    _, weeks = weeks_between(asked.first, by)
    a_week = rounded(max(short, Decimal(1)) / weeks, rounding=ROUND_CEILING)
    request = Wanted(tuple(wanted), min(a_week, MOST_HOURS_ASKED), asked.first, by)
    inside = {member.assistant_id for member in asked.members.values()}
    found = find_for(request, CANDIDATES + len(inside), near=asked.kinship)
    return [scored.candidate for scored in found if scored.id not in inside][:CANDIDATES]


def _with_them(asked: Asked, need: Need, assistant: Candidate, wanted: Sequence[WantedSkill]) -> Swap | None:
    """The assistant as a member: the obstacle is gone with them, and perhaps without somebody who is there now."""
    ways = [(skill, credit_for(skill, assistant, asked.kinship)) for skill in wanted]
    known = [(skill, credit) for skill, credit in ways if credit.closeness >= ABLE_FROM]
    if not known:
        return None
    with_them = _joined(asked, assistant)
    if not _is_removed(with_them, need, need.able | {assistant.id}):
        return None
    skill, credit = known[0]
    free = Decimal(sum(with_them.workers[-1].free[: asked.question.last + 1])) / 100
    text = f"{skill.name} at level {credit.level} of 5, {hours(free)} free until {day_in_words(asked.question.by)}."
    return Swap(assistant.id, assistant.name, text, _who_may_leave(with_them, need, assistant.id))


def _joined(asked: Asked, assistant: Candidate) -> Question:
    """The question with one person more, whose hours the team may use on top of its own."""
    question = asked.question
    weeks = weeks_of([assistant.id], question.weeks[0], len(question.weeks)).get(assistant.id, [])
    free = tuple(int(week.free * 100) for week in weeks)
    limits = tuple(limit + more for limit, more in zip(question.limits, free, strict=True))
    return replace(question, workers=(*question.workers, Worker(assistant.id, assistant.name, free)), limits=limits)


def _who_may_leave(question: Question, need: Need, newcomer: UUID) -> str:
    """A member without whom it works just as well, so that the team needn’t grow."""
    these = _keys_of(question, need)
    for worker in question.workers[:-1]:
        kept = tuple(other for other in question.workers if other is not worker)
        needs = tuple(
            replace(one, able=(one.able | {newcomer} if one.key in these else one.able) - {worker.key})
            for one in question.needs
        )
        if not smallest_obstacles(replace(question, workers=kept, needs=needs)):
            return worker.name
    return ""


def _shares(question: Question, found: Schedule) -> tuple[Share, ...]:
    """The plan by week and person."""
    names = {worker.key: worker.name for worker in question.workers}
    what = {need.key: need.name for need in question.needs}
    return tuple(
        Share(question.weeks[part.week], names[part.worker], what[part.need], Decimal(part.hours) / 100)
        for part in sorted(found.work, key=lambda part: (part.week, names[part.worker], what[part.need]))
    )
