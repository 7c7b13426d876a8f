"""Change orders: what they do, when they may, and what happens at once."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from app.core.clock import today
from app.extensions import db
from app.notifications.models import Notification
from app.projects.change_orders.models import ChangeOrder
from app.projects.models import Project
from app.projects.money.models import ProjectAlert
from app.projects.timesheets.models import TimeEntry
from tests.days import from_today
from tests.factories import make_user
from tests.factories.events import deliver
from tests.factories.projects import make_project, make_team

pytestmark = pytest.mark.usefixtures("db_session")


def last_day():
    return today() + timedelta(days=90)


@pytest.fixture
def project() -> Project:
    return make_project(
        budget=Decimal(10_000),
        currency="EUR",
        deliverables=[
            {
                "title": "Survey",
                "budget": Decimal(4000),
                "start_date": today(),
                "due_date": today() + timedelta(days=20),
            },
            {"title": "Move", "budget": Decimal(6000), "start_date": today(), "due_date": last_day()},
            {"title": "Report", "status": "approved"},
        ],
    )


@pytest.fixture
def manager(api) -> Any:
    return api(make_user(role="manager"))


@pytest.fixture
def company(api, project) -> Any:
    user = make_user(role="client", client_id=project.client_id)
    program = api(user)
    program.user = user
    return program


def address(project: Project, *more: Any) -> str:
    return "/".join(["/api/expert-teams/projects", str(project.id), "change-orders", *map(str, more)])


def change(project: Project) -> dict[str, Any]:
    survey, move, _ = project.deliverables
    return {
        "title": "More archive",
        "reason": "There is more of it.",
        "budget_change": "2500.00",
        "new_end_date": (last_day() + timedelta(days=30)).isoformat(),
        "changes": [
            {
                "action": "change",
                "deliverable_id": str(survey.id),
                "due_date": (today() + timedelta(days=40)).isoformat(),
                "budget": "4500.00",
            },
            {"action": "cancel", "deliverable_id": str(move.id)},
            {"action": "add", "title": "Second move", "due_date": last_day().isoformat(), "budget": "8000.00"},
        ],
    }


def drafted(manager: Any, project: Project, **more: Any) -> dict[str, Any]:
    answer = manager.post(address(project), json={**change(project), **more})
    assert answer.status_code == 201, answer.text
    return answer.json


def proposed(manager: Any, project: Project, **more: Any) -> dict[str, Any]:
    order = drafted(manager, project, **more)
    answer = manager.post(address(project, order["id"], "propose"))
    assert answer.status_code == 200, answer.text
    return answer.json


def kind_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["type"].rpartition("problem-")[2]


def test_approving_changes_budget_end_deliverables_and_baseline_together(manager, company, project):
    order = proposed(manager, project)
    assert order["before"]["budget"] == "10000.00"
    answer = company.post(address(project, order["id"], "approve"), json={"note": "Fine."})
    assert (answer.status_code, answer.json["status"], answer.json["note"]) == (200, "approved", "Fine.")
    db.session.expire_all()
    assert (project.budget, project.planned_budget) == (Decimal(12_500), Decimal(12_500))
    assert project.end_date == project.planned_end == last_day() + timedelta(days=30)
    survey, move, report, second = project.deliverables
    assert (survey.due_date, survey.planned_due, survey.budget) == (*[today() + timedelta(days=40)] * 2, Decimal(4500))
    assert (move.status, report.status) == ("cancelled", "approved")
    assert (second.title, second.planned_due, second.status) == ("Second move", last_day(), "planned")


def test_each_side_is_told(manager, company, project):
    other = make_user(role="admin")
    order = proposed(manager, project)
    deliver()
    told = db.session.scalars(select(Notification).filter_by(user_id=company.user.id)).one()
    assert told.kind == "change_order.proposed"
    company.post(address(project, order["id"], "decline"), json={"note": "Not now."})
    deliver()
    assert db.session.scalars(select(Notification).filter_by(user_id=other.id)).one().kind == "change_order.declined"


def test_nothing_changes_before_it_is_approved_nor_when_it_is_declined(manager, company, project):
    before = project.version
    order = proposed(manager, project)
    assert company.post(address(project, order["id"], "decline")).json["status"] == "declined"
    db.session.expire_all()
    assert (project.budget, project.end_date, project.version) == (Decimal(10_000), last_day(), before)
    assert [one.status for one in project.deliverables] == ["planned", "planned", "approved"]


def test_the_steps_are_those_of_the_table(manager, company, project):
    order = drafted(manager, project)
    one = address(project, order["id"])
    assert company.post(f"{one}/approve").status_code == 404
    assert manager.patch(one, json={"title": "Other"}).json["title"] == "Other"
    assert manager.post(f"{one}/propose").status_code == 200
    assert kind_of(manager.post(f"{one}/propose")) == (409, "wrong-step")
    assert kind_of(manager.patch(one, json={"title": "Third"})) == (409, "wrong-step")
    assert company.post(f"{one}/approve").status_code == 200
    for step in ("approve", "decline"):
        assert kind_of(company.post(f"{one}/{step}")) == (409, "wrong-step")
    assert kind_of(manager.post(f"{one}/withdraw")) == (409, "wrong-step")
    db.session.expire_all()
    assert project.budget == Decimal(12_500)


def test_what_is_withdrawn_can_not_be_approved(manager, company, project):
    order = proposed(manager, project)
    assert manager.post(address(project, order["id"], "withdraw")).json["status"] == "withdrawn"
    assert kind_of(company.post(address(project, order["id"], "approve"))) == (409, "wrong-step")


def test_an_order_is_stale_when_the_project_moved_under_it(manager, company, project):
    order = proposed(manager, project)
    moved = manager.patch(f"/api/expert-teams/projects/{project.id}", json={"budget": "11000.00"})
    assert moved.status_code == 200
    assert kind_of(company.post(address(project, order["id"], "approve"))) == (409, "change-order-stale")
    db.session.expire_all()
    assert project.budget == Decimal(11_000)


def test_an_order_is_stale_when_a_deliverable_that_it_touches_was_handed_in(manager, company, project):
    order = proposed(manager, project)
    project.deliverables[1].status, project.deliverables[1].finished_on = "submitted", today()
    db.session.commit()
    assert kind_of(company.post(address(project, order["id"], "approve"))) == (409, "change-order-stale")


def test_an_order_stays_good_when_only_other_things_moved(manager, company, project):
    order = proposed(manager, project)
    moved = manager.patch(f"/api/expert-teams/projects/{project.id}", json={"description": "More words."})
    assert moved.status_code == 200
    assert company.post(address(project, order["id"], "approve")).status_code == 200


def test_of_two_orders_of_the_same_budget_one_counts(manager, company, project):
    first = proposed(manager, project, changes=[], new_end_date=None)
    second = proposed(manager, project, changes=[], new_end_date=None, title="The same again")
    assert (first["number"], second["number"]) == (1, 2)
    assert company.post(address(project, first["id"], "approve")).status_code == 200
    assert kind_of(company.post(address(project, second["id"], "approve"))) == (409, "change-order-stale")


@pytest.mark.parametrize("status", ["requested", "completed", "cancelled"])
def test_only_what_is_agreed_can_be_changed(manager, status):
    project = make_project(status=status)
    assert kind_of(manager.post(address(project), json={"title": "More"})) == (409, "nothing-agreed")


def test_an_order_that_changes_nothing_is_not_proposed(manager, project):
    order = drafted(manager, project, budget_change="0", new_end_date=None, changes=[])
    assert kind_of(manager.post(address(project, order["id"], "propose"))) == (409, "change-order-empty")


def test_less_money_and_less_time_can_be_agreed_too(manager, company, project):
    sooner = (last_day() - timedelta(days=10)).isoformat()
    order = proposed(manager, project, budget_change=-2500.5, new_end_date=sooner, changes=[])
    assert order["budget_change"] == "-2500.50"
    assert company.post(address(project, order["id"], "approve")).status_code == 200
    db.session.expire_all()
    assert (project.budget, project.end_date) == (Decimal("7499.50"), date.fromisoformat(sooner))


def test_a_smaller_budget_may_reach_an_alert(manager, company, project):
    make_spent(project, Decimal(6000))
    order = proposed(manager, project, budget_change="-3000.00", new_end_date=None, changes=[])
    assert company.post(address(project, order["id"], "approve")).status_code == 200
    assert sorted(db.session.scalars(select(ProjectAlert.threshold))) == [50, 80]


def make_spent(project: Project, amount: Decimal) -> None:
    user = make_user(role="expert")
    entry = TimeEntry(
        project_id=project.id,
        client_id=project.client_id,
        user_id=user.id,
        worked_on=today(),
        minutes=60,
        hourly_rate=amount,
        currency="EUR",
        status="approved",
        decided_at=user.created_at,
    )
    db.session.add(entry)
    db.session.commit()


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"title": ""}, "/title"),
        ({"title": "x" * 161}, "/title"),
        ({"budget_change": "-10000.01"}, "/budget_change"),
        ({"budget_change": "1e30"}, "/budget_change"),
        ({"budget_change": 1e30}, "/budget_change"),
        ({"budget_change": "9999999999.99"}, "/budget_change"),
        ({"budget_change": "0.001"}, "/budget_change"),
        ({"new_end_date": "2026-13-01"}, "/new_end_date"),
        ({"new_end_date": timedelta(days=-1)}, "/new_end_date"),
        ({"changes": [{"action": "explode"}]}, "/changes/0/action"),
        ({"changes": [{"action": "add"}]}, "/changes/0/title"),
        ({"changes": [{"action": "cancel"}]}, "/changes/0/deliverable_id"),
        (
            {"changes": [{"action": "cancel", "deliverable_id": "019aa8f0-9e10-7b13-8a41-0d2f4a6c8e02"}]},
            "/changes/0/deliverable_id",
        ),
        ({"changes": [{"action": "add", "title": "x", "budget": "-1"}]}, "/changes/0/budget"),
        (
            {"changes": [{"action": "add", "title": "x", "start_date": "2027-02-02", "due_date": "2027-02-01"}]},
            "/changes/0/due_date",
        ),
        ({"changes": [{"action": "add", "title": "x"}] * 201}, "/changes"),
        ({"status": "approved"}, "/status"),
    ],
)
def test_bad_orders_are_refused_at_their_field(manager, project, given, pointer):
    answer = manager.post(address(project), json={**change(project), **from_today(given)})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    assert db.session.scalar(select(ChangeOrder.id)) is None


def test_what_was_handed_in_or_named_twice_is_refused(manager, project):
    approved, survey = project.deliverables[2], project.deliverables[0]
    changes = [
        {"action": "cancel", "deliverable_id": str(approved.id)},
        {"action": "cancel", "deliverable_id": str(survey.id)},
        {"action": "change", "deliverable_id": str(survey.id), "title": "Other"},
    ]
    answer = manager.post(address(project), json={"title": "More", "changes": changes})
    assert [error["pointer"] for error in answer.json["errors"]] == [
        "/changes/0/deliverable_id",
        "/changes/2/deliverable_id",
    ]


def test_drafts_are_for_staff_alone(manager, company, project):
    order = drafted(manager, project)
    assert company.get(address(project)).json == []
    assert company.get(address(project)).headers["X-Total-Count"] == "0"
    assert company.get(address(project, order["id"])).status_code == 404
    assert [one["id"] for one in manager.get(address(project)).json] == [order["id"]]


def test_the_team_hears_nothing_of_them(api, manager, project):
    expert = make_user(role="expert")
    project.team = make_team(members=[expert])
    db.session.commit()
    order, team = proposed(manager, project), api(expert)
    assert team.get(f"/api/expert-teams/projects/{project.id}").status_code == 200
    for at in (address(project), address(project, order["id"])):
        refused = team.get(at)
        assert (refused.status_code, refused.json["detail"]) == (
            403,
            "Change orders are between DIG|LIT and the company.",
        )


def test_who_may_do_what(client, api, manager, company, project):
    order = proposed(manager, project)
    one = address(project, order["id"])
    stranger, expert = api(make_user(role="client")), api(make_user(role="expert"))
    assert client.get(one).status_code == 401
    assert client.post(f"{one}/approve").status_code == 401
    for step in ("approve", "decline"):
        assert stranger.post(f"{one}/{step}").status_code == 404
        assert expert.post(f"{one}/{step}").status_code == 403
        assert manager.post(f"{one}/{step}").status_code == 422
    for step in ("propose", "withdraw"):
        assert company.post(f"{one}/{step}").status_code == 403
        assert stranger.post(f"{one}/{step}").status_code == 403
    assert company.post(address(project), json=change(project)).status_code == 403
    assert company.patch(one, json={"title": "x"}).status_code == 403
    assert stranger.get(one).status_code == 404
    assert stranger.get(address(project)).status_code == 404
    assert expert.get(one).status_code == 404
    elsewhere = make_project()
    assert manager.get(address(elsewhere, order["id"])).status_code == 404


def test_staff_decide_for_the_company_that_they_name(manager, project):
    order = proposed(manager, project)
    other = make_project()
    step = address(project, order["id"], "approve")
    assert manager.post(step, json={"client_id": str(other.client_id)}).status_code == 404
    assert manager.post(step, json={"client_id": str(project.client_id)}).json["status"] == "approved"
