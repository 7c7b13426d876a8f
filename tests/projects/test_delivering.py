"""Whether a team can deliver by a day, from its calendars and skills: a plan, or what stands in the way."""

from datetime import timedelta
from decimal import Decimal

import pytest

from app.assistants.calendars.queries import monday_of
from app.core.audit import SYSTEM
from app.core.clock import today
from app.projects.delivering.verdict import Demand, can_deliver
from app.projects.operations import create_project
from app.projects.schemas import ProjectBody
from tests.factories.assistants import make_assistant, make_skill
from tests.factories.projects import make_team


def next_monday():
    return monday_of(today()) + timedelta(days=7)


"""The Monday on which all work of these tests begins."""


def friday(weeks):
    return next_monday() + timedelta(days=7 * weeks - 3)


def demand(hours, *skills):
    return Demand(Decimal(hours), skills, next_monday())


@pytest.fixture(autouse=True)
def _database(db_session):
    pass


def test_team_with_hours_and_skills_can_and_shows_how():
    team = make_team(members=[make_assistant(name="Ana", skills=["Terraform"], weekly_hours=20)])
    verdict = can_deliver(team, demand(35, "Terraform"), friday(2))
    assert verdict.can
    assert verdict.finish == friday(2)
    assert sum(part.hours for part in verdict.plan) == 35
    assert {(part.name, part.what) for part in verdict.plan} == {("Ana", "Terraform")}
    assert verdict.obstacles == ()


def test_too_few_hours_are_told_with_the_day_that_would_do():
    team = make_team(members=[make_assistant(name="Ana", weekly_hours=20)])
    verdict = can_deliver(team, demand(50), friday(2))
    assert not verdict.can
    (obstacle,) = verdict.obstacles
    assert (obstacle.kind, obstacle.hours) == ("short", 10)
    assert verdict.other_day == friday(3)
    assert can_deliver(team, demand(50), verdict.other_day).can


def test_skill_that_nobody_has_is_the_only_obstacle_and_a_free_assistant_removes_it():
    ana = make_assistant(name="Ana", skills=["Excel"])
    team = make_team(members=[ana])
    assert can_deliver(team, demand(20, "Excel", "Falconry"), friday(2)).obstacles[0].swap is None
    make_assistant(name="Busy", skills=["Falconry"], weekly_hours=0)
    ben = make_assistant(name="Ben", skills=[("Falconry", 4)])
    verdict = can_deliver(team, demand(20, "Excel", "Falconry"), friday(2))
    (obstacle,) = verdict.obstacles
    assert (obstacle.kind, obstacle.hours) == ("missing", 10)
    assert (obstacle.swap.assistant_id, obstacle.swap.name) == (ben.id, "Ben")
    assert verdict.other_day is None
    with_ben = make_team(members=[ana, ben])
    assert can_deliver(with_ben, demand(20, "Excel", "Falconry"), friday(2)).can


def test_scarce_skill_is_named_and_not_what_others_can_do():
    excel, sql = make_skill("Excel"), make_skill("SQL")
    team = make_team(
        members=[
            make_assistant(name="Ana", skills=[sql], weekly_hours=10),
            make_assistant(name="Ben", skills=[excel], weekly_hours=40),
        ]
    )
    verdict = can_deliver(team, demand(60, "SQL", "Excel"), friday(2))
    assert [(one.kind, one.hours) for one in verdict.obstacles] == [("short", 10)]
    assert verdict.obstacles[0].text.startswith("SQL")


def test_related_skill_that_is_near_enough_counts():
    office, excel = make_skill("Sheets"), make_skill("Pivot tables")
    excel.parent_id = office.id
    near = make_skill("Charts", related={office: "0.6"})
    far = make_skill("Letters", related={office: "0.3"})
    for skill, expected in ((near, True), (far, False)):
        team = make_team(members=[make_assistant(skills=[skill])])
        assert can_deliver(team, demand(10, "Sheets"), friday(1)).can is expected


def test_share_limit_time_off_and_days_after_the_day_are_respected():
    away = make_assistant(weekly_hours=40, time_off=[(next_monday(), next_monday() + timedelta(days=6))])
    half = {"who": make_assistant(weekly_hours=40), "share": Decimal("0.5")}
    assert can_deliver(make_team(members=[away]), demand(40), friday(1)).other_day == friday(2)
    assert can_deliver(make_team(members=[half]), demand(20), friday(1)).can
    assert not can_deliver(make_team(members=[half]), demand(21), friday(1)).can
    limited = make_team(members=[make_assistant(weekly_hours=40)], capacity=Decimal(10))
    assert can_deliver(limited, demand(10), friday(1)).can
    assert not can_deliver(limited, demand(11), friday(1)).can
    whole = make_team(members=[make_assistant(weekly_hours=40)])
    assert can_deliver(whole, demand(16), next_monday() + timedelta(days=1)).can
    assert not can_deliver(whole, demand(17), next_monday() + timedelta(days=1)).can


def test_team_of_nobody_delivers_nothing():
    verdict = can_deliver(make_team(capacity=Decimal(40)), demand(1), friday(4))
    assert [one.kind for one in verdict.obstacles] == ["nobody"]
    assert (verdict.can, verdict.other_day) == (False, None)


def project_of(company, **more):
    values = {
        "name": "Move",
        "client_id": company.id,
        "start_date": next_monday().isoformat(),
        "end_date": friday(4).isoformat(),
    }
    return create_project(ProjectBody.model_validate(values | more), actor=SYSTEM)


def test_project_is_planned_in_the_order_of_its_deliverables(make_client_company):
    team = make_team(members=[make_assistant(name="Ana", weekly_hours=40), make_assistant(name="Ben", weekly_hours=40)])
    project = project_of(
        make_client_company(),
        deliverables=[
            {"title": "Survey", "duration_days": 5, "estimate_hours": 40},
            {"title": "Move", "duration_days": 5, "estimate_hours": 40, "depends_on": ["Survey"]},
        ],
    )
    verdict = can_deliver(team, project, friday(2))
    assert verdict.can
    weeks = {part.what: part.monday for part in verdict.plan}
    assert (weeks["Survey"], weeks["Move"]) == (next_monday(), next_monday() + timedelta(days=7))
    late = can_deliver(team, project, friday(1))
    assert [one.kind for one in late.obstacles] == ["order"]
    assert late.other_day == friday(2)


def test_deliverable_of_somebody_who_has_no_time_may_go_to_another_member(make_client_company):
    ana, ben = make_assistant(name="Ana", weekly_hours=10), make_assistant(name="Ben", weekly_hours=40)
    team = make_team(members=[ana, ben])
    project = project_of(
        make_client_company(),
        deliverables=[{"title": "Survey", "duration_days": 5, "estimate_hours": 30, "assistant_id": str(ana.id)}],
    )
    (obstacle,) = can_deliver(team, project, friday(1)).obstacles
    assert (obstacle.kind, obstacle.hours, obstacle.swap.name) == ("short", 20, "Ben")
    outsider = make_team(members=[ben])
    assert [one.kind for one in can_deliver(outsider, project, friday(4)).obstacles] == ["missing"]


def test_hours_that_the_project_holds_already_are_its_own(make_client_company):
    team = make_team(members=[make_assistant(weekly_hours=20)])
    project = project_of(
        make_client_company(),
        team_id=str(team.id),
        hours_per_week=20,
        status="planned",
        deliverables=[{"title": "Survey", "estimate_hours": 80, "duration_days": 20}],
    )
    assert can_deliver(team, project, friday(4)).can
    assert not can_deliver(team, demand(1), friday(4)).can
