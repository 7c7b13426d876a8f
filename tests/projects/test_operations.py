"""What projects go through: requests, plans, steps, the team's hours."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from app.assistants.models import Reservation
from app.core.audit import SYSTEM
from app.core.clock import today
from app.core.errors import Conflict, Invalid
from app.core.schemas import changes_of, partial
from app.extensions import db
from app.projects import operations
from app.projects.models import Project
from app.projects.schemas import ProjectInput, ProjectRequest
from tests.factories import make_client_company
from tests.factories.assistants import make_assistant
from tests.factories.projects import make_project, make_team

pytestmark = pytest.mark.usefixtures("db_session")


def created(**values: Any) -> Project:
    company = values.pop("client", None) or make_client_company()
    given = {"name": "Move to the cloud", "client_id": company.id} | values
    return operations.create_project(ProjectInput.model_validate(given), actor=SYSTEM)


def changed(project: Project, **values: Any) -> Project:
    patch = partial(ProjectInput).model_validate(values)
    return operations.update_project(project, changes_of(patch), actor=SYSTEM)


def reserved(project: Project) -> dict[str, tuple[Decimal, date, date]]:
    rows = db.session.scalars(select(Reservation).where(Reservation.project_id == project.id))
    return {str(one.assistant_id): (one.hours_per_week, one.starts_on, one.ends_on) for one in rows}


def test_a_request_becomes_a_project_that_waits_for_its_plan() -> None:
    company = make_client_company()
    values = ProjectRequest(specialization="cloud migration", budget=Decimal("50000.00"))
    project = operations.request_project(values, client_id=company.id, actor=SYSTEM)
    assert (project.status, project.name, project.client_id) == ("requested", "Cloud migration", company.id)


def test_planning_needs_a_team_and_dates_and_says_which() -> None:
    project = created(start_date="2026-12-01")
    with pytest.raises(operations.PlanIncomplete, match=r"a team and a last day\."):
        operations.change_status(project, "planned", actor=SYSTEM)


def test_planning_agrees_on_dates_and_budget_and_holds_the_hours() -> None:
    ana, bo = make_assistant(weekly_hours=40), make_assistant(weekly_hours=20)
    team = make_team(members=[ana, {"who": bo, "share": Decimal("0.5")}])
    first, last = today() + timedelta(days=7), today() + timedelta(days=70)
    project = created(team_id=str(team.id), start_date=str(first), end_date=str(last), budget="900", hours_per_week=25)
    operations.change_status(project, "planned", actor=SYSTEM)
    assert (project.planned_start, project.planned_end, project.planned_budget) == (first, last, Decimal(900))
    assert reserved(project) == {str(ana.id): (20, first, last), str(bo.id): (5, first, last)}
