"""What the project pages include of money, time and change orders.

    render_template("projects/show.html", project=project, **panels_of(project, current_user))

and in the page `{% include "projects/_budget.html" %}`, `"projects/_change_orders.html"`, `"projects/_time.html"`. Each
partial draws nothing where its panel isn't for the person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from app.core.numbers import rounded
from app.core.permissions import Role
from app.core.sides import EXPERT
from app.extensions import db
from app.identity.identities import Identity
from app.identity.policy import can, is_staff, side_of
from app.projects.change_orders.models import ChangeOrder
from app.projects.change_orders.rules import AGREED
from app.projects.kinds import projects
from app.projects.models import Project
from app.projects.money.models import ProjectAlert
from app.projects.money.queries import Account, account_of
from app.projects.timesheets.kinds import FOR_PAGES, time_entries
from app.projects.timesheets.models import TimeEntry
from app.projects.timesheets.operations import member_of, needs_rate
from app.web.charts.lines import Line, LineChart, draw_lines

LATEST = 8
"""Time entries that the project's page shows; the rest is a link away."""


@dataclass(frozen=True)
class BudgetPanel:
    account: Account
    chart: LineChart | None
    currency: str
    alerts: Sequence[int]

    @property
    def percent(self) -> Decimal | None:
        """How much of the budget is spent, in percent."""
        used = self.account.figures.used
        return None if used is None else used * 100

    @property
    def is_over(self) -> bool:
        used = self.account.figures.used
        return used is not None and used > 1


@dataclass(frozen=True)
class OrdersPanel:
    """The change orders, newest first. `base` is the address of the project that theirs begin with."""

    orders: Sequence[ChangeOrder]
    base: str
    may_draft: bool


@dataclass(frozen=True)
class TimePanel:
    """The latest time entries: everybody's for staff, their own for a member of the team."""

    entries: Sequence[TimeEntry]
    waiting: int
    hours: Decimal
    """Approved hours, of all entries in sight."""
    is_staff: bool
    all_url: str
    log_url: str | None
    without_rate: frozenset[Any]


def panels_of(project: Project, person: Identity) -> dict[str, Any]:
    """The context of all three partials."""
    return {
        "budget_panel": budget_panel(project, person),
        "orders_panel": change_orders_panel(project, person),
        "time_panel": time_panel(project, person),
    }


def budget_panel(project: Project, person: Identity) -> BudgetPanel | None:
    """Figures and burn chart, for the company and staff; None for others."""
    if person.role == Role.EXPERT:
        return None
    account = account_of(project)
    told = db.session.scalars(select(ProjectAlert.threshold).where(ProjectAlert.project_id == project.id))
    return BudgetPanel(account, _chart_of(account), project.currency, sorted(told))


def change_orders_panel(project: Project, person: Identity) -> OrdersPanel | None:
    """The project's change orders: all for staff, those that were proposed for its company; None for others."""
    if person.role == Role.EXPERT:
        return None
    staff = is_staff(person)
    query = select(ChangeOrder).where(ChangeOrder.project_id == project.id).order_by(ChangeOrder.number.desc())
    if not staff:
        query = query.where(ChangeOrder.proposed_at.is_not(None))
    may_draft = can(person, "projects:manage") and project.status in AGREED
    base = projects.url(project, side_of(person))
    return OrdersPanel(db.session.scalars(query.limit(100)).all(), base, may_draft)


def time_panel(project: Project, person: Identity) -> TimePanel | None:
    """Time that was logged, for staff and the team's members; None for others."""
    staff = is_staff(person)
    if not can(person, "time:read") or not (staff or member_of(project, person.id)):
        return None
    seen = [TimeEntry.project_id == project.id, *([] if staff else [TimeEntry.user_id == person.id])]
    latest = select(TimeEntry).where(*seen).order_by(TimeEntry.worked_on.desc(), TimeEntry.id.desc())
    entries = db.session.scalars(latest.limit(LATEST).options(*FOR_PAGES)).all()
    waiting = func.count().filter(TimeEntry.status == "submitted")
    approved = func.coalesce(func.sum(TimeEntry.minutes).filter(TimeEntry.status == "approved"), 0)
    many, minutes = db.session.execute(select(waiting, approved).where(*seen)).one()
    sheet = time_entries.base(EXPERT)
    runs = project.started_on is not None if staff else project.status == "active"
    return TimePanel(
        entries=entries,
        waiting=many,
        hours=rounded(Decimal(minutes) / 60),
        is_staff=staff,
        all_url=f"{time_entries.base()}?project={project.id}" if staff else sheet,
        log_url=(f"{projects.url(project)}/time/new" if staff else f"{sheet}?work={project.id}") if runs else None,
        without_rate=frozenset(entry.id for entry in entries if needs_rate(entry)),
    )


def _chart_of(account: Account) -> LineChart | None:
    """Budget, planned, spent, earned, and where the spending is likely to lead."""
    figures, points = account.figures, account.points
    if not points or figures.budget is None:
        return None
    spent = [(point.on, point.spent) for point in points if point.spent is not None]
    earned = [(point.on, point.earned) for point in points if point.earned is not None]
    ahead = _ahead(account)
    last = max([points[-1].on, *(day for day, _ in ahead)])
    lines = [
        Line("Budget", "budget", [(points[0].on, figures.budget), (last, figures.budget)]),
        Line("Planned", "planned", [(point.on, point.planned) for point in points]),
        Line("Spent", "spent", spent),
        Line("Earned", "earned", earned),
        Line("Forecast", "forecast", ahead),
    ]
    return draw_lines(lines, figures.on)


def _ahead(account: Account) -> list[tuple[date, Decimal]]:
    figures = account.figures
    ends, cost = figures.forecast_end, figures.estimate_at_completion
    if account.plan.completed_on is not None or ends is None or cost is None or ends <= figures.on:
        return []
    start = max(figures.on, account.points[0].on)
    return [(start, figures.spent), (ends, cost)] if start < ends else []
