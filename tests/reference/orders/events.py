from decimal import Decimal

from app.core.events import EventType, Message, declare
from app.core.sides import COMPANY, STAFF

_PAGE = ("See the order", "/dashboard/orders/{id}")

declare(
    EventType(
        "order.placed",
        {"number": str, "total": Decimal, "currency": str},
        (Message(STAFF, "{number} was placed", "{total:,.2f} {currency}.", ("See it", "/admin/orders/{id}")),),
    ),
    EventType("order.delivered", {"number": str}, (Message(COMPANY, "{number} is delivered", "It’s done.", _PAGE),)),
    EventType("order.paid", {"number": str, "amount": Decimal}),
)
