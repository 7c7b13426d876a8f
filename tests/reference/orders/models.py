from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, Entry, Part, Record, part_of
from app.core.money import AmountColumn, CurrencyColumn, currency_is_known
from app.identity.models import Client, to_client
from tests.reference.orders.steps import ORDER


class Order(Record, Base):
    """What a company orders. Its number is given when it is placed."""

    __tablename__ = "orders"
    __table_args__ = (UniqueConstraint("id", "client_id"), ORDER.check(), currency_is_known())

    client_id: Mapped[UUID] = mapped_column(to_client("rewrite"), index=True)
    number: Mapped[str] = mapped_column(default="Draft")
    note: Mapped[str]
    currency: Mapped[CurrencyColumn]
    status: Mapped[str] = mapped_column(default="draft")

    client: Mapped[Client] = relationship()
    lines: Mapped[list["OrderLine"]] = relationship(order_by="OrderLine.position", cascade="all, delete-orphan")
    payments: Mapped[list["Payment"]] = relationship(order_by="Payment.created_at", viewonly=True)

    @property
    def total(self) -> Decimal:
        return sum((line.quantity * line.unit_price for line in self.lines), Decimal(0))

    @property
    def paid(self) -> Decimal:
        return sum((payment.amount for payment in self.payments), Decimal(0))


class OrderLine(Part, Record, Base):
    __tablename__ = "order_lines"
    __table_args__ = (part_of("orders", "order_id"), CheckConstraint("quantity > 0", name="quantity"))

    order_id: Mapped[UUID] = mapped_column(index=True)
    position: Mapped[int]
    title: Mapped[str]
    quantity: Mapped[int]
    unit_price: Mapped[AmountColumn]


class Payment(Part, Entry, Base):
    """Money that came in for an order; what goes back is a payment below zero."""

    __tablename__ = "payments"
    __table_args__ = (
        part_of("orders", "order_id", "RESTRICT"),
        CheckConstraint("amount <> 0", name="amount"),
        Index(None, "order_id", "created_at", "id"),
    )

    order_id: Mapped[UUID]
    amount: Mapped[AmountColumn]
    paid_on: Mapped[date]
