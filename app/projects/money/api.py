"""A project's budget and its change orders in the JSON API."""

from typing import Any
from uuid import UUID

from flask import Blueprint
from sqlalchemy import select

from app.api.access import actor
from app.api.operation import Answer, Example, Loaded, operation_with
from app.api.paging import list_answer
from app.api.steps import mount_steps
from app.core.addresses import api_prefix
from app.core.errors import NotFound
from app.core.ids import reference
from app.core.lists import ListQuery
from app.core.permissions import Role
from app.core.schemas import changes_of, partial
from app.core.steps import Step
from app.extensions import db
from app.identity.companies import company_for
from app.identity.policy import is_staff, require
from app.projects.change_orders import operations as change_orders
from app.projects.change_orders.kinds import ORDERS, OrderQuery
from app.projects.change_orders.models import ChangeOrder
from app.projects.change_orders.schemas import ChangeOrderInput, ChangeOrderOut, DecisionInput
from app.projects.change_orders.steps import ORDER
from app.projects.models import Project
from app.projects.money.models import ProjectAlert
from app.projects.money.queries import account_of
from app.projects.money.schemas import BudgetOut
from app.projects.queries import get_project

bp = Blueprint("project_money_api", __name__, url_prefix="/api/expert-teams/projects/<project_id>")

TAGS = ("Projects",)
operation = operation_with(tags=TAGS)
_PROJECT_ID = "019aa8f1-1c10-7a53-9b22-4d6e8f0a1b2c"
_ID = "019aa8f1-3e30-7c75-8d44-6f80a12c3d4e"
_DELIVERABLE_ID = "019aa8f1-4f40-7d86-8e55-7091b23d4e5f"
_PATH = {"project_id": "The id of the project."}
_ONE = {**_PATH, "order_id": "The id of the change order."}
_EXAMPLE_PATH = {"project_id": _PROJECT_ID}
_EXAMPLE_ONE = {**_EXAMPLE_PATH, "order_id": _ID}

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
_BUDGET = {
    "project_id": _PROJECT_ID,
    "currency": "EUR",
    "on": "2027-01-31",
    "budget": "50000.00",
    "spent": "12000.00",
    "committed": "9500.00",
    "available": "28500.00",
    "used": 0.24,
    "budget_at_completion": "50000.00",
    "planned_value": "20000.00",
    "earned_value": "16000.00",
    "cost_performance": 1.3333,
    "schedule_performance": 0.8,
    "estimate_at_completion": "37500.00",
    "variance_at_completion": "12500.00",
    "planned_end": "2027-02-26",
    "forecast_end": "2027-03-14",
    "notes": [],
    "alerts": [],
    "points": [{"on": "2027-01-31", "planned": "20000.00", "spent": "12000.00", "earned": "16000.00"}],
}


@bp.get("/budget")
@operation(
    allow="projects:read",
    answers={200: BudgetOut},
    path=_PATH,
    example=Example(path=_EXAMPLE_PATH, answer=_BUDGET),
)
def get_project_budget(project_id: str) -> dict[str, Any]:
    """Read how a project stands for its money.

    Budget, spent and committed, earned value with its indices, what the project is likely to cost and when it is likely
    to end. Amounts are in the project's currency. What can't be told is null, and `notes` says why. For the company and
    for staff; members of the team hear 403.
    """
    require(actor().role != Role.EXPERT, "The project’s money is between the company and us.")
    project = get_project(project_id, actor())
    account = account_of(project)
    alerts = db.session.scalars(select(ProjectAlert.threshold).where(ProjectAlert.project_id == project.id))
    told = {"project_id": project.id, "currency": project.currency, "alerts": sorted(alerts), "points": account.points}
    return {**vars(account.figures), **told}


