"""What a company, or an expert, is to know of projects at a glance: what waits, how things stand, what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, String, and_, case, cast, func, literal, select, union_all

from app.assistants.models import Assistant
from app.core.clock import today_here
from app.extensions import db
from app.projects.change_orders.models import ChangeOrder
from app.projects.models import Deliverable, Milestone, Project, ProjectReview
from app.projects.money.queries import Forecast, forecasts_of
from app.projects.steps import PROJECT
from app.projects.teams.models import Team, TeamMember

UNFINISHED = tuple(name for name in PROJECT.names if name not in PROJECT.final)
FORESEEN = ("active", "on_hold")
OPEN_WORK = ("planned", "in_progress", "changes_requested")
REVIEWED_WITHIN = timedelta(days=90)
LOOKS_AHEAD = timedelta(days=60)
MOST = 10


@dataclass(frozen=True)
class Waiting:
    """Something that waits for a decision. `kind` is `deliverable`, `change-order`, `project-review` or `changes`."""

    kind: str
    title: str
    project: str
    project_id: UUID
    since: date | None


@dataclass(frozen=True)
class Standing:
    """How a project stands. `done` of `total` deliverables are approved; `used` is the share of the budget spent."""

    id: UUID
    name: str
    status: str
    start_date: date | None
    end_date: date | None
    budget: Decimal | None
    spent: Decimal
    currency: str
    team: str | None
    done: int
    total: int
    late: int
    forecast: Forecast | None = None
    """What it is likely to cost and when to end, while the work goes on; for the company alone."""

    @property
    def costs_more(self) -> bool:
        """Whether it is likely to cost more than the budget."""
        cost = self.forecast.cost if self.forecast else None
        return cost is not None and self.budget is not None and cost > self.budget

    @property
    def ends_late(self) -> bool:
        end = self.forecast.end if self.forecast else None
        return end is not None and self.end_date is not None and end > self.end_date

    @property
    def progress(self) -> float | None:
        return self.done / self.total if self.total else None

    @property
    def used(self) -> float | None:
        return float(self.spent / self.budget) if self.budget else None


@dataclass(frozen=True)
class Coming:
    """A day ahead. `kind` is `deliverable`, `milestone` or `project`."""

    kind: str
    day: date
    title: str
    project: str
    project_id: UUID
    is_late: bool


def waiting_for_company(client_id: UUID) -> list[Waiting]:
    """What only the company can decide: deliverables, change orders, reviews of what was completed lately."""
    named = (Project.name.label("project"), Project.id.label("project_id"))
    parts = [
        select(literal("deliverable").label("kind"), Deliverable.title, *named, Deliverable.finished_on.label("since"))
        .join(Project, Project.id == Deliverable.project_id)
        .where(Project.client_id == client_id, Deliverable.status == "submitted"),
        select(literal("change-order"), ChangeOrder.title, *named, cast(ChangeOrder.proposed_at, Date))
        .join(Project, Project.id == ChangeOrder.project_id)
        .where(ChangeOrder.client_id == client_id, ChangeOrder.status == "proposed"),
        select(literal("project-review"), Project.name, *named, Project.completed_on)
        .outerjoin(ProjectReview, ProjectReview.project_id == Project.id)
        .where(
            Project.client_id == client_id,
            Project.status == "completed",
            Project.completed_on >= today_here() - REVIEWED_WITHIN,
            ProjectReview.id.is_(None),
        ),
    ]
    return _waiting(parts)


def waiting_for_expert(user_id: UUID) -> list[Waiting]:
    """The expert's own deliverables to which changes were asked for."""
    mine = (
        select(
            literal("changes").label("kind"),
            Deliverable.title,
            Project.name.label("project"),
            Project.id.label("project_id"),
            cast(Deliverable.decided_at, Date).label("since"),
        )
        .join(Project, Project.id == Deliverable.project_id)
        .join(Assistant, Assistant.id == Deliverable.assistant_id)
        .where(Assistant.user_id == user_id, Deliverable.status == "changes_requested")
    )
    return _waiting([mine])


