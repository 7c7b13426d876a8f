"""Puts the question together from a team's calendars and skills, and from a project's plan or a plain demand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from uuid import UUID

from sqlalchemy import select

from app.assistants.models import AssistantSkill
from app.assistants.skills.meaning_operations import kinship
from app.core.clock import today_here
from app.core.fitting.skills import Kinship, WantedSkill, credit_for
from app.extensions import db
from app.projects.delivering.facts import Need, Question, Worker
from app.projects.models import Deliverable, Project
from app.projects.plans.critical_path import ENDED, Plan, duration_of, plan_of, waits_of
from app.projects.teams.capacity import Capacity, Member, capacity_of, weeks_between
from app.projects.teams.models import Team
from app.projects.teams.suggestions import SkilledMember, wanted_skills

ABLE_FROM = 0.5
"""How near a skill has to be to the one that is asked for, for the work to be given to who has it: a wider one is."""
MORE_WEEKS = 26
"""How far beyond the day it is looked when it could be done instead."""
LONGEST = timedelta(weeks=104)


@dataclass(frozen=True)
class Demand:
    """Work in plain figures: so many hours, which take these skills in equal parts, from `start` on."""

    hours: Decimal
    skills: Sequence[str] = ()
    start: date | None = None


@dataclass(frozen=True)
class Asked:
    """The question, and what is needed to speak of it."""

    question: Question
    members: Mapping[UUID, Member]
    skills: Sequence[WantedSkill]
    kinship: Kinship
    first: date
    plan_ends: date | None = None
    """The day on which the plan itself ends, everybody having all the time in the world."""
    has_hours: bool = True
    notes: list[str] = field(default_factory=list)


def ask(team: Team, work: Demand | Project, by: date) -> Asked:
    """Whether the team can do the work by that day. What the project holds of the hours already is free."""
    by = min(by, today_here() + LONGEST)
    start = work.start if isinstance(work, Demand) else work.start_date
    first = min(max(start or today_here(), today_here()), by)
    project_id = work.id if isinstance(work, Project) else None
    monday, count = weeks_between(first, by)
    inside = capacity_of([team.id], monday, count, without_project=project_id, within=(first, by))[team.id]
    after = capacity_of([team.id], monday + timedelta(days=7 * count), MORE_WEEKS, without_project=project_id)[team.id]
    skills = wanted_skills(work.skills)
    near = kinship([one.skill_id for one in skills if one.skill_id])
    people = _candidates(inside.members)
    if isinstance(work, Demand):
        needs, plan_ends = _needs_of_demand(work, skills, people, near), None
    else:
        plan = plan_of(work, first)
        needs, plan_ends = _needs_of_project(plan, (monday, by), skills, people, near), _end_of(plan)
    weeks = (*inside.weeks, *after.weeks)
    question = Question(
        tuple(_worker(number, member, inside, after) for number, member in enumerate(inside.members)),
        tuple(needs),
        tuple(week.monday for week in weeks),
        tuple(_hundredths(week.free) for week in weeks),
        by,
        count - 1,
    )
    members = {member.id: member for member in inside.members}
    return Asked(question, members, skills, near, first, plan_ends, any(need.hours for need in needs))


def able_for(skill: WantedSkill, people: Mapping[UUID, SkilledMember], near: Kinship) -> frozenset[UUID]:
    """Who has the skill, or one that is near enough."""
    return frozenset(key for key, person in people.items() if credit_for(skill, person, near).closeness >= ABLE_FROM)


def _worker(number: int, member: Member, inside: Capacity, after: Capacity) -> Worker:
    weeks = (*inside.weeks, *after.weeks)
    return Worker(member.id, member.name, tuple(_hundredths(week.members[number].free) for week in weeks))


def _hundredths(hours: Decimal) -> int:
    return int((hours * 100).to_integral_value(ROUND_FLOOR))


def _candidates(members: Sequence[Member]) -> dict[UUID, SkilledMember]:
    """The members with their skills, by their place in the team."""
    ids = [member.assistant_id for member in members if member.assistant_id]
    levels: dict[UUID, dict[UUID, int]] = {key: {} for key in ids}
    rows = db.session.execute(
        select(AssistantSkill.assistant_id, AssistantSkill.skill_id, AssistantSkill.level).where(
            AssistantSkill.assistant_id.in_(ids)
        )
    )
    for assistant_id, skill_id, level in rows:
        levels[assistant_id][skill_id] = level
    nothing: dict[UUID, int] = {}
    return {
        member.id: SkilledMember(
            member.assistant_id or member.id,
            member.name,
            levels[member.assistant_id] if member.assistant_id else nothing,
        )
        for member in members
    }


def _needs_of_demand(
    demand: Demand, skills: Sequence[WantedSkill], people: Mapping[UUID, SkilledMember], near: Kinship
) -> list[Need]:
    whole = int((demand.hours * 100).to_integral_value(ROUND_CEILING))
    if not skills:
        return [Need("work", "The work", whole, frozenset(people))]
    shares = [whole // len(skills) + (place < whole % len(skills)) for place in range(len(skills))]
    return [
        Need(f"skill-{place}", skill.name, hours, able_for(skill, people, near), skill=skill.name)
        for place, (skill, hours) in enumerate(zip(skills, shares, strict=True))
    ]


def _needs_of_project(
    plan: Plan,
    dates: tuple[date, date],
    skills: Sequence[WantedSkill],
    people: Mapping[UUID, SkilledMember],
    near: Kinship,
) -> list[Need]:
    """What is left to deliver; without a single estimate, the hours a week that the project says. Each skill that it
    names must be there."""
    project, (monday, by) = plan.project, dates
    left = [one for one in project.deliverables if one.status not in (*ENDED, "cancelled")]
    able = {skill.name: able_for(skill, people, near) for skill in skills}
    if not any(one.estimate_hours for one in left):
        weeks = Decimal((by - max(monday, today_here())).days + 1) / 7
        demand = Demand((project.hours_per_week or Decimal(0)) * weeks, project.skills)
        return _needs_of_demand(demand, skills, people, near)
    anybody = frozenset().union(*able.values()) or frozenset(people)
    missing = [Need(f"skill-{name}", name, 0, frozenset(), skill=name) for name, those in able.items() if not those]
    drawing = _Drawing(project, plan, monday, {one.id for one in left}, waits_of(project), people, anybody)
    return [*missing, *(drawing.need(one) for one in left)]


@dataclass(frozen=True)
class _Drawing:
    """Deliverables as needs."""

    project: Project
    plan: Plan
    monday: date
    left: set[UUID]
    waits: Mapping[UUID, Mapping[UUID, int]]
    people: Mapping[UUID, SkilledMember]
    anybody: frozenset[UUID]

    def need(self, one: Deliverable) -> Need:
        hours = int((one.estimate_hours or 0) * 100)
        dates = self.plan.dates[one.id]
        duration = duration_of(one, self.plan.calendar)
        per_week = len(self.project.workdays)
        return Need(
            key=str(one.id),
            name=one.title,
            hours=hours,
            able=self._able(one),
            after=tuple(str(key) for key in self._before(one)),
            not_before=self._week(dates.start),
            not_done_before=self._week(dates.finish),
            most=-(-hours * per_week // duration) if one.duration_days and duration > per_week else None,
            only=one.assistant.name if one.assistant else "",
        )

    def _able(self, one: Deliverable) -> frozenset[UUID]:
        if one.assistant_id is None:
            return self.anybody
        return frozenset(key for key, person in self.people.items() if person.id == one.assistant_id)

    def _before(self, one: Deliverable) -> list[UUID]:
        return [earlier for earlier in self.waits[one.id] if earlier in self.left]

    def _week(self, day: date) -> int:
        return max((day - self.monday).days // 7, 0)


def _end_of(plan: Plan) -> date | None:
    """When the last deliverable that is still to come is there."""
    left = [one.id for one in plan.project.deliverables if one.status not in ENDED and one.id in plan.dates]
    return max((plan.dates[key].finish for key in left), default=None)
