"""The pages of change orders: the form of staff, and the client's decision."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from app.core.clock import today
from app.extensions import db
from app.projects.change_orders.models import ChangeOrder
from app.projects.models import Project
from tests.factories import make_user
from tests.factories.projects import make_project


def last_day():
    return today() + timedelta(days=90)


@pytest.fixture
def project(as_client) -> Project:
    return make_project(
        client_id=as_client.user.client_id,
        budget=Decimal(10_000),
        currency="EUR",
        name="Archive move",
        deliverables=[
            {
                "title": "Survey",
                "budget": Decimal(4000),
                "start_date": today(),
                "due_date": today() + timedelta(days=20),
            },
            {"title": "Move", "start_date": today(), "due_date": last_day()},
            {"title": "Report", "status": "approved"},
        ],
    )


def base(project: Project, *more: Any) -> str:
    return "/".join([f"/admin/projects/{project.id}/change-orders", *map(str, more)])


def decision(project: Project, *more: Any) -> str:
    return "/".join([f"/dashboard/projects/{project.id}/change-orders", *map(str, more)])


def rows(project: Project, *, without: str = "") -> dict[str, str]:
    """The rows as the form has them when nothing is changed."""
    data = {"deliverables": ""}
    open_ones = [one for one in project.deliverables[:2] if one.title != without]
    for at, one in enumerate(open_ones):
        values = {
            "id": one.id,
            "title": one.title,
            "start_date": one.start_date,
            "due_date": one.due_date,
            "duration_days": "",
            "estimate_hours": "",
            "budget": "" if one.budget is None else one.budget,
        }
        data |= {f"deliverables-{at}-{name}": str(value) for name, value in values.items()}
    return data


def typed(project: Project, **more: Any) -> dict[str, Any]:
    return {"title": "More", "reason": "", "budget_change": "2500", "new_end_date": "", **rows(project), **more}


def only() -> ChangeOrder:
    db.session.expire_all()
    return db.session.scalars(select(ChangeOrder)).one()


@pytest.mark.parametrize(("change", "stored"), [("1.500,00 €", "1500.00"), ("−800,50", "-800.50"), ("+ 2'500.–", None)])
def test_the_budget_is_read_as_people_write_it(as_manager, project, change, stored):
    answer = as_manager.post(base(project, "new"), data=typed(project, budget_change=change))
    assert answer.status_code == (303 if stored else 422)
    if stored:
        assert only().budget_change == Decimal(stored)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("budget_change", "1.500", "This may be 1500 or 1.50."),
        ("budget_change", "-1.500", "This may be -1500 or -1.50."),
        ("budget_change", "100 $", "This says USD, but the currency is EUR."),
        ("deliverables-0-budget", "100 $", "This says USD, but the currency is EUR."),
        ("deliverables-0-estimate_hours", "8 €", "This says EUR, but this field takes none."),
        ("deliverables-0-estimate_hours", "1.200", "This may be 1200 or 1.20."),
    ],
)
def test_what_may_be_meant_otherwise_is_asked_about(as_manager, project, field, value, message):
    answer = as_manager.post(base(project, "new"), data=typed(project) | {field: value})
    assert answer.status_code == 422
    assert message in answer.text
    assert f'value="{value}"' in answer.text


def test_the_form_shows_the_open_deliverables_and_makes_a_draft_of_the_difference(as_manager, project):
    page = as_manager.get(base(project, "new")).text
    assert re.findall(r'name="deliverables-[0-9]-title"[^>]*value="(\w+)"', page) == ["Survey", "Move"]
    data = typed(project)
    data["deliverables-0-title"] = "Long survey"
    answer = as_manager.post(base(project, "new"), data=data)
    order = only()
    assert answer.headers["Location"] == base(project, order.id)
    assert (order.status, order.budget_change) == ("draft", Decimal(2500))
    survey = project.deliverables[0]
    assert order.changes == [{"action": "change", "deliverable_id": str(survey.id), "title": "Long survey"}]


def test_a_removed_row_is_cancelled_and_a_new_one_added(as_manager, project):
    data = {**typed(project), **rows(project, without="Move")}
    for name in list(data):
        if name.startswith("deliverables-1"):
            del data[name]
    data |= {f"deliverables-5-{name}": "" for name in ("id", "start_date", "duration_days", "estimate_hours")}
    data |= {
        "deliverables-5-title": "Second move",
        "deliverables-5-due_date": str(last_day()),
        "deliverables-5-budget": "80",
    }
    assert as_manager.post(base(project, "new"), data=data).status_code == 303
    assert [change["action"] for change in only().changes] == ["add", "cancel"]
    page = as_manager.get(base(project, only().id, "edit")).text
    assert re.findall(r'name="deliverables-[0-9]-title"[^>]*value="([\w ]+)"', page) == ["Survey", "Second move"]


def test_rows_are_added_without_scripts(as_manager, project):
    page = as_manager.post(base(project, "new"), data={**typed(project), "_do": "deliverables:add"})
    assert (page.status_code, page.text.count("row-card")) == (200, 3)
    part = as_manager.post(
        base(project, "new"), data={**typed(project), "_do": "deliverables:add"}, headers={"HX-Request": "true"}
    )
    assert "<html" not in part.text
    assert part.text.count("row-card") == 3


def test_errors_stand_at_their_fields(as_manager, project):
    data = typed(project, title="", budget_change="-20000")
    data["deliverables-1-due_date"] = "2020-01-01"
    answer = as_manager.post(base(project, "new"), data={**data, "title": "Kept"})
    assert answer.status_code == 422
    for field in ("deliverables-1-due_date",):
        assert re.search(rf'<input[^>]*id="{field}"[^>]*>', answer.text)[0].count('aria-invalid="true"') == 1
    assert as_manager.post(base(project, "new"), data=typed(project, title="")).status_code == 422
    assert as_manager.post(base(project, "new"), data=typed(project, budget_change="-20000")).status_code == 422
    assert as_manager.post(base(project, "new"), data=typed(project, budget_change="much")).status_code == 422
    assert db.session.scalar(select(ChangeOrder.id)) is None


def test_staff_propose_and_the_client_approves(as_manager, as_client, project):
    as_manager.post(base(project, "new"), data=typed(project))
    order = only()
    assert as_client.get(decision(project, order.id)).status_code == 404
    assert as_manager.post(base(project, order.id, "propose")).status_code == 303
    page = as_client.get(decision(project, order.id))
    assert "€10,000.00" in page.text
    assert "€12,500.00" in page.text
    assert as_client.post(decision(project, order.id, "approve"), data={"note": "Fine."}).status_code == 303
    assert (only().status, only().note) == ("approved", "Fine.")
    again = as_client.post(decision(project, order.id, "approve"), data={}, follow_redirects=True)
    assert again.text.count(f"“{order.title}” is approved already.") == 2
    assert "Fine." in as_manager.get(base(project, order.id)).text


def test_the_client_declines(as_manager, as_client, project):
    as_manager.post(base(project, "new"), data=typed(project))
    as_manager.post(base(project, only().id, "propose"))
    too_long = as_client.post(decision(project, only().id, "decline"), data={"note": "x" * 2001})
    assert too_long.status_code == 422
    assert as_client.post(decision(project, only().id, "decline"), data={"note": ""}).status_code == 303
    assert only().status == "declined"


def test_a_stale_order_says_so_on_both_sides(as_manager, as_client, project):
    as_manager.post(base(project, "new"), data=typed(project))
    as_manager.post(base(project, only().id, "propose"))
    project.budget = Decimal(11_000)
    db.session.commit()
    for browser, address in ((as_client, decision(project, only().id)), (as_manager, base(project, only().id))):
        assert "has changed since this was proposed" in browser.get(address).text
    as_client.post(decision(project, only().id, "approve"), data={})
    assert only().status == "proposed"


def test_a_proposed_order_is_not_edited(as_manager, project):
    as_manager.post(base(project, "new"), data=typed(project))
    order = only()
    as_manager.post(base(project, order.id, "propose"))
    assert as_manager.get(base(project, order.id, "edit")).status_code == 303
    assert as_manager.post(base(project, order.id, "edit"), data=typed(project, title="No")).status_code == 303
    assert only().title == "More"


def test_the_pages_are_for_their_side(app, sign_in, client, as_manager, as_client, as_expert, project):
    as_manager.post(base(project, "new"), data=typed(project))
    order = only()
    as_manager.post(base(project, order.id, "propose"))
    stranger = sign_in(app.test_client(), make_user(role="client"))
    assert client.get(decision(project, order.id)).status_code == 303
    for address in (decision(project, order.id),):
        assert stranger.get(address).status_code == 404
        assert as_expert.get(address).status_code == 403
        assert as_manager.get(address).status_code == 404
    for step in ("approve", "decline"):
        assert stranger.post(decision(project, order.id, step), data={}).status_code == 404
        assert as_manager.post(decision(project, order.id, step), data={}).status_code == 404
        assert as_expert.post(decision(project, order.id, step), data={}).status_code == 403
    for address in (base(project, "new"), base(project, order.id), base(project, order.id, "edit")):
        assert as_client.get(address).status_code == 403
        assert as_expert.get(address).status_code == 403
    assert only().status == "proposed"


def test_the_projects_history_leaves_out_what_the_order_keeps_for_itself(as_manager, project):
    as_manager.post(base(project, "new"), data=typed(project, title="More time"))
    as_manager.post(base(project, only().id, "propose"))
    page = as_manager.get(f"/admin/projects/{project.id}/history").text
    assert "More time" in page
    assert "Budget: 10000.00; Currency: EUR" not in page
