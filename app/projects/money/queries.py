"""A project's account: what its figures are worked out from, read from the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from app.assistants.models import Assistant
from app.core.clock import day_here, today_here
from app.extensions import db
from app.projects.models import Deliverable, Project
from app.projects.money.burndown import Cost, Point, burn_of
from app.projects.money.earned_value import ZERO, Figures, Plan, Work, figures_of
from app.projects.timesheets.models import TimeEntry


@dataclass(frozen=True)
class Account:
    """Figures of today, the burn chart's points, and the plan that both come from."""

    plan: Plan
    figures: Figures
    points: Sequence[Point]


def account_of(project: Project) -> Account:
    """How the project stands today. For those who see all its time entries: staff, and the company."""
    plan, on = _plan_of(project), today_here()
    return Account(plan, figures_of(plan, on), burn_of(plan, _costs_of(project.id), on))


@dataclass(frozen=True)
class Forecast:
    """What a project is likely to cost, and when it is likely to end; None where it can't be told."""

    cost: Decimal | None
    end: date | None


def forecasts_of(project_ids: Sequence[UUID]) -> dict[UUID, Forecast]:
    """The forecasts of several projects, in two queries: those of `account_of`, which need no single time entries."""
    query = select(Project).where(Project.id.in_(project_ids)).options(selectinload(Project.deliverables))
    figures = {one.id: figures_of(_planned(one, {}, {}, ZERO), today_here()) for one in db.session.scalars(query)}
    return {key: Forecast(told.estimate_at_completion, told.forecast_end) for key, told in figures.items()}


def _plan_of(project: Project) -> Plan:
    logged, waiting = _time_of(project.id)
    return _planned(project, _rates_of(project), logged, waiting)


def _planned(
    project: Project, rates: dict[UUID, Decimal], logged: dict[UUID | None, Decimal], waiting: Decimal
) -> Plan:
    return Plan(
        budget=project.budget,
        agreed_budget=project.budget if project.planned_budget is None else project.planned_budget,
        start=project.planned_start or project.start_date,
        end=project.planned_end or project.end_date,
        spent=project.spent,
        waiting=waiting,
        works=tuple(_work_of(one, rates, logged) for one in project.deliverables),
        completed_on=project.completed_on,
    )


def _work_of(deliverable: Deliverable, rates: dict[UUID, Decimal], logged: dict[UUID | None, Decimal]) -> Work:
    return Work(
        title=deliverable.title,
        budget=deliverable.budget,
        estimate_hours=deliverable.estimate_hours,
        due=deliverable.planned_due or deliverable.due_date,
        approved_on=_approved_on(deliverable),
        is_cancelled=deliverable.status == "cancelled",
        rate=rates.get(deliverable.assistant_id) if deliverable.assistant_id else None,
        logged_hours=logged.get(deliverable.id, ZERO),
    )


def _approved_on(deliverable: Deliverable) -> date | None:
    if deliverable.status != "approved":
        return None
    return day_here(deliverable.decided_at) if deliverable.decided_at else deliverable.finished_on


def _time_of(project_id: UUID) -> tuple[dict[UUID | None, Decimal], Decimal]:
    """Hours that are approved or wait, by deliverable, and what those that wait would cost."""
    query = (
        select(
            TimeEntry.deliverable_id,
            func.sum(TimeEntry.minutes),
            func.coalesce(func.sum(TimeEntry.amount).filter(TimeEntry.status == "submitted"), 0),
        )
        .where(TimeEntry.project_id == project_id, TimeEntry.status != "rejected")
        .group_by(TimeEntry.deliverable_id)
    )
    rows = db.session.execute(query).all()
    hours = {deliverable_id: Decimal(minutes) / 60 for deliverable_id, minutes, _ in rows}
    return hours, sum((waiting for _, _, waiting in rows), ZERO)


def _rates_of(project: Project) -> dict[UUID, Decimal]:
    """The rates of those who are to make the deliverables, as far as they are in the project's currency."""
    makers = {one.assistant_id for one in project.deliverables if one.assistant_id}
    if not makers:
        return {}
    query = select(Assistant.id, Assistant.hourly_rate)
    return dict(db.session.execute(query.where(Assistant.id.in_(makers), Assistant.currency == project.currency)).all())


def _costs_of(project_id: UUID) -> list[Cost]:
    query = (
        select(TimeEntry.worked_on, func.sum(TimeEntry.amount))
        .where(TimeEntry.project_id == project_id, TimeEntry.status == "approved")
        .group_by(TimeEntry.worked_on)
    )
    return [Cost(day, amount) for day, amount in db.session.execute(query)]
