"""How many hours a week teams have, by week.

A member's calendar says how many hours the week has (`calendar`, time off taken out). The team gets the member's share
of them at most, and no more than other work leaves: `hours = min(share × calendar, calendar − other)`. What the team's
own projects take of that is `own`; the rest is `free`. The team has the sum of its members' hours, held to its limit.
A member without a calendar (an account without an assistant's profile) counts 40 hours a week.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from app.assistants.calendars.queries import Week, monday_of, weeks_of
from app.assistants.models import Reservation
from app.core.clock import today_in
from app.core.numbers import rounded
from app.core.tenancy import as_system
from app.extensions import db
from app.projects.models import Project
from app.projects.teams.models import Team, TeamMember
from app.projects.teams.reservations import HOLDS_HOURS, WITHOUT_CALENDAR

NONE = Decimal("0.00")


class MemberWeek(NamedTuple):
    """A member's hours of one week, as in the formula above."""

    member_id: UUID
    calendar: Decimal
    other: Decimal
    own: Decimal
    hours: Decimal
    free: Decimal


@dataclass(frozen=True, slots=True)
class TeamWeek:
    """A team's hours of the week that begins on `monday`: `hours` that it has, `booked` by its own projects, `free`."""

    monday: date
    hours: Decimal
    booked: Decimal
    free: Decimal
    members: tuple[MemberWeek, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody's place in a team. One without `assistant_id` keeps no calendar."""

    id: UUID
    team_id: UUID
    assistant_id: UUID | None
    user_id: UUID | None
    name: str
    role: str
    share: Decimal

    @property
    def has_calendar(self) -> bool:
        return self.assistant_id is not None


@dataclass(frozen=True, slots=True)
class Capacity:
    """A team's capacity by week, all weeks in a row."""

    team_id: UUID
    limit: Decimal | None
    members: tuple[Member, ...]
    weeks: tuple[TeamWeek, ...]

    @property
    def free(self) -> Decimal:
        """The hours that are free in all the weeks together."""
        return sum((week.free for week in self.weeks), NONE)

    @property
    def hours(self) -> Decimal:
        return sum((week.hours for week in self.weeks), NONE)

    @property
    def has_unrecorded(self) -> bool:
        """Whether some members' hours are assumed, for they keep no calendar."""
        return any(not member.has_calendar for member in self.members)


def capacity_of(
    team_ids: Collection[UUID],
    first_monday: date,
    count: int,
    *,
    without_project: UUID | None = None,
    within: tuple[date, date] | None = None,
) -> dict[UUID, Capacity]:
    """The capacity of those teams for `count` weeks. Four queries, whatever the numbers.

    What `without_project` takes counts as free; with `within`, only the days from its first to its last count. It looks
    across companies: hours come out, and never whose they are.
    """
    if not team_ids or count < 1:
        return {}
    with as_system("free hours depend on work for all companies; hours come out, never whose they are"):
        limits, members = _teams_with_members(team_ids)
        ids = {member.assistant_id for those in members.values() for member in those if member.assistant_id}
        ignored = () if without_project is None else (without_project,)
        calendars = weeks_of(ids, first_monday, count, without_projects=ignored, within=within)
        has_work = any(week.by_project for weeks in calendars.values() for week in weeks)
        is_assumed = any(not member.has_calendar for those in members.values() for member in those)
        projects = _projects_of(list(limits), first_monday, count, ignored) if has_work or is_assumed else {}
    found = {}
    for team_id, limit in limits.items():
        team = _Team(limit, members.get(team_id, ()), projects.get(team_id, ()), calendars, within)
        weeks = tuple(team.week(number, first_monday + timedelta(days=7 * number)) for number in range(count))
        found[team_id] = Capacity(team_id, limit, team.members, weeks)
    return found


def free_this_week(team_ids: Collection[UUID]) -> dict[UUID, Decimal]:
    """How many hours of the present week each team has left: what the API answers as `capacity_free`. The week is the
    same for everybody, as it is in UTC, for the answers are."""
    found = capacity_of(team_ids, monday_of(today_in(None)), 1)
    return {team_id: capacity.weeks[0].free for team_id, capacity in found.items()}


def weeks_between(start: date, end: date) -> tuple[date, int]:
    """The Monday on or before `start`, and how many weeks it takes from there to cover `end`."""
    first = monday_of(start)
    return first, max((end - first).days // 7 + 1, 1)


def _teams_with_members(
    team_ids: Collection[UUID],
) -> tuple[dict[UUID, Decimal | None], dict[UUID, tuple[Member, ...]]]:
    """The limits of those teams, and their members in order."""
    rows = db.session.execute(
        select(
            Team.id,
            Team.capacity,
            TeamMember.id,
            TeamMember.assistant_id,
            TeamMember.user_id,
            TeamMember.name,
            TeamMember.role,
            TeamMember.share,
        )
        .outerjoin(TeamMember, TeamMember.team_id == Team.id)
        .where(Team.id.in_(team_ids))
        .order_by(Team.id, TeamMember.position)
    )
    limits: dict[UUID, Decimal | None] = {}
    members: dict[UUID, tuple[Member, ...]] = {}
    for team_id, limit, member_id, assistant_id, user_id, name, role, share in rows:
        limits[team_id] = limit
        if member_id is not None:
            member = Member(member_id, team_id, assistant_id, user_id, name, role, share)
            members[team_id] = (*members.get(team_id, ()), member)
    return limits, members


@dataclass(frozen=True, slots=True)
class _Project:
    """A project that a team works on. `unreserved` are its hours a week that no member's calendar holds."""

    id: UUID
    starts: date
    ends: date
    unreserved: Decimal


def _projects_of(
    team_ids: Sequence[UUID], first_monday: date, count: int, ignored: Collection[UUID]
) -> dict[UUID, list[_Project]]:
    reserved = (
        select(func.sum(Reservation.hours_per_week))
        .where(Reservation.project_id == Project.id)
        .correlate(Project)
        .scalar_subquery()
    )
    wanted = func.coalesce(Project.hours_per_week, 0) - func.coalesce(reserved, 0)
    rows = db.session.execute(
        select(Project.team_id, Project.id, Project.start_date, Project.end_date, func.greatest(wanted, 0)).where(
            Project.team_id.in_(team_ids),
            Project.id.not_in(ignored),
            Project.status.in_(HOLDS_HOURS),
            Project.start_date < first_monday + timedelta(days=7 * count),
            Project.end_date >= first_monday,
        )
    )
    found: dict[UUID, list[_Project]] = {}
    for team_id, *project in rows:
        found.setdefault(team_id, []).append(_Project(*project))
    return found


@dataclass(frozen=True)
class _Team:
    """What a team's weeks are worked out from."""

    limit: Decimal | None
    members: tuple[Member, ...]
    projects: Sequence[_Project]
    calendars: Mapping[UUID, Sequence[Week]]
    within: tuple[date, date] | None

    def week(self, number: int, monday: date) -> TeamWeek:
        part = part_of_week(monday, *(self.within or (monday, None)))
        there = [self._member_week(member, number, part) for member in self.members]
        carried = _carry(self.members, there, _unreserved(self.projects, monday, self.within))
        limit = None if self.limit is None else rounded(self.limit * part)
        return _team_week(monday, limit, carried)

    @cached_property
    def _own_projects(self) -> frozenset[UUID]:
        return frozenset(project.id for project in self.projects)

    def _member_week(self, member: Member, number: int, part: Decimal) -> MemberWeek:
        weeks = self.calendars.get(member.assistant_id) if member.assistant_id else None
        if weeks is None:
            calendar, other, own = WITHOUT_CALENDAR * part, NONE, NONE
        else:
            week = weeks[number]
            own = self._own_hours(week)
            calendar, other = week.capacity - week.away, max(week.reserved - own, NONE)
        hours = rounded(max(min(calendar * member.share, calendar - other), NONE))
        return MemberWeek(member.id, calendar, other, own, hours, max(hours - own, NONE))

    def _own_hours(self, week: Week) -> Decimal:
        """What the team's own projects take of somebody's week."""
        if not week.by_project:
            return NONE
        mine = (hours for project_id, hours in week.by_project.items() if project_id in self._own_projects)
        return rounded(sum(mine, NONE))


def part_of_week(monday: date, first: date, last: date | None) -> Decimal:
    """How much of the week, Monday to Friday, lies between the days, both included."""
    friday = monday + timedelta(days=4)
    days = ((friday if last is None else min(friday, last)) - max(monday, first)).days + 1
    return Decimal(max(days, 0)) / 5


def _unreserved(projects: Sequence[_Project], monday: date, within: tuple[date, date] | None) -> Decimal:
    """The hours of that week which projects take and no calendar holds; of a part of a week, the part."""
    if not projects:
        return NONE
    first, last = within or (monday, monday + timedelta(days=6))
    parts = (
        project.unreserved * part_of_week(monday, max(project.starts, first), min(project.ends, last))
        for project in projects
        if project.unreserved
    )
    return rounded(sum(parts, NONE))


def _carry(members: Sequence[Member], there: list[MemberWeek], hours: Decimal) -> list[MemberWeek]:
    """Those who keep no calendar carry what no calendar holds, by the hours that they have."""
    if not hours:
        return there
    bearing = [week.hours for member, week in zip(members, there, strict=True) if not member.has_calendar]
    whole = sum(bearing, NONE)
    if not whole:
        return there
    return [
        week if member.has_calendar else _with_own(week, rounded(hours * week.hours / whole))
        for member, week in zip(members, there, strict=True)
    ]


def _with_own(week: MemberWeek, own: Decimal) -> MemberWeek:
    return MemberWeek(week.member_id, week.calendar, week.other, own, week.hours, max(week.hours - own, NONE))


def _team_week(monday: date, limit: Decimal | None, members: Sequence[MemberWeek]) -> TeamWeek:
    whole = sum((week.hours for week in members), NONE)
    if limit is not None:
        whole = min(whole, limit) if members else limit
    booked = sum((week.own for week in members), NONE)
    free = min(max(whole - booked, NONE), sum((week.free for week in members), NONE)) if members else whole
    return TeamWeek(monday, whole, booked, free, tuple(members))


def hydrate_teams(teams: Iterable[Team]) -> None:
    """Give each team what it has left of this week, for answers that tell it."""
    those = list(teams)
    free = free_this_week([team.id for team in those])
    for team in those:
        team.capacity_free = free.get(team.id, NONE)
