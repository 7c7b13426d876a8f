"""The money of language models, by company and month, by automation and model, and the budgets of companies."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import MERGING, Base, Record
from app.core.ids import new_id
from app.identity.models import Client, to_client

LARGEST_BUDGET = 1_000_000


class ModelSpending(Base):
    """What the automations of a company spent on language models in a month. Calls that go on count with the most that
    they can cost, and so does one whose answer nobody heard."""

    __tablename__ = "model_spendings"
    __table_args__ = (
        CheckConstraint("spent >= 0 and tokens >= 0 and calls >= 0", name="counts"),
        Index("model_spendings_month_idx", "month"),
    )

    client_id: Mapped[UUID] = mapped_column(primary_key=True, info={MERGING: "keep"})
    month: Mapped[date] = mapped_column(primary_key=True)
    spent: Mapped[Decimal] = mapped_column(Numeric(14, 6))
    tokens: Mapped[int] = mapped_column(default=0)
    calls: Mapped[int] = mapped_column(default=0)


class ModelUsage(Base):
    """A part of a company’s spending: what one automation spent on one model. Without an automation, analyses did."""

    __tablename__ = "model_usages"
    __table_args__ = (
        UniqueConstraint("client_id", "month", "automation_id", "model", postgresql_nulls_not_distinct=True),
        CheckConstraint("spent >= 0 and tokens >= 0 and calls >= 0", name="counts"),
        Index("model_usages_month_idx", "month"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    client_id: Mapped[UUID] = mapped_column(info={MERGING: "keep"})
    month: Mapped[date]
    automation_id: Mapped[UUID | None]
    model: Mapped[str]
    spent: Mapped[Decimal] = mapped_column(Numeric(14, 6))
    tokens: Mapped[int] = mapped_column(default=0)
    calls: Mapped[int] = mapped_column(default=0)


class ModelBudget(Record, Base):
    """What a company may spend on language models in a month, in dollars, where it isn’t the usual amount."""

    __tablename__ = "model_budgets"
    __table_args__ = (
        UniqueConstraint("client_id"),
        CheckConstraint(f"amount between 0 and {LARGEST_BUDGET}", name="amount"),
    )

    client_id: Mapped[UUID] = mapped_column(to_client("keep"))
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))

    client: Mapped[Client] = relationship()
