from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.core.schemas import Amount, Currency, Day, Input, Line, MoneyOut, Number, Output, Picked, Prose, TimeOut


class OrderLineInput(Input):
    """What is ordered. An `id` keeps the line that is there; without one it is new."""

    id: UUID | None = None
    title: Annotated[str, Line(160, min_length=1), Field(title="What")]
    quantity: Annotated[int, Number(1, 9999), Field(title="How many")] = 1
    unit_price: Annotated[Decimal, Amount(), Field(title="Price each")]


class OrderInput(Input):
    """An order. `client_id` is for staff; a company orders for itself."""

    client_id: Annotated[UUID | None, Picked("clients"), Field(title="Company")] = None
    currency: Currency = Field(default="EUR", title="Currency")
    note: Annotated[str, Prose(2000), Field(title="Note")] = ""
    lines: Annotated[list[OrderLineInput], Field(max_length=100, title="Lines")] = Field(default_factory=list)


class PaymentInput(Input):
    """What was paid for an order."""

    amount: Annotated[Decimal, Amount(), Field(title="Amount")]
    paid_on: Annotated[date, Day(), Field(title="Paid on")]


class PaymentOut(Output):
    id: UUID
    order_id: UUID
    amount: MoneyOut
    paid_on: date


class OrderLineOut(Output):
    id: UUID
    title: str
    quantity: int
    unit_price: MoneyOut


class OrderOut(Output):
    id: UUID
    client_id: UUID
    number: str
    status: str
    currency: str
    note: str
    lines: list[OrderLineOut]
    total: MoneyOut
    paid: MoneyOut
    created_at: TimeOut
    updated_at: TimeOut
