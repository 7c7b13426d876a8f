"""The two blueprints of the pages of runs: staff's, and those of the companies' people."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial, update_wrapper
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, request
from flask_login import current_user

from app.automations.monitoring.places import BASES, automation_url, run_url
from app.core.ids import as_uuid
from app.core.sides import COMPANY, STAFF, Side
from app.identity.policy import is_staff
from app.web.guards import permission
from app.web.steps import LAYOUTS

staff = Blueprint("automation_runs", __name__, url_prefix=BASES[STAFF])
company = Blueprint("my_automation_runs", __name__, url_prefix=BASES[COMPANY])
blueprints = (staff, company)
_BY_SIDE = ((STAFF, staff), (COMPANY, company))


def page(
    rule: str, view: Callable[..., Any], *, methods: tuple[str, ...] = ("GET",), writes: bool = False, sides: Any = None
) -> None:
    """Add a page for both audiences, or for those of `sides`. The view takes the audience first."""
    for side, blueprint in _BY_SIDE:
        if sides is not None and side not in sides:
            continue
        bound = update_wrapper(partial(view, side), view)
        needed = f"automations:{'write' if writes else 'read'}"
        bound.audience = permission(needed, of_staff=side == STAFF)  # type: ignore[attr-defined]
        blueprint.add_url_rule(rule, view.__name__, bound, methods=methods)


def company_asked() -> UUID | None:
    """The company to look at: one's own, or for staff the one that the address names, or all."""
    return as_uuid(request.args.get("client_id")) if is_staff(current_user) else current_user.client_id


def month_asked(months: Sequence[date]) -> date:
    """The one of these months that the address names, or else the last."""
    return next((one for one in months if f"{one:%Y-%m}" == request.args.get("month")), months[-1])


def _variables(side: Side) -> dict[str, Any]:
    return {
        "layout": LAYOUTS[side],
        "side": side,
        "base": BASES[side],
        "run_url": partial(run_url, audience=side),
        "automation_url": partial(automation_url, audience=side),
    }


staff.context_processor(partial(_variables, STAFF))
company.context_processor(partial(_variables, COMPANY))


@company.before_request
def lead_staff_home() -> Any:
    """Staff who open a customer's page come to the same one of theirs."""
    if not is_staff(current_user):
        return None
    rest = request.full_path.removeprefix(BASES[COMPANY]).removesuffix("?")
    return redirect(BASES[STAFF] + (rest if request.method == "GET" else ""), 303)
