from decimal import Decimal

from app.core.events import EventType, Message, declare
from app.core.sides import COMPANY, STAFF

_PAGE = ("See the order", "orders/{id}")

declare(
    EventType(
        "order.placed",
        {"number": str, "total": Decimal, "currency": str},
        (Message(STAFF, "{number} was placed", "{total:,.2f} {currency}.", _PAGE),),
    ),
    EventType("order.delivered", {"number": str}, (Message(COMPANY, "{number} is delivered", "It’s done.", _PAGE),)),
    EventType("order.paid", {"number": str, "amount": Decimal}),
)
