"""What a time sheet shows: one's own week, what one may log on, what came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.core.clock import now
from app.core.errors import NotFound
from app.extensions import db
from app.identity.models import User
from app.projects.models import Deliverable, Project
from app.projects.periods import RECENT, people_of, ran_since, worked_for
from app.projects.timesheets.kinds import FOR_PAGES
from app.projects.timesheets.models import TimeEntry

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

    @property
    def label(self) -> str:
        """The project's name, and how it is where it isn't active."""
        status = self.project.status
        return self.project.name if status == "active" else f"{self.project.name} ({status.replace('_', ' ')})"


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
    """The projects that the person works on or did lately: the active ones first, by name."""
    query = (
        select(Project)
        .where(worked_for(user_id), ran_since(now() - RECENT))
        .order_by(Project.status != "active", Project.name, Project.id)
    )
    projects = db.session.scalars(query.limit(MOST_PROJECTS).options(selectinload(Project.deliverables))).all()
    return [workplace_of(project) for project in projects]


def workplace_of(project: Project) -> Workplace:
    parts = project.deliverables
    return Workplace(project, [one for one in parts if one.status not in ("approved", "cancelled")])


def members_of(project: Project) -> Sequence[tuple[UUID, str]]:
    """Those who log time on the project: members of its team with an account, then those who were, by id and name."""
    return people_of(project)


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
    """Who decided on it, by name, for staff."""
    if entry.decided_by_id is None:
        return ""
    return db.session.scalar(select(User.username).where(User.id == entry.decided_by_id)) or ""
