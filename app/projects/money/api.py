"""A project's budget in the JSON API."""

from typing import Any

from flask import Blueprint
from sqlalchemy import select

from app.api.access import actor
from app.api.operation import Example, operation
from app.core.permissions import Role
from app.extensions import db
from app.identity.policy import require
from app.projects.money.models import ProjectAlert
from app.projects.money.queries import account_of
from app.projects.money.schemas import BudgetOut
from app.projects.queries import get_project

bp = Blueprint("project_money_api", __name__, url_prefix="/api/expert-teams/projects/<project_id>")

_PROJECT_ID = "019aa8f1-1c10-7a53-9b22-4d6e8f0a1b2c"
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
    tags=("Projects",),
    path={"project_id": "The id of the project."},
    example=Example(path={"project_id": _PROJECT_ID}, answer=_BUDGET),
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
