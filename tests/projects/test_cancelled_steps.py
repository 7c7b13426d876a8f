"""A cancelled step hands its place in the plan on: what came after it comes after those before it."""

from datetime import date
from typing import Any

import pytest

from app.core.permissions import Role
from app.projects.delivering.asking import ask
from app.projects.models import Project
from app.projects.plans.critical_path import plan_of, waits_of
from app.projects.plans.scheduling.network import Cycle, without
from app.projects.record_pages import page_of
from tests.factories import make_user
from tests.factories.projects import make_project

pytestmark = pytest.mark.usefixtures("db_session")

MONDAY = date(2026, 11, 30)


@pytest.fixture
def project() -> Project:
    return make_project(
        start_date=MONDAY,
        end_date=date(2027, 1, 29),
        deliverables=[
            {"title": "A", "start_date": MONDAY, "due_date": date(2026, 12, 4), "duration_days": 5},
            {
                "title": "B",
                "start_date": date(2026, 12, 7),
                "due_date": date(2026, 12, 18),
                "duration_days": 10,
                "after": ["A"],
            },
            {
                "title": "C",
                "start_date": date(2026, 12, 21),
                "due_date": date(2026, 12, 25),
                "duration_days": 5,
                "estimate_hours": 10,
                "after": ["B"],
            },
        ],
    )


@pytest.fixture
def manager(api) -> Any:
    return api(make_user(role="manager"))


def cancel_b(manager: Any, project: Project) -> None:
    base = f"/api/expert-teams/projects/{project.id}/change-orders"
    changes = [{"action": "cancel", "deliverable_id": str(project.deliverables[1].id)}]
    order = manager.post(base, json={"title": "Without B", "reason": "It isn’t needed.", "changes": changes})
    assert order.status_code == 201, order.text
    for step in ("propose", "approve"):
        body = {"client_id": str(project.client_id)} if step == "approve" else {}
        answer = manager.post(f"{base}/{order.json['id']}/{step}", json=body)
        assert answer.status_code == 200, answer.text


def finish_a(program: Any, project: Project) -> Any:
    address = f"/api/expert-teams/projects/{project.id}/deliverables/{project.deliverables[0].id}/finish?on=2026-12-23"
    answer = program.get(address)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_what_came_after_it_moves_with_what_was_before_it(manager, project):
    assert [move["title"] for move in finish_a(manager, project)["moves"]] == ["B", "C"]
    cancel_b(manager, project)
    assert [(move["title"], move["new_start"], move["new_due"]) for move in finish_a(manager, project)["moves"]] == [
        ("C", "2026-12-24", "2026-12-30")
    ]


def test_it_cant_be_finished_nor_previewed(manager, project, sign_in, client):
    cancel_b(manager, project)
    step = f"/api/expert-teams/projects/{project.id}/deliverables/{project.deliverables[1].id}"

    answers = [manager.get(f"{step}/finish?on=2026-12-23"), manager.post(f"{step}/submit", json={})]

    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[0].json["type"] == answers[1].json["type"]
    assert answers[0].json["detail"] == "“B” is cancelled, and can’t be handed in."


def test_the_plan_gives_no_time_that_isnt_there(manager, project):
    cancel_b(manager, project)
    a, _, c = project.deliverables
    dates = plan_of(project, MONDAY).dates
    assert dates[a.id].late_finish == date(2026, 12, 18), "C begins on 21 December"
    assert dates[c.id].start == date(2026, 12, 21)
    answer = manager.get(f"/api/expert-teams/projects/{project.id}/plan")
    assert answer.json["tasks"][0]["late_finish"] == "2026-12-18"


def test_the_page_says_what_it_comes_after(manager, project):
    cancel_b(manager, project)
    page = page_of(project, make_user(role=Role.MANAGER))
    assert [row.after for row in page.rows] == [(), (), ("A",)]
    assert len(page.gantt.arrows) == 1


def test_whether_a_team_can_deliver_keeps_the_order(manager, project):
    project.deliverables[0].estimate_hours = 10
    cancel_b(manager, project)
    needs = {need.name: need for need in ask(project.team, project, project.end_date).question.needs}
    assert needs["C"].after == (needs["A"].key,)


def test_waits_add_up_and_the_longest_holds():
    project = make_project(
        deliverables=[
            {"title": "A"},
            {"title": "B", "status": "cancelled", "after": {"A": 2}},
            {"title": "C", "status": "cancelled", "after": {"B": 1, "A": 7}},
            {"title": "D", "after": {"C": 3}},
        ]
    )
    a, _, _, d = (one.id for one in project.deliverables)
    assert waits_of(project) == {a: {}, d: {a: 10}}


def test_a_circle_is_still_refused():
    with pytest.raises(Cycle):
        without({"A": {"B": 0}, "B": {"A": 0}}, {"B"})
