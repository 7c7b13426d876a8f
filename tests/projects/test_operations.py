"""What projects go through: requests, plans, steps, the team's hours."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.assistants.models import Reservation
from app.core.audit import SYSTEM
from app.core.clock import shifted, today
from app.core.schemas import changes_of, partial
from app.extensions import db
from app.projects import operations
from app.projects.models import Project
from app.projects.plans.parts import HandedIn, UnknownPart
from app.projects.schemas import ProjectInput, ProjectRequest
from app.projects.teams.models import TeamMember
from app.projects.teams.reservations import TeamNotFree, TeamTooSmall, parts_of
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


def running(hours: str = "20", *, weekly: int = 30, **values: Any) -> Project:
    """A planned project of a team of one, from today on for ten weeks."""
    team = values.pop("team", None) or make_team(members=[make_assistant(weekly_hours=weekly)])
    given = {"start_date": str(today()), "end_date": str(today() + timedelta(days=69)), "hours_per_week": hours}
    project = created(**{"team_id": str(team.id)} | given | values)
    return operations.change_status(project, "planned", actor=SYSTEM)


def held(project: Project) -> list[tuple[Decimal, date, date]]:
    db.session.expire_all()
    return sorted(reserved(project).values())


def test_hours_are_free_while_it_is_on_hold_and_held_again_after() -> None:
    project = running()
    for status in ("active", "on_hold"):
        operations.change_status(project, status, actor=SYSTEM)
    assert held(project) == []
    other = running(team=project.team)
    with pytest.raises(TeamNotFree, match="has 10 of 30 hours a week left"), db.session.begin_nested():
        operations.change_status(project, "active", actor=SYSTEM)
    operations.change_status(other, "cancelled", actor=SYSTEM)
    db.session.refresh(project)
    operations.change_status(project, "active", actor=SYSTEM)
    assert [hours for hours, *_ in held(project)] == [20]


def test_completing_keeps_what_was_and_frees_what_would_have_been() -> None:
    project = running()
    operations.change_status(project, "active", actor=SYSTEM)
    with shifted(timedelta(days=14)):
        operations.change_status(project, "completed", actor=SYSTEM)
    assert project.completed_on == today() + timedelta(days=14)
    assert held(project) == [(20, today(), today() + timedelta(days=13))]


def test_more_or_longer_is_refused_where_it_is_not_free() -> None:
    project = running()
    with pytest.raises(TeamTooSmall, match="gives 30 hours a week at most; the project asks for 31"):
        changed(project, hours_per_week="31")
    db.session.rollback()


def test_the_plan_moves_and_its_hours_move_along() -> None:
    project = running()
    last = today() + timedelta(days=90)
    changed(project, hours_per_week="25", end_date=str(last))
    assert held(project) == [(25, today(), last)]
    changed(project, hours_per_week="10")
    assert held(project) == [(10, today(), last)]


def test_another_team_takes_over() -> None:
    project, other = running(), make_team(members=[make_assistant(weekly_hours=40)])
    changed(project, team_id=str(other.id))
    assert set(reserved(project)) == {str(other.members[0].assistant_id)}


def test_a_plan_does_not_lose_what_it_needs() -> None:
    project = running()
    for field in ("team_id", "start_date", "end_date"):
        with pytest.raises(operations.PlanIncomplete):
            changed(project, **{field: None})
        db.session.refresh(project)


def test_estimates_say_what_is_taken_where_no_hours_are_given() -> None:
    """40 hours over 50 working days, which are ten weeks, are 4 hours a week."""
    first = today() + timedelta(days=(7 - today().weekday()))
    project = running(
        start_date=str(first),
        end_date=str(first + timedelta(days=69)),
        hours_per_week=None,
        deliverables=[{"title": "A", "estimate_hours": 25}, {"title": "B", "estimate_hours": "15.00"}],
    )
    assert [hours for hours, *_ in held(project)] == [4]


def test_a_finished_project_no_longer_changes() -> None:
    for status in ("completed", "cancelled"):
        with pytest.raises(operations.ProjectFinished):
            changed(make_project(status=status), name="Another")


def test_a_project_stays_with_its_company() -> None:
    with pytest.raises(operations.CompanyIsFixed):
        changed(make_project(), client_id=str(make_client_company().id))


def test_an_archived_team_takes_no_project() -> None:
    with pytest.raises(UnknownPart):
        created(team_id=str(make_team(archived=True).id))


def test_an_archived_assistant_takes_no_hours() -> None:
    team = make_team(members=[make_assistant(name="Ana", archived=True)])
    with pytest.raises(TeamNotFree, match="Ana takes no more work"):
        running(team=team)
    db.session.rollback()


def test_what_was_handed_in_stays_in_the_plan() -> None:
    project = make_project(deliverables=[{"title": "Survey", "status": "approved"}, "Move"])
    with pytest.raises(HandedIn):
        changed(project, deliverables=[])


@given(
    st.lists(st.tuples(st.integers(1, 100), st.none() | st.integers(0, 168)), min_size=1, max_size=8),
    st.decimals(min_value=0, max_value=500, places=2),
)
def test_parts_add_up_and_follow_what_each_gives(given_by: list[tuple[int, int | None]], hours: Decimal) -> None:
    members = [
        (TeamMember(name="x", share=Decimal(share) / 100), None if weekly is None else Decimal(weekly))
        for share, weekly in given_by
    ]
    parts = parts_of(members, hours)
    most = sum(part.most for part in parts)
    if most == 0:
        assert all(part.hours == 0 for part in parts)
        return
    assert sum(part.hours for part in parts) == hours
    for part in parts:
        assert abs(part.hours - hours * part.most / most) <= Decimal("0.01")
        assert part.hours <= part.most + Decimal("0.01") or hours > most
