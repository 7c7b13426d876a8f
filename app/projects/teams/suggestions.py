"""Which teams fit a project: ranked, with the reasons, and only those that have capacity left in its dates."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.assistants.models import AssistantSkill
from app.assistants.skills.meaning_operations import kinship, meanings
from app.core.chunks import chunked
from app.core.clock import today_here
from app.core.fitting.rating import Rating
from app.core.fitting.skills import NO_CREDIT, Kinship, WantedSkill, credit_for
from app.core.tenancy import as_system
from app.extensions import db
from app.projects.models import Project
from app.projects.teams.capacity import Capacity, capacity_of, part_of_week, weeks_between
from app.projects.teams.fit_score import (
    WEIGHTS,
    Availability,
    Load,
    Part,
    SkillOfTeam,
    Skills,
    Specialization,
    Success,
    explained,
    score_of,
)
from app.projects.teams.models import Team, TeamMember

USUAL_PERIOD = timedelta(weeks=12)
"""How long a project is taken to last that doesn't say."""
LONGEST_PERIOD = timedelta(weeks=26)
"""How far calendars are looked at; what is further off changes before it comes."""
LEAST_PRESENCE = 0.8
"""A team that can give less than this of the hours asked can't do the work."""
AT_ONCE = 40
"""Teams whose calendars are read together."""
_OPEN = WEIGHTS["availability"] + WEIGHTS["load"]
"""What the calendars may add to a score at most."""


@dataclass(frozen=True)
class SuggestedTeam:
    """A team that fits. The sum of weight times score over `parts` is `score`."""

    team: Team
    score: float
    parts: tuple[Part, ...]
    free_hours: Decimal
    """Hours that are free in the whole of the dates."""

    @property
    def explanation(self) -> dict[str, dict[str, Any]]:
        """The parts by name, ready for JSON."""
        return {part.key: explained(part) for part in self.parts}

    @property
    def reasons(self) -> list[str]:
        return [reason for part in self.explanation.values() for reason in part["reasons"]]


@dataclass(frozen=True)
class _Fit:
    """What is known of a team without its calendars."""

    team: Team
    parts: tuple[Specialization, Skills, Rating, Success]

    @property
    def most(self) -> float:
        """The highest score that the team can come to."""
        return score_of(self.parts) + _OPEN


def suggest_teams(
    specialization: str,
    skills: Sequence[str] = (),
    start: date | None = None,
    end: date | None = None,
    *,
    hours: Decimal | None = None,
    limit: int = 5,
) -> list[SuggestedTeam]:
    """The teams that fit best, best first; of equals by rating, then id.

    Without dates it looks at the next twelve weeks. `hours` is what the project takes in a week: a team that can't give
    four fifths of it is left out, as is one without free hours in those dates, and one that neither does such work nor
    has anybody with one of the skills.
    """
    first, last = period_of(start, end)
    if last < first:
        return []
    with as_system("free hours depend on work for all companies; hours come out, never whose they are"):
        fits = sorted(_fits(specialization, skills), key=lambda fit: (-fit.most, fit.team.id))
        found: list[SuggestedTeam] = []
        for some in chunked(fits, AT_ONCE):
            if len(found) >= limit and found[limit - 1].score > some[0].most:
                break
            found = sorted([*found, *_with_room(some, first, last, hours)], key=_order)
    return found[:limit]


def suggest_for(project: Project, limit: int = 5) -> list[SuggestedTeam]:
    """The teams that fit a project best."""
    return suggest_teams(
        project.specialization,
        project.skills,
        project.start_date,
        project.end_date,
        hours=project.hours_per_week,
        limit=limit,
    )


def period_of(start: date | None, end: date | None) -> tuple[date, date]:
    """The days that are looked at: from today on, and no more than half a year of them."""
    first = max(start or today_here(), today_here())
    return first, min(end or first + USUAL_PERIOD, first + LONGEST_PERIOD)


def _order(suggested: SuggestedTeam) -> tuple[float, float, UUID]:
    return -suggested.score, -float(suggested.team.rating or 0), suggested.team.id


