"""The monthly budget of language models. What a call can cost at most is taken from it before, and what it did cost is
put in its place after: however many run at once, they never spend more together."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert

from app.automations.outbox.models import ModelSpending
from app.core.clock import today_in
from app.extensions import db


def this_month() -> date:
    """The first day of the present month, by UTC, as budgets go."""
    return today_in("UTC").replace(day=1)


def reserve(client_id: UUID, month: date, amount: Decimal, budget: Decimal) -> bool:
    """Take the amount from the month's budget; whether there was as much left."""
    if amount > budget:
        return False
    row = insert(ModelSpending).values(client_id=client_id, month=month, spent=amount, tokens=0, calls=1)
    statement = row.on_conflict_do_update(
        index_elements=["client_id", "month"],
        set_={"spent": ModelSpending.spent + amount, "calls": ModelSpending.calls + 1},
        where=ModelSpending.spent + amount <= budget,
    ).returning(ModelSpending.spent)
    return db.session.scalar(statement) is not None


def settle(client_id: UUID, month: date, reserved: Decimal, cost: Decimal, tokens: int) -> None:
    """Put what a call did cost in the place of what was reserved for it."""
    db.session.execute(
        update(ModelSpending)
        .where(ModelSpending.client_id == client_id, ModelSpending.month == month)
        .values(spent=func.greatest(ModelSpending.spent + (cost - reserved), 0), tokens=ModelSpending.tokens + tokens)
    )
