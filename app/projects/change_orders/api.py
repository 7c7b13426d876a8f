"""A project's change orders in the JSON API."""

from flask import Blueprint

from app.api.access import actor
from app.api.crud import mount
from app.api.operation import Example
from app.core.errors import NotFound
from app.core.steps import Step
from app.identity.companies import company_for
from app.projects.change_orders.kinds import change_orders
from app.projects.change_orders.models import ChangeOrder
from app.projects.change_orders.schemas import DecisionInput
from app.projects.change_orders.steps import ORDER

bp = Blueprint("change_orders_api", __name__, url_prefix="/api")

_PROJECT_ID = "019aa8f1-1c10-7a53-9b22-4d6e8f0a1b2c"
_ID = "019aa8f1-3e30-7c75-8d44-6f80a12c3d4e"
_DELIVERABLE_ID = "019aa8f1-4f40-7d86-8e55-7091b23d4e5f"
_BODY = {
    "title": "Move the archive, too",
    "reason": "The archive turned out to run on the same servers.",
    "budget_change": "4500.00",
    "new_end_date": "2027-03-31",
    "changes": [
        {"action": "add", "title": "Archive moved", "due_date": "2027-03-26", "budget": "4500.00"},
        {"action": "change", "deliverable_id": _DELIVERABLE_ID, "due_date": "2027-02-26"},
    ],
}
_NO_FIELDS = {"start_date": None, "duration_days": None, "estimate_hours": None}
_ORDER = {
    **_BODY,
    "id": _ID,
    "project_id": _PROJECT_ID,
    "number": 1,
    "status": "draft",
    "changes": [
        {"action": "add", "title": "Archive moved", "due_date": "2027-03-26", "budget": "4500.00", **_NO_FIELDS},
        {"action": "change", "deliverable_id": _DELIVERABLE_ID, "due_date": "2027-02-26"},
    ],
    "before": None,
    "proposed_at": None,
    "decided_at": None,
    "note": "",
    "created_at": "2026-11-20T17:30:00Z",
    "updated_at": "2026-11-20T17:30:00Z",
}
_STOOD = {
    "title": "Services moved",
    "start_date": "2027-01-11",
    "due_date": "2027-02-12",
    "duration_days": 25,
    "estimate_hours": "200.00",
    "budget": "20000.00",
}
_PROPOSED = {
    **_ORDER,
    "status": "proposed",
    "proposed_at": "2026-11-21T09:00:00Z",
    "before": {
        "budget": "50000.00",
        "currency": "EUR",
        "end_date": "2027-02-26",
        "deliverables": {_DELIVERABLE_ID: _STOOD},
    },
}
_APPROVED = {**_PROPOSED, "status": "approved", "decided_at": "2026-11-22T09:30:00Z", "note": "Agreed."}
_DECLINED = {**_APPROVED, "status": "declined", "note": "Not this year."}
_WITHDRAWN = {**_PROPOSED, "status": "withdrawn"}


def _require_decider(_step: Step, body: DecisionInput | None, order: ChangeOrder) -> None:
    """A company decides about its own projects; staff who decide for it name it."""
    if body is not None and order.client_id != company_for(actor(), body.client_id):
        raise NotFound("The company has no such project.")


mount(
    bp,
    change_orders,
    path={"project_id": _PROJECT_ID, "order_id": _ID},
    body=_BODY,
    answer=_ORDER,
    unasked=("proposed",),
    steps=ORDER,
    require_step=_require_decider,
    examples={
        "list": Example(query="status=proposed", answer=[_PROPOSED]),
        "get": Example(answer=_PROPOSED),
        "update": Example(body={"budget_change": "4000.00"}, answer={**_ORDER, "budget_change": "4000.00"}),
        "propose": Example(answer=_PROPOSED),
        "withdraw": Example(answer=_WITHDRAWN),
        "approve": Example(body={"note": "Agreed."}, answer=_APPROVED),
        "decline": Example(body={"note": "Not this year."}, answer=_DECLINED),
    },
    about={
        "list": ("List a project's change orders", "Staff see drafts, too. Members of the team hear 403."),
        "get": (
            "Read a change order",
            "`before` is how the project stood in all that it touches when it was proposed. Members of "
            "the team hear 403.",
        ),
        "create": (
            "Draft a change of what was agreed",
            "`budget_change` is added to the budget, and may be negative. Nothing changes before the client approves "
            "it.",
        ),
        "update": ("Change a draft", ""),
    },
)