def _fits(specialization: str, skills: Sequence[str]) -> Iterator[_Fit]:
    teams = db.session.scalars(select(Team).where(Team.archived_at.is_(None))).all()
    asked = _skills_of_teams(skills)
    for team in teams:
        work = Specialization.of(specialization, team.specialization, team.name, team.description)
        known = Skills(asked.get(team.id, asked[None]))
        if work.score or (known.asked and not known.is_empty):
            rating = Rating(team.rating_sum, team.reviews_count)
            yield _Fit(team, (work, known, rating, Success(team.successful_projects, team.finished_projects)))


def _skills_of_teams(skills: Sequence[str]) -> dict[UUID | None, list[SkillOfTeam]]:
    """For each team with members who have skills, who is credited with what; under None what nobody has."""
    wanted = wanted_skills(skills)
    found: dict[UUID | None, list[SkillOfTeam]] = {None: [SkillOfTeam(one.name, NO_CREDIT, "", "") for one in wanted]}
    if not wanted:
        return found
    near = kinship([one.skill_id for one in wanted if one.skill_id])
    useful = {key for one in wanted if one.skill_id for key in (one.skill_id, *near.closeness.get(one.skill_id, {}))}
    for team_id, members in _levels_by_team(useful).items():
        found[team_id] = [best_of(one, members, near) for one in wanted]
    return found


def wanted_skills(skills: Sequence[str]) -> list[WantedSkill]:
    """What the terms mean, each skill once."""
    found: dict[Any, WantedSkill] = {}
    for meaning in meanings(skills, keep_unknown=False):
        found.setdefault(
            meaning.skill_id or meaning.name.casefold(), WantedSkill(meaning.asked, meaning.skill_id, meaning.name)
        )
    return list(found.values())


@dataclass(frozen=True, slots=True)
class SkilledMember:
    """Somebody of a team, of whom only the skills count: the level of each by its id."""

    id: UUID
    name: str
    levels: dict[UUID, int]


def best_of(wanted: WantedSkill, members: Sequence[SkilledMember], near: Kinship) -> SkillOfTeam:
    """The member who is credited with most of the skill; of equals the first."""
    ways = [(credit_for(wanted, member, near), member) for member in members]
    credit, member = max(ways, key=lambda pair: pair[0].amount, default=(NO_CREDIT, None))
    if member is None or credit.mastered is None:
        return SkillOfTeam(wanted.name, NO_CREDIT, "", "")
    return SkillOfTeam(wanted.name, credit, near.names.get(credit.mastered, wanted.name), member.name)


def _levels_by_team(useful: set[UUID]) -> dict[UUID, list[SkilledMember]]:
    rows = db.session.execute(
        select(
            TeamMember.team_id,
            AssistantSkill.assistant_id,
            TeamMember.name,
            AssistantSkill.skill_id,
            AssistantSkill.level,
        )
        .join(AssistantSkill, AssistantSkill.assistant_id == TeamMember.assistant_id)
        .where(AssistantSkill.skill_id.in_(useful))
        .order_by(TeamMember.team_id, TeamMember.position)
    )
    found: dict[UUID, dict[UUID, SkilledMember]] = {}
    for team_id, assistant_id, name, skill_id, level in rows:
        members = found.setdefault(team_id, {})
        if assistant_id not in members:
            members[assistant_id] = SkilledMember(assistant_id, name, {})
        members[assistant_id].levels[skill_id] = level
    return {team_id: list(members.values()) for team_id, members in found.items()}


def _with_room(fits: Sequence[_Fit], first: date, last: date, hours: Decimal | None) -> Iterator[SuggestedTeam]:
    capacities = capacity_of([fit.team.id for fit in fits], *weeks_between(first, last), within=(first, last))
    for fit in fits:
        capacity = capacities[fit.team.id]
        room = availability_of(capacity, first, last, hours)
        if room.free > 0 and (hours is None or room.score >= LEAST_PRESENCE):
            work, skills, rating, success = fit.parts
            parts = (work, skills, room, rating, success, Load(capacity.hours, capacity.free))
            yield SuggestedTeam(fit.team, score_of(parts), parts, capacity.free)


def availability_of(capacity: Capacity, first: date, last: date, hours: Decimal | None) -> Availability:
    """How much of the hours asked the team can give in those dates."""
    return Availability(hours, [(part_of_week(week.monday, first, last), week) for week in capacity.weeks])
