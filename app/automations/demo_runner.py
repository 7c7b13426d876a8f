"""The demo's automations, and runs of half a year: made by the operations that people use, and run by the runner.

What would go on for longer (an approval, a delay, a loop) is begun and left to the workers, as in real life.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.automations.models import Automation, Run
from app.automations.operations import deploy
from app.automations.runs import work
from app.automations.runs.operations import begin_run, cancel_run, retry_run
from app.automations.runs.runner import advance
from app.core.clock import frozen, now
from app.core.domain import Seeding
from app.core.ids import first_id_of, new_id
from app.extensions import db
from app.identity.models import Client, User

COMPANY = "Brightwater Stores"
DAYS = 180

_MANUAL = {"type": "manual"}
INTAKE: dict[str, Any] = {
    "trigger": _MANUAL,
    "steps": [
        {
            "id": "read", "name": "Read the invoice", "type": "transform",
            "with": {"supplier": "{{ trigger.supplier }}", "total": "{{ number(trigger.total) }}"},
        },
        {
            "id": "large", "name": "Check the amount", "type": "condition", "needs": ["read"],
            "with": {"if": "steps.read.output.total > 500"},
        },
        {
            "id": "approve", "name": "Ask for approval", "type": "approval", "needs": ["large"],
            "if": "steps.large.output.result",
            "with": {"ask": "Pay {{ steps.read.output.total }} EUR to {{ steps.read.output.supplier }}?"},
        },
        {
            "id": "book", "name": "Prepare the booking", "type": "transform", "needs": ["large"],
            "with": {"account": "4200", "amount": "{{ steps.read.output.total }}"},
        },
    ],
}  # fmt: skip
ORDERS: dict[str, Any] = {
    "trigger": _MANUAL,
    "steps": [
        {"id": "order", "name": "Read the order", "type": "transform", "with": {"number": "{{ trigger.number }}"}},
        {
            "id": "total", "name": "Check the total", "type": "transform", "needs": ["order"],
            "with": {"total": "{{ number(trigger.total) }}"},
        },
        {
            "id": "confirm", "name": "Write the confirmation", "type": "transform", "needs": ["total"],
            "with": {"text": "Order {{ steps.order.output.number }}: {{ steps.total.output.total }}"},
        },
    ],
}  # fmt: skip
STOCK: dict[str, Any] = {
    "trigger": {"type": "schedule", "cron": "0 6 * * 1-5", "timezone": "Europe/Berlin"},
    "steps": [{"id": "report", "name": "Create the report", "type": "transform", "with": {"title": "Stock"}}],
}
REMINDERS: dict[str, Any] = {
    "trigger": _MANUAL,
    "steps": [
        {
            "id": "each", "name": "Write the reminders", "type": "for_each",
            "with": {
                "items": "{{ trigger.invoices }}",
                "step": {"type": "transform", "with": {"text": "Reminder for {{ item }}"}},
            },
        },
        {"id": "pause", "name": "Wait two days", "type": "delay", "needs": ["each"], "with": {"seconds": 172_800}},
        {"id": "close", "name": "Finish", "type": "transform", "needs": ["pause"]},
    ],
}  # fmt: skip
_AUTOMATIONS: tuple[tuple[str, dict[str, Any], int, int], ...] = (
    ("Invoice intake", INTAKE, 12, 4),
    ("Order check", ORDERS, 6, 2),
    ("Stock report", STOCK, 20, 7),
    ("Payment reminders", REMINDERS, 45, 3),
)
"""Each with the minutes that a run saves and the hours a month that were promised."""


def add_automations(seeding: Seeding) -> Iterator[None]:
    """Automations of the first company with their runs, unless it has any."""
    client = db.session.scalars(select(Client).where(Client.name == COMPANY)).one_or_none()
    person = client and db.session.scalars(select(User).where(User.client_id == client.id).order_by(User.id)).first()
    if client is None or person is None or _has_any(client.id):
        return
    made = {}
    with frozen(now() - timedelta(days=DAYS + 1)):
        for name, workflow, minutes, promised in _AUTOMATIONS:
            made[name] = deploy(
                name, workflow, client_id=client.id, actor=person, minutes_saved=Decimal(minutes),
                promised_hours=Decimal(promised),
            )  # fmt: skip
    yield
    for days in range(DAYS, 0, -1):
        with frozen((now() - timedelta(days=days)).replace(hour=7, minute=12)):
            _day(made, days, person)
        yield
    yield from _today(made, person)


def _has_any(client_id: UUID) -> bool:
    return db.session.scalar(select(Automation.id).where(Automation.client_id == client_id).limit(1)) is not None


def _day(made: Mapping[str, Automation], number: int, person: Any) -> None:
    """What ran on a day of the past; later ones have more runs."""
    busy = 1 + (DAYS - number) // 60
    if now().weekday() < 5:
        _begin(made["Stock report"], {}, person, trigger="schedule")
    for one in range(busy if number % 3 else 0):
        given = {"supplier": "Halden Freight", "total": f"{180 + 7 * (number % 40) + one}"}
        _begin(made["Invoice intake"], given, person)
    if number % 4 == 1:
        total = "n/a" if number % 28 == 1 else f"{20 + number}.50"
        _begin(made["Order check"], {"number": 10_000 + number, "total": total}, person)
    _run_all()


def _begin(automation: Automation, given: Mapping[str, Any], person: Any, **more: Any) -> UUID:
    """A run that is made at the moment of the clock: its id says so, too."""
    key = UUID(int=first_id_of(now()).int | (new_id().int & ((1 << 62) - 1)))
    values = {"trigger": "manual", **more}
    return begin_run(automation, given=given, actor=person, id=key, **values)[0]


def _run_all() -> None:
    while claims := work.claim_looks(50):
        advance(claims)


def _today(made: Mapping[str, Automation], person: Any) -> Iterator[None]:
    intake, orders = made["Invoice intake"], made["Order check"]
    failed = [_begin(orders, {"number": 11_000 + n, "total": "12,50 EUR?"}, person) for n in range(3)]
    _run_all()
    yield
    retry_run(db.session.get_one(Run, failed[0]), actor=person, given={"number": 11_000, "total": "12.50"})
    _run_all()
    yield
    _begin(intake, {"supplier": "Northgate Print", "total": "1250"}, person)
    _begin(intake, {"supplier": "Northgate Print", "total": "890"}, person, dry_run=True)
    stopped = _begin(intake, {"supplier": "Unknown Ltd", "total": "7300"}, person)
    _run_all()
    yield
    cancel_run(db.session.get_one(Run, stopped, with_for_update=True), actor=person)
    yield
    _begin(made["Payment reminders"], {"invoices": [f"2026-{n:03}" for n in range(1, 25)]}, person)
    yield
