"""What a time sheet shows: the own week, what one may log on, what came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.auth.models import User
from app.core.errors import NotFound
from app.core.standing import as_system
from app.extensions import db
from app.projects.models import Deliverable, Project, TeamMember, TimeEntry
from app.projects.time_resources import FOR_PAGES

MOST_PROJECTS = 100
MOST_REJECTED = 20


@dataclass(frozen=True)
class SheetDay:
    day: date
    entries: Sequence[TimeEntry]

    @property
    def minutes(self) -> int:
        """What counts: rejected time doesn't."""
        return sum(entry.minutes for entry in self.entries if entry.status != "rejected")


@dataclass(frozen=True)
class Week:
    days: Sequence[SheetDay]

    @property
    def first(self) -> date:
        return self.days[0].day

    @property
    def last(self) -> date:
        return self.days[-1].day

    @property
    def minutes(self) -> int:
        return sum(day.minutes for day in self.days)

    @property
    def before(self) -> date:
        return self.first - timedelta(days=7)

    @property
    def after(self) -> date:
        return self.first + timedelta(days=7)


@dataclass(frozen=True)
class Workplace:
    """A project that time is logged on, with its deliverables that are still open."""

    project: Project
    deliverables: Sequence[Deliverable]


def week_of(user_id: UUID, day: date) -> Week:
    """The person's entries of the week that the day is in, by day from Monday on."""
    monday = day - timedelta(days=day.weekday())
    days = [monday + timedelta(days=n) for n in range(7)]
    query = (
        select(TimeEntry)
        .where(TimeEntry.user_id == user_id, TimeEntry.worked_on.between(days[0], days[-1]))
        .order_by(TimeEntry.worked_on, TimeEntry.created_at, TimeEntry.id)
        .options(*FOR_PAGES)
    )
    entries = db.session.scalars(query).all()
    return Week([SheetDay(each, [entry for entry in entries if entry.worked_on == each]) for each in days])


def rejected_of(user_id: UUID) -> Sequence[TimeEntry]:
    """What came back and waits to be put right, the latest decision first."""
    query = select(TimeEntry).where(TimeEntry.user_id == user_id, TimeEntry.status == "rejected")
    query = query.order_by(TimeEntry.decided_at.desc(), TimeEntry.id).limit(MOST_REJECTED).options(*FOR_PAGES)
    return db.session.scalars(query).all()


def workplaces_of(user_id: UUID) -> list[Workplace]:
    """The active projects of the person's teams, by name."""
    own = select(TeamMember.team_id).where(TeamMember.user_id == user_id)
    query = (
        select(Project).where(Project.team_id.in_(own), Project.status == "active").order_by(Project.name, Project.id)
    )
    projects = db.session.scalars(query.limit(MOST_PROJECTS).options(selectinload(Project.deliverables))).all()
    return [workplace_of(project) for project in projects]


def workplace_of(project: Project) -> Workplace:
    return Workplace(project, [one for one in project.deliverables if one.status not in ("approved", "cancelled")])


def members_of(project: Project) -> Sequence[tuple[UUID, str]]:
    """The members of the project's team who log time: those with an account, by id and name."""
    if project.team_id is None:
        return ()
    query = (
        select(TeamMember.user_id, TeamMember.name)
        .where(TeamMember.team_id == project.team_id, TeamMember.user_id.is_not(None))
        .order_by(TeamMember.position)
    )
    return [(user_id, name) for user_id, name in db.session.execute(query) if user_id is not None]


def get_entry(entry_id: UUID, *, user_id: UUID | None = None, for_update: bool = False) -> TimeEntry:
    """The entry; with `user_id` only if it is that person's."""
    query = select(TimeEntry).where(TimeEntry.id == entry_id).options(*FOR_PAGES)
    if user_id is not None:
        query = query.where(TimeEntry.user_id == user_id)
    if for_update:
        query = query.with_for_update(of=TimeEntry).execution_options(populate_existing=True)
    entry = db.session.scalar(query)
    if entry is None:
        raise NotFound("There is no such time entry.")
    return entry


def decider_of(entry: TimeEntry) -> str:
    """Who decided on it, by name; staff are in nobody else's sight."""
    if entry.decided_by_id is None:
        return ""
    with as_system():
        return db.session.scalar(select(User.username).where(User.id == entry.decided_by_id)) or ""
