from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from app.core.audit import audit_as
from app.core.clock import today_here
from app.core.errors import Conflict
from app.core.events import publish
from app.core.numbering import next_number, written
from app.core.parts import reconcile
from app.core.steps import Step
from app.extensions import db
from app.identity.companies import company_for
from app.identity.identities import Identity
from tests.reference.orders.models import Order, OrderLine, Payment
from tests.reference.orders.schemas import OrderInput, OrderLineInput, PaymentInput
from tests.reference.orders.steps import ORDER


class NothingOrdered(Conflict):
    """An order that is placed has lines."""


def create_order(values: OrderInput, /, *, actor: Identity) -> Order:
    audit_as(db.session, actor=actor, action="create")
    order = Order(client_id=company_for(actor, values.client_id), currency=values.currency, note=values.note)
    db.session.add(order)
    db.session.flush()
    _replace_lines(order, values.lines)
    return order


@ORDER.does("edit")
def update_order(order: Order, changes: Mapping[str, Any], /, *, actor: Identity) -> Order:
    """As a step of drafts alone: what was ordered when it was placed stays."""
    ORDER.begin(order, "edit", actor=actor)
    order.client_id = company_for(actor, changes.get("client_id") or order.client_id)
    for name in changes.keys() & {"currency", "note"}:
        setattr(order, name, changes[name])
    if "lines" in changes:
        _replace_lines(order, [OrderLineInput.model_validate(line) for line in changes["lines"]])
    db.session.flush()
    return order


@ORDER.does("place", unless=lambda order: None if order.lines else NothingOrdered("The order has no lines yet."))
@ORDER.does("deliver", "cancel")
def take_step(order: Order, *, step: Step, actor: Identity) -> Order:
    """Callers hold the order's row, as the pages and paths of steps do."""
    ORDER.begin(order, step.verb, actor=actor)
    order.status = step.target
    if step.verb == "place":
        today = today_here()
        order.number = written("{year}-{number:04}", next_number(order.client_id, "order", str(today.year)), today)
        what: dict[str, Any] = {"number": order.number, "total": order.total, "currency": order.currency}
        publish("order.placed", about=order, actor=actor, **what)
    if step.verb == "deliver":
        publish("order.delivered", about=order, actor=actor, number=order.number)
    db.session.flush()
    return order


@ORDER.does("pay", form=PaymentInput)
def record_payment(order: Order, *, amount: Decimal, paid_on: date, actor: Identity) -> Order:
    ORDER.begin(order, "pay", actor=actor)
    db.session.add(Payment(order_id=order.id, amount=amount, paid_on=paid_on))
    publish("order.paid", about=order, actor=actor, number=order.number, amount=amount)
    db.session.flush()
    db.session.refresh(order)
    return order


def add_payment(order: Order, values: PaymentInput, /, *, actor: Identity) -> Payment:
    return record_payment(order, amount=values.amount, paid_on=values.paid_on, actor=actor).payments[-1]


def _replace_lines(order: Order, lines: Sequence[OrderLineInput]) -> None:
    there = {line.id: line for line in order.lines}
    given = [(line.id, line.model_dump(exclude={"id"})) for line in lines]
    order.lines, _ = reconcile(there, given, OrderLine, at="lines")
    db.session.flush()
