from flask import Blueprint

from app.api.crud import mount
from app.api.operation import Example
from tests.reference.orders.kinds import orders, payments
from tests.reference.orders.steps import ORDER

bp = Blueprint("orders_api", __name__, url_prefix="/api")

_LINE = {"title": "Review of a process", "quantity": 2, "unit_price": "480.00"}
_ORDER = {"currency": "EUR", "note": "", "lines": [_LINE]}
_ID, _TIME = "019aa8f0-6d3e-7c41-9a3b-2f6f0f5a1c10", "2026-11-22T09:30:00Z"
_NUMBERED = {"id": _ID, "client_id": _ID, "number": "2026-0001", "status": "placed", "total": "960.00", "paid": "0.00"}
_ANSWER = {**_NUMBERED, **_ORDER, "lines": [{"id": _ID, **_LINE}], "created_at": _TIME, "updated_at": _TIME}
_PAYMENT = {"amount": "960.00", "paid_on": "2026-12-01"}

mount(
    bp,
    orders,
    body=_ORDER,
    answer=_ANSWER,
    steps=ORDER,
    examples={"pay": Example(body=_PAYMENT)},
)
mount(bp, payments, body=_PAYMENT, answer={"id": _ID, "order_id": _ID, **_PAYMENT})
