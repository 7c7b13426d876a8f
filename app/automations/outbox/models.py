"""The money of language models, by company and month."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import MERGING, Base


class ModelSpending(Base):
    """What the automations of a company spent on language models in a month. Calls that go on count with the most that
    they can cost, and so does one whose answer nobody heard."""

    __tablename__ = "model_spendings"
    __table_args__ = (CheckConstraint("spent >= 0 and tokens >= 0 and calls >= 0", name="counts"),)

    client_id: Mapped[UUID] = mapped_column(primary_key=True, info={MERGING: "keep"})
    month: Mapped[date] = mapped_column(primary_key=True)
    spent: Mapped[Decimal] = mapped_column(Numeric(14, 6))
    tokens: Mapped[int] = mapped_column(default=0)
    calls: Mapped[int] = mapped_column(default=0)
