"""What is answered of a project's money."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field, PlainSerializer, WithJsonSchema

from app.core.money import SignedMoneyOut
from app.core.schemas import MoneyOut, Output

Index = Annotated[
    Decimal, PlainSerializer(float, return_type=float, when_used="json"), WithJsonSchema({"type": "number"})
]


class BurnPoint(Output):
    """Planned, spent and earned value up to and with a day; the days ahead have none but the first."""

    on: date
    planned: MoneyOut
    spent: MoneyOut | None
    earned: MoneyOut | None


class BudgetOut(Output):
    """How a project stands for its money, by earned value management."""

    project_id: UUID
    currency: str
    on: date
    budget: MoneyOut | None = Field(description="What may be spent.")
    spent: MoneyOut = Field(description="AC: approved time.")
    committed: MoneyOut = Field(
        description="Time that waits for approval, and what is left of the estimates at the rates of those who work."
    )
    available: SignedMoneyOut | None = Field(description="Budget less what is spent and committed.")
    used: Index | None = Field(description="Share of the budget that is spent.")
    budget_at_completion: MoneyOut | None = Field(description="BAC: the values of all deliverables.")
    planned_value: MoneyOut | None = Field(description="PV: the values of those that were due.")
    earned_value: MoneyOut | None = Field(description="EV: the values of those that are approved.")
    cost_performance: Index | None = Field(description="CPI = EV / AC.")
    schedule_performance: Index | None = Field(description="SPI = EV / PV.")
    estimate_at_completion: SignedMoneyOut | None = Field(description="EAC = AC + (BAC − EV) / CPI.")
    variance_at_completion: SignedMoneyOut | None = Field(description="VAC = BAC − EAC.")
    planned_end: date | None
    forecast_end: date | None = Field(description="The planned days divided by SPI.")
    notes: list[str]
    alerts: list[int] = Field(description="The percentages of the budget that people were told of.")
    points: list[BurnPoint]