def standing_of_company(client_id: UUID) -> list[Standing]:
    standing = _standing(Project.client_id == client_id)
    forecasts = forecasts_of([one.id for one in standing if one.status in FORESEEN])
    return [replace(one, forecast=forecasts.get(one.id)) for one in standing]


def standing_of_expert(user_id: UUID) -> list[Standing]:
    teams = select(TeamMember.team_id).where(TeamMember.user_id == user_id)
    return _standing(Project.team_id.in_(teams))


def coming_for_company(client_id: UUID) -> list[Coming]:
    return _coming(Project.client_id == client_id, Project.client_id == client_id)


def coming_for_expert(user_id: UUID) -> list[Coming]:
    """Their own deliverables, and the ends of their teams' projects."""
    own = Deliverable.assistant_id.in_(select(Assistant.id).where(Assistant.user_id == user_id))
    teams = select(TeamMember.team_id).where(TeamMember.user_id == user_id)
    return _coming(own, Project.team_id.in_(teams))


def _waiting(parts: Sequence[Any]) -> list[Waiting]:
    every = union_all(*parts).subquery()
    order = (every.c.kind == "project-review", every.c.since, every.c.title)
    rows = db.session.execute(select(every).order_by(*order).limit(MOST))
    return [Waiting(*row) for row in rows]


def _standing(whose: ColumnElement[bool]) -> list[Standing]:
    """Unfinished projects: those that run first, and of them those that end first."""
    parts = (
        select(
            func.count().filter(Deliverable.status == "approved").label("done"),
            func.count().filter(Deliverable.status != "cancelled").label("total"),
            func.count().filter(Deliverable.status.in_(OPEN_WORK), Deliverable.due_date < today_here()).label("late"),
        )
        .where(Deliverable.project_id == Project.id)
        .lateral()
    )
    order = case((Project.status == "active", 0), (Project.status == "on_hold", 1), else_=2)
    team = select(Team.name).where(Team.id == Project.team_id)
    rows = db.session.execute(
        select(
            Project.id, Project.name, Project.status, Project.start_date, Project.end_date, Project.budget,
            Project.spent, Project.currency, team.scalar_subquery(), parts.c.done, parts.c.total, parts.c.late,
        )
        .join(parts, literal(True))
        .where(whose, Project.status.in_(UNFINISHED))
        .order_by(order, func.coalesce(Project.end_date, date.max), Project.id)
        .limit(MOST)
    )  # fmt: skip
    return [Standing(*row) for row in rows]


def _coming(work: ColumnElement[bool], projects: ColumnElement[bool]) -> list[Coming]:
    running = Project.status.in_(("planned", "active"))
    until = today_here() + LOOKS_AHEAD
    named = (Project.name.label("project"), Project.id.label("project_id"))
    late = case((Deliverable.due_date < today_here(), True), else_=False).label("is_late")
    parts = [
        select(literal("deliverable").label("kind"), Deliverable.due_date.label("day"), Deliverable.title, *named, late)
        .join(Project, Project.id == Deliverable.project_id)
        .where(work, running, Deliverable.status.in_(OPEN_WORK), Deliverable.due_date <= until),
        select(literal("milestone"), Milestone.due_date, Milestone.title, *named, literal(False))
        .join(Project, Project.id == Milestone.project_id)
        .where(and_(projects, running), Milestone.due_date.between(today_here(), until)),
        select(literal("project"), Project.end_date, cast(literal("Planned end"), String), *named, literal(False))
        .where(projects, running, Project.end_date.between(today_here(), until)),
    ]  # fmt: skip
    rows = db.session.execute(union_all(*parts).order_by("day", "title").limit(MOST))
    return [Coming(*row) for row in rows]
