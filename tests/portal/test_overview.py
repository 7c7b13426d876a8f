"""What a client's and an expert's day begins with."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from app.core.audit import SYSTEM, audit_as
from app.core.clock import now, today
from app.extensions import db
from app.portal.overview import home_of
from app.projects.change_orders.models import ChangeOrder
from app.projects.models import ProjectReview
from app.projects.money.queries import account_of
from app.projects.overview import standing_of_company
from tests.factories.assistants import make_assistant
from tests.factories.projects import make_project, make_team


@pytest.fixture
def company(as_client):
    return as_client.user.client


def propose(project, title="One more server"):
    audit_as(db.session, actor=SYSTEM, action="create")
    order = ChangeOrder(
        project_id=project.id, client_id=project.client_id, number=1, title=title, status="proposed", proposed_at=now()
    )
    db.session.add(order)
    db.session.commit()


def test_what_waits_for_a_decision_stands_first(as_client, company):
    project = make_project(client=company, deliverables=[{"title": "Concept", "status": "submitted"}, "Move"])
    propose(project)
    make_project(client=company, status="completed", name="Old project")
    page = as_client.get("/dashboard/").text
    places = [page.index(text) for text in ("Concept", "One more server", "Say how the project was")]
    assert max(places[:2]) < places[2]
    assert "0 of 2" in page


def test_a_reviewed_project_and_one_long_past_wait_for_nothing(as_client, company):
    reviewed = make_project(client=company, status="completed")
    audit_as(db.session, actor=SYSTEM, action="create")
    db.session.add(ProjectReview(project_id=reviewed.id, team_id=reviewed.team_id, client_id=company.id, stars=5))
    db.session.commit()
    start = today() - timedelta(days=300)
    make_project(
        client=company, status="completed", start_date=start, end_date=start + timedelta(days=30),
        completed_on=today() - timedelta(days=91),
    )  # fmt: skip
    assert "Nothing waits for you" in as_client.get("/dashboard/").text


def test_nothing_of_another_company_is_there(as_client):
    other = make_project(name="Their secret", deliverables=[{"title": "Their part", "status": "submitted"}])
    propose(other, "Their order")
    page = as_client.get("/dashboard/").text
    assert not any(text in page for text in ("Their secret", "Their part", "Their order"))


def test_progress_and_budget_are_told(as_client, company):
    states = ("approved", "in_progress", "cancelled")
    make_project(
        client=company, budget=Decimal("1000.00"), currency="EUR", name="Web shop",
        deliverables=[{"title": f"Part {n}", "status": s} for n, s in enumerate(states)],
    )  # fmt: skip
    page = as_client.get("/dashboard/").text
    assert "1 of 2" in page
    assert "€0.00 of €1,000.00" in page


def test_the_forecast_is_that_of_the_projects_own_page(as_client, company):
    part = {"status": "approved", "budget": Decimal(400), "due_date": today(), "decided_at": now()}
    project = make_project(
        client=company, budget=Decimal("1000.00"), currency="EUR",
        deliverables=[{"title": "One", **part}, {"title": "Two", "budget": Decimal(600), "due_date": today()}],
    )  # fmt: skip
    (standing,) = standing_of_company(company.id)
    told = account_of(project).figures
    assert (standing.forecast.cost, standing.forecast.end) == (told.estimate_at_completion, told.forecast_end)
    page = " ".join(re.sub(r"<[^>]+>", " ", as_client.get("/dashboard/").text).split())
    assert "Forecast cost: €" in page
    assert "Forecast end: " in page


def test_late_deliverables_are_told(as_client, company):
    late = {"title": "Concept", "status": "in_progress", "due_date": today() - timedelta(days=2)}
    make_project(client=company, deliverables=[late])
    page = as_client.get("/dashboard/").text
    assert "1 late" in page
    assert ">Late<" in page


def test_a_member_who_may_not_see_projects_sees_none(app, as_client, company):
    make_project(client=company, name="Web shop")
    as_client.user.limits = ["matches:read"]
    audit_as(db.session, actor=SYSTEM, action="update")
    db.session.commit()
    page = as_client.get("/dashboard/").text
    assert "Web shop" not in page


def test_an_expert_sees_the_own_work(as_expert):
    me = make_assistant(user=as_expert.user)
    team = make_team(members=[me])
    make_project(
        team=team, name="Ours",
        deliverables=[{"title": "Mine", "status": "changes_requested", "assistant_id": me.id, "decided_at": now()}],
    )  # fmt: skip
    make_project(name="Not ours")
    page = as_expert.get("/dashboard/").text
    assert "Changes were asked for" in page
    assert "Ours" in page
    assert "Not ours" not in page


def test_an_overview_of_nobody_in_particular_is_empty(as_manager):
    assert not home_of(as_manager.user).needs
