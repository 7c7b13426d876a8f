from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import Text, cast
from sqlalchemy.orm import selectinload

from app.core.kinds import Editing, FieldGroup, Kind, Listing, Part, register
from app.core.lists import Column, Filter, ListSpec, Sort, date_columns, date_sorts
from app.core.sides import COMPANY, STAFF
from app.core.steps import state_filter
from app.identity.companies import own_rows
from tests.reference.orders.models import Order, OrderLine, Payment
from tests.reference.orders.operations import add_payment, create_order, update_order
from tests.reference.orders.schemas import OrderInput, OrderOut, PaymentInput, PaymentOut
from tests.reference.orders.steps import ORDER

COMPANY_ID = Annotated[UUID, Field(description="The company’s id.")]

orders = register(
    Kind(
        key="orders",
        model=Order,
        singular="order",
        plural="orders",
        icon="shopping-cart",
        label=Order.number,
        section="Sales",
        pages={STAFF: "/admin/orders", COMPANY: "/dashboard/orders"},
        visible_to=own_rows,
        parts=(Part(OrderLine, OrderLine.title),),
        load_options=(selectinload(Order.lines), selectinload(Order.payments)),
    )
)
ORDERS = ListSpec(
    model=Order,
    columns=(
        Column("id", "Id", Order.id, shown=False),
        Column("number", "Number", Order.number, kind="link", sort="number"),
        Column("status", "State", Order.status, kind="state"),
        *date_columns(Order, shown="created_at"),
    ),
    filters=(
        state_filter(ORDER, Order.status),
        Filter("client_id", "Company", COMPANY_ID, lambda value: Order.client_id == value, "reference"),
    ),
    sorts=(*date_sorts(Order), Sort("number", "Number", Order.number)),
    searchable=False,
)
register(Listing(orders, ORDERS, OrderOut))
register(
    Editing(
        orders,
        OrderInput,
        form=(FieldGroup("Order", ("client_id", "currency", "note")), FieldGroup("Lines", ("lines",))),
        create=create_order,
        update=update_order,
    )
)
payments = register(
    Kind(
        key="payments",
        model=Payment,
        singular="payment",
        plural="payments",
        label=cast(Payment.amount, Text),
        parent=orders,
        permissions="payments",
    )
)
PAYMENTS = ListSpec(
    model=Payment,
    columns=(),
    filters=(Filter("order", "Order", UUID, lambda value: Payment.order_id == value),),
    sorts=(Sort("created_at", "Recorded", Payment.created_at),),
    searchable=False,
)
register(Listing(payments, PAYMENTS, PaymentOut))
register(Editing(payments, PaymentInput, create_below=add_payment))
