"""What language models cost: by month, by company beside its budget, by automation and model, and call by call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.automations.models import Automation
from app.automations.outbox.budgets import budget_of, this_month, usual_budget
from app.automations.outbox.models import ModelBudget, ModelSpending, ModelUsage
from app.core.ids import first_id_of
from app.core.outbox import OutgoingMessage
from app.extensions import db
from app.identity.models import Client

MOST = 200
CALLS_PAGE = 50
WARN_AT = Decimal("0.8")
_ASTRAY = timedelta(days=1)


@dataclass(frozen=True)
class Spending:
    month: date
    spent: Decimal = Decimal(0)
    calls: int = 0
    tokens: int = 0

    @property
    def key(self) -> str:
        return f"{self.month:%Y-%m}"


@dataclass(frozen=True)
class Budget:
    """What a company spent in the present month, beside what it may."""

    client_id: UUID
    company: str
    spent: Decimal
    calls: int
    budget: Decimal
    is_own: bool

    @property
    def share(self) -> Decimal:
        """The part of the budget that is spent; 1 is all of it."""
        return self.spent / self.budget if self.budget else Decimal(bool(self.spent))

    @property
    def state(self) -> str:
        """`spent`, `near`, or nothing."""
        return "spent" if self.share >= 1 else "near" if self.share >= WARN_AT else ""


@dataclass(frozen=True)
class Part:
    """What an automation of a company spent on a model in a month. Without an automation, analyses did."""

    client_id: UUID
    company: str
    automation_id: UUID | None
    automation: str | None
    model: str
    spent: Decimal
    calls: int
    tokens: int


def by_month(client_id: UUID | None, months: Sequence[date]) -> list[Spending]:
    """What a company, or all, spent in each of these months."""
    sums: list[Any] = [func.sum(column) for column in (ModelSpending.spent, ModelSpending.calls, ModelSpending.tokens)]
    query = select(ModelSpending.month, *sums).where(ModelSpending.month.in_(months)).group_by(ModelSpending.month)
    if client_id is not None:
        query = query.where(ModelSpending.client_id == client_id)
    found = {row[0]: Spending(row[0], row[1], int(row[2]), int(row[3])) for row in db.session.execute(query)}
    return [found.get(month, Spending(month)) for month in months]


def budgets(least: Decimal | None = None, limit: int = MOST) -> list[Budget]:
    """All companies with what they spent this month, those nearest to the end of their budget first; only those that
    spent at least such a part of it, if one is given."""
    usual = usual_budget()
    budget = func.coalesce(ModelBudget.amount, usual)
    spent = func.coalesce(ModelSpending.spent, 0)
    query = (
        select(Client.id, Client.name, spent, func.coalesce(ModelSpending.calls, 0), budget, ModelBudget.id)
        .outerjoin(ModelBudget, ModelBudget.client_id == Client.id)
        .outerjoin(ModelSpending, (ModelSpending.client_id == Client.id) & (ModelSpending.month == this_month()))
        .where(Client.merged_into_id.is_(None))
        .order_by((spent / func.greatest(budget, Decimal("0.000001"))).desc(), Client.name, Client.id)
        .limit(limit)
    )
    if least is not None:
        query = query.where(ModelSpending.spent > 0, ModelSpending.spent >= budget * least)
    return [Budget(*row[:5], row[5] is not None) for row in db.session.execute(query)]


def budget_for(client_id: UUID) -> Budget | None:
    """The budget of one company and what it spent this month."""
    company = db.session.scalar(select(Client.name).where(Client.id == client_id))
    if company is None:
        return None
    spending = db.session.get(ModelSpending, (client_id, this_month()))
    own = db.session.scalar(select(ModelBudget.id).where(ModelBudget.client_id == client_id))
    spent, calls = (spending.spent, spending.calls) if spending is not None else (Decimal(0), 0)
    return Budget(client_id, company, spent, calls, budget_of(client_id), own is not None)


def parts(client_id: UUID | None, month: date) -> list[Part]:
    """What each automation spent on each model in the month, the dearest first."""
    query = (
        select(
            ModelUsage.client_id, Client.name, ModelUsage.automation_id, Automation.name, ModelUsage.model,
            ModelUsage.spent, ModelUsage.calls, ModelUsage.tokens,
        )
        .join(Client, Client.id == ModelUsage.client_id)
        .outerjoin(Automation, Automation.id == ModelUsage.automation_id)
        .where(ModelUsage.month == month)
        .order_by(ModelUsage.spent.desc(), ModelUsage.calls.desc(), ModelUsage.id)
        .limit(MOST)
    )  # fmt: skip
    if client_id is not None:
        query = query.where(ModelUsage.client_id == client_id)
    return [Part(*row) for row in db.session.execute(query)]


@dataclass(frozen=True)
class Calls:
    """Some calls, newest first. `before` goes on behind the last one, where there are more."""

    calls: Sequence[Any]
    before: UUID | None


def calls_of(
    client_id: UUID, month: date, *, automation_id: UUID | None = None, model: str = "", before: UUID | None = None
) -> Calls:
    """The calls of a company in a month, as far as they are kept."""
    begins = datetime(month.year, month.month, 1, tzinfo=UTC)
    ends = datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=UTC)
    message = OutgoingMessage
    query = (
        select(
            message.id, message.automation_id, message.run_id, message.step_id, message.item, message.attempt,
            message.recipient, message.status, message.answer, message.created_at, Automation.name,
        )
        .outerjoin(Automation, Automation.id == message.automation_id)
        .where(message.client_id == client_id, message.channel == "language_model")
        .where(message.id >= first_id_of(begins - _ASTRAY), message.id < first_id_of(ends + _ASTRAY))
        .where(message.created_at >= begins, message.created_at < ends)
        .order_by(message.id.desc())
        .limit(CALLS_PAGE + 1)
    )  # fmt: skip
    if automation_id is not None:
        query = query.where(message.automation_id == automation_id)
    if model:
        query = query.where(message.recipient == model)
    if before is not None:
        query = query.where(message.id < before)
    rows = db.session.execute(query).all()
    shown = rows[:CALLS_PAGE]
    return Calls(shown, shown[-1].id if len(rows) > CALLS_PAGE else None)
