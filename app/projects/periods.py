"""When projects ran, and who was in a team when. Triggers on projects and team members write it; nothing else does.

Time is logged by the day: it must be one on which the project ran and the person was in its team, whatever has become
of either since. A project's first day of work is the earlier of the day on which it was started and the first day of
its plan, and whoever is put into a team is taken to have been in it until then: people are entered later than they
come.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Identity, exists, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import zone_of
from app.core.db import Base, Part, part_of
from app.extensions import db
from app.identity.models import to_user
from app.projects.models import Project
from app.projects.timesheets.models import TimeEntry

_EVER, _NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
RECENT = timedelta(days=60)


class ProjectRun(Part, Base):
    """A time in which a project was active with one team; `ended_at` None while it is."""

    __tablename__ = "project_runs"
    __table_args__ = (part_of("projects", "project_id"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    project_id: Mapped[UUID]
    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), index=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class TeamTerm(Base):
    """A time in which somebody was in a team; `ended_at` None while they are. `member_id` was their place in it."""

    __tablename__ = "team_terms"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    member_id: Mapped[UUID]
    assistant_id: Mapped[UUID | None] = mapped_column(ForeignKey("assistants.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[UUID | None] = mapped_column(to_user("rewrite", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


@dataclass(frozen=True)
class Past:
    """What a person may have worked on a project: when it ran, and when they were in its team."""

    began: date | None
    """The project's first day of work; None where it never ran."""
    runs: Sequence[tuple[UUID, datetime, datetime]]
    terms: Sequence[tuple[UUID, datetime, datetime]]
    assistant_id: UUID | None
    """The person's profile in the team, where there is one."""

    @property
    def was_member(self) -> bool:
        return bool(self.terms)

    def ran_on(self, day: date, zone: str | None) -> bool:
        """Whether the project ran at some time of the day as the person's clocks have it."""
        return any(begins < ends for _, begins, ends in self._on(day, zone))

    def worked_on(self, day: date, zone: str | None) -> bool:
        """Whether it ran, and the person was in its team meanwhile."""
        return any(
            max(begins, came) < min(ends, left)
            for team, begins, ends in self._on(day, zone)
            for of, came, left in self.terms
            if of == team
        )

    def _on(self, day: date, zone: str | None) -> list[tuple[UUID, datetime, datetime]]:
        where = zone_of(zone or "") or UTC
        first, last = _midnight(day, where), _midnight(day + timedelta(days=1), where)
        runs = [(team, max(begins, first), min(ends, last)) for team, begins, ends in self.runs]
        if self.began is not None and self.runs and self.began <= day:
            team, begins, _ = self.runs[0]
            runs.append((team, first, min(begins, last)))
        return runs


def past_of(project: Project, user_id: UUID) -> Past:
    """What is known of the project's runs and of the person's terms in its teams."""
    return pasts_of([(project, user_id)])[project.id, user_id]


def pasts_of(pairs: Collection[tuple[Project, UUID]]) -> dict[tuple[UUID, UUID], Past]:
    """`past_of` for many projects and people at once, by their ids."""
    runs: dict[UUID, list[ProjectRun]] = defaultdict(list)
    terms: dict[UUID, list[TeamTerm]] = defaultdict(list)
    ran = select(ProjectRun).where(ProjectRun.project_id.in_({project.id for project, _ in pairs}))
    for run in db.session.scalars(ran.order_by(ProjectRun.began_at, ProjectRun.id)):
        runs[run.project_id].append(run)
    teams = {run.team_id for of_project in runs.values() for run in of_project}
    teams |= {project.team_id for project, _ in pairs if project.team_id}
    was_in = select(TeamTerm).where(TeamTerm.user_id.in_({user for _, user in pairs}), TeamTerm.team_id.in_(teams))
    for term in db.session.scalars(was_in.order_by(TeamTerm.began_at, TeamTerm.id)):
        if term.user_id is not None:
            terms[term.user_id].append(term)
    return {(project.id, user): _past(project, runs[project.id], terms[user]) for project, user in pairs}


def _past(project: Project, runs: Sequence[ProjectRun], terms: Sequence[TeamTerm]) -> Past:
    teams = {run.team_id for run in runs} | ({project.team_id} if project.team_id else set())
    own = [term for term in terms if term.team_id in teams]
    return Past(
        min((day for day in (project.started_on, project.start_date) if day), default=None) if runs else None,
        [(run.team_id, run.began_at, run.ended_at or _NEVER) for run in runs],
        _terms(own),
        own[-1].assistant_id if own else None,
    )


def worked_for(user_id: UUID) -> ColumnElement[bool]:
    """What a project must be like for the person to have been in its team while it ran, or to have logged time on it.
    The policies say the same (`own_project_ids`)."""
    there = exists().where(
        ProjectRun.project_id == Project.id,
        TeamTerm.team_id == ProjectRun.team_id,
        TeamTerm.user_id == user_id,
        or_(
            TeamTerm.ended_at.is_(None),
            TeamTerm.ended_at > ProjectRun.began_at,
            TeamTerm.ended_at > Project.start_date,
        ),
    )
    logged = exists().where(TimeEntry.project_id == Project.id, TimeEntry.user_id == user_id)
    return or_(there, logged)


def ran_since(moment: datetime) -> ColumnElement[bool]:
    """What a project must be like to run, or to have run after that moment."""
    return exists().where(
        ProjectRun.project_id == Project.id, or_(ProjectRun.ended_at.is_(None), ProjectRun.ended_at > moment)
    )


def people_of(project: Project) -> list[tuple[UUID, str]]:
    """Those with an account who were ever in a team that the project ran with, by id and name; members come first."""
    teams = select(ProjectRun.team_id).where(ProjectRun.project_id == project.id)
    query = (
        select(TeamTerm.user_id, TeamTerm.name)
        .where(
            or_(TeamTerm.team_id.in_(teams), TeamTerm.team_id == project.team_id),
            TeamTerm.user_id.is_not(None),
        )
        .order_by(TeamTerm.ended_at.is_not(None), TeamTerm.began_at, TeamTerm.id)
    )
    found = db.session.execute(query).all()
    names: dict[UUID, str] = {}
    for user_id, name in found:
        if user_id is not None:
            names.setdefault(user_id, name)
    return list(names.items())


def _terms(terms: Sequence[TeamTerm]) -> list[tuple[UUID, datetime, datetime]]:
    """The terms by team; the first in each reaches back as far as you like."""
    known: set[UUID] = set()
    found = []
    for term in terms:
        came = term.began_at if term.team_id in known else _EVER
        known.add(term.team_id)
        found.append((term.team_id, came, term.ended_at or _NEVER))
    return found


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