@bp.get("/change-orders")
@operation(
    allow="projects:read",
    query=OrderQuery,
    answers={200: list[ChangeOrderOut]},
    path=_PATH,
    paged=True,
    example=Example(path=_EXAMPLE_PATH, query="status=proposed", answer=[_PROPOSED]),
)
def list_change_orders(project_id: str, query: ListQuery) -> Answer:
    """List a project's change orders.

    Staff see drafts, too.
    """
    project = get_project(project_id, actor())
    staff = is_staff(actor())
    return list_answer(ORDERS, query, staff=staff, project=project.id, proposed=None if staff else True)


@bp.post("/change-orders")
@operation(
    allow="projects:manage",
    body=ChangeOrderInput,
    server_sets=ChangeOrderOut,
    answers={201: ChangeOrderOut},
    path=_PATH,
    problems=(409,),
    conditional=True,
    example=Example(path=_EXAMPLE_PATH, body=_BODY, answer=_ORDER),
)
def create_change_order(project_id: str, body: ChangeOrderInput) -> Answer:
    """Draft a change of what was agreed.

    `budget_change` is added to the budget, and may be negative. Nothing changes before the client approves it.
    """
    project = get_project(project_id, actor(), for_update=True)
    order = change_orders.create_change_order(project, body, actor=actor())
    address = f"{api_prefix()}/expert-teams/projects/{project.id}/change-orders/{order.id}"
    return Answer(order, headers={"Location": address})


def _one(project: Project, order_id: str) -> ChangeOrder:
    key = reference(order_id)
    if not isinstance(key, UUID):
        raise NotFound("There is no such change order.")
    return change_orders.get_change_order(project, key, also_unproposed=is_staff(actor()))


@bp.get("/change-orders/<order_id>")
@operation(
    allow="projects:read",
    answers={200: ChangeOrderOut},
    path=_ONE,
    example=Example(path=_EXAMPLE_ONE, answer=_PROPOSED),
)
def get_change_order(project_id: str, order_id: str) -> ChangeOrder:
    """Read a change order.

    `before` is how the project stood in all that it touches when it was proposed.
    """
    return _one(get_project(project_id, actor()), order_id)


def _locked(project_id: str, order_id: str) -> ChangeOrder:
    return _one(get_project(project_id, actor(), for_update=True), order_id)


@bp.patch("/change-orders/<order_id>")
@operation(
    allow="projects:manage",
    body=partial(ChangeOrderInput),
    server_sets=ChangeOrderOut,
    answers={200: ChangeOrderOut},
    path=_ONE,
    problems=(409,),
    conditional=Loaded(_locked, get_change_order),
    example=Example(
        path=_EXAMPLE_ONE, body={"budget_change": "4000.00"}, answer={**_ORDER, "budget_change": "4000.00"}
    ),
)
def update_change_order(order: ChangeOrder, body: Any) -> ChangeOrder:
    """Change a draft."""
    return change_orders.update_change_order(order, changes_of(body), actor=actor())


def _to_step(step: Step, body: DecisionInput | None, project_id: str, order_id: str) -> ChangeOrder:
    """The order, its project locked; for a decision, if the caller decides for its company."""
    client_id = company_for(actor(), body.client_id) if body is not None else None
    project = get_project(project_id, actor(), for_update=True)
    if body is not None and project.client_id != client_id:
        raise NotFound("The company has no such project.")
    return _one(project, order_id)


mount_steps(
    bp,
    ORDER,
    "/change-orders/<order_id>",
    _to_step,
    noun="change_order",
    without=("edit",),
    answers={200: ChangeOrderOut},
    path=_ONE,
    tags=TAGS,
    examples={
        "propose": Example(path=_EXAMPLE_ONE, answer=_PROPOSED),
        "withdraw": Example(path=_EXAMPLE_ONE, answer=_WITHDRAWN),
        "approve": Example(path=_EXAMPLE_ONE, body={"note": "Agreed."}, answer=_APPROVED),
        "decline": Example(path=_EXAMPLE_ONE, body={"note": "Not this year."}, answer=_DECLINED),
    },
)
