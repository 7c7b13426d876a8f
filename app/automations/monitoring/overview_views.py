"""The pages about all automations together: what waits for answers, what is due next, the queue, what was saved."""

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from flask import render_template, request
from flask_login import current_user

from app.automations.monitoring import blueprint_views as on
from app.automations.monitoring import coming, savings
from app.automations.monitoring.approvals import MOST as MOST_QUESTIONS
from app.automations.monitoring.approvals import questions_for
from app.automations.monitoring.chart import draw_months
from app.automations.monitoring.queue_state import queue_state
from app.automations.monitoring.reading import get_automation
from app.core.amounts import as_typed
from app.core.money import CURRENCIES
from app.core.sides import STAFF, Side

_LARGEST_COST = Decimal(100_000)


def approvals(side: Side) -> str:
    return render_template("automations/approvals.html", questions=questions_for(current_user), most=MOST_QUESTIONS)


def due(side: Side) -> str:
    client_id = on.company_asked()
    return render_template(
        "automations/due.html", ticks=coming.ticks(client_id), waiting=coming.waiting(client_id),
        most=coming.MOST_WAITING,
    )  # fmt: skip


def queue(side: Side) -> str:
    return render_template("automations/queue.html", queue=queue_state())


def saved(side: Side) -> str:
    """What all automations saved, of a company or of all, and each of them in one month."""
    client_id, months = on.company_asked(), savings.months_back()
    month = on.month_asked(months)
    shares = savings.by_automation(month, client_id)
    return render_template(
        "automations/savings.html",
        automation=None,
        client_id=client_id,
        month=month,
        shares=shares,
        companies=savings.by_company(month) if side == STAFF and client_id is None else [],
        **_measured(savings.by_month(client_id=client_id, months=months)),
    )


def saved_by(side: Side, automation_id: UUID) -> str:
    """What one automation saved."""
    automation = get_automation(current_user, automation_id)
    months = savings.by_month(automation=automation, months=savings.months_back())
    return render_template(
        "automations/savings.html",
        automation=automation,
        month=None,
        shares=[],
        companies=[],
        client_id=None,
        **_measured(months),
    )


def _measured(months: list[savings.MonthOf]) -> dict[str, Any]:
    return {
        "months": months,
        "chart": draw_months(months),
        "sum": savings.total([one.figures for one in months]),
        "cost": _hourly_cost(),
        "currency": _currency(),
        "currencies": sorted(CURRENCIES),
        "asked_cost": request.args.get("hourly_cost", ""),
    }


def _hourly_cost() -> Decimal | None:
    """What an hour costs, as the reader typed it; None without, or where it makes no sense."""
    try:
        cost = Decimal(as_typed(request.args.get("hourly_cost", "").strip()))
    except InvalidOperation:
        return None
    return cost if cost.is_finite() and 0 <= cost <= _LARGEST_COST else None


def _currency() -> str:
    asked = request.args.get("currency", "")
    return asked if asked in CURRENCIES else "EUR"


on.page("/approvals", approvals)
on.page("/due", due)
on.page("/queue", queue, sides=(STAFF,))
on.page("/savings", saved)
on.page("/<uuid:automation_id>/savings", saved_by)
