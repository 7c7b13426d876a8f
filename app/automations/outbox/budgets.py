"""The monthly budget of language models. What a call can cost at most is taken from it before, and what it did cost is
put in its place after: however many run at once, they never spend more together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.automations.outbox.models import ModelBudget, ModelSpending, ModelUsage
from app.core.audit import Actor, audit_as
from app.core.clock import today_in
from app.core.ids import new_id
from app.extensions import db


@dataclass(frozen=True)
class Account:
    """What a call is charged to. Without an automation it is an analysis."""

    client_id: UUID
    month: date
    model: str
    automation_id: UUID | None = None

    @property
    def key(self) -> Mapping[str, Any]:
        return {name: getattr(self, name) for name in ("client_id", "month", "automation_id", "model")}


def this_month() -> date:
    """The first day of the present month, by UTC, as budgets go."""
    return today_in("UTC").replace(day=1)


def usual_budget() -> Decimal:
    """What a company may spend in a month that has no budget of its own."""
    return Decimal(current_app.config["SETTINGS"].openai_monthly_budget)


def budget_of(client_id: UUID) -> Decimal:
    """What the company may spend in a month."""
    own = db.session.scalar(select(ModelBudget.amount).where(ModelBudget.client_id == client_id))
    return usual_budget() if own is None else own


def set_budget(client_id: UUID, amount: Decimal | None, *, actor: Actor) -> None:
    """Give a company a budget of its own; with None it has the usual one again."""
    audit_as(db.session, actor=actor, action="update")
    query = select(ModelBudget).where(ModelBudget.client_id == client_id).with_for_update()
    own = db.session.scalars(query).one_or_none()
    if amount is not None and own is not None:
        own.amount = amount
    elif amount is not None:
        db.session.add(ModelBudget(client_id=client_id, amount=amount))
    elif own is not None:
        db.session.delete(own)
    db.session.flush()


def reserve(account: Account, amount: Decimal, budget: Decimal) -> bool:
    """Take the amount from the month's budget; whether there was as much left."""
    if amount > budget:
        return False
    row = insert(ModelSpending).values(
        client_id=account.client_id, month=account.month, spent=amount, tokens=0, calls=1
    )
    statement = row.on_conflict_do_update(
        index_elements=["client_id", "month"],
        set_={"spent": ModelSpending.spent + amount, "calls": ModelSpending.calls + 1},
        where=ModelSpending.spent + amount <= budget,
    ).returning(ModelSpending.spent)
    if db.session.scalar(statement) is None:
        return False
    part = insert(ModelUsage).values(id=new_id(), **account.key, spent=amount, tokens=0, calls=1)
    db.session.execute(
        part.on_conflict_do_update(
            index_elements=list(account.key),
            set_={"spent": ModelUsage.spent + amount, "calls": ModelUsage.calls + 1},
        )
    )
    return True


def settle(account: Account, reserved: Decimal, cost: Decimal, tokens: int) -> None:
    """Put what a call did cost in the place of what was reserved for it."""
    of_month = (ModelSpending.client_id == account.client_id, ModelSpending.month == account.month)
    of_part = (getattr(ModelUsage, name).is_not_distinct_from(value) for name, value in account.key.items())
    for table, where in ((ModelSpending, of_month), (ModelUsage, of_part)):
        spent = func.greatest(table.spent + (cost - reserved), 0)
        db.session.execute(update(table).where(*where).values(spent=spent, tokens=table.tokens + tokens))
