"""Teams with projects: their figures, what their members hold, what is refused meanwhile."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.assistants.models import Reservation
from app.core.audit import SYSTEM, audit_as
from app.core.clock import today
from app.extensions import db
from app.projects.models import ProjectReview
from app.projects.operations import change_status, update_project
from app.projects.teams import operations
from app.projects.teams.models import Team
from app.projects.teams.schemas import MemberInput
from tests.factories.assistants import make_assistant
from tests.factories.projects import make_project, make_team


def last_day():
    return today() + timedelta(days=60)


@pytest.fixture(autouse=True)
def _database(db_session):
    pass


@pytest.fixture
def ana():
    return make_assistant(name="Ana", weekly_hours=40)


@pytest.fixture
def ben():
    return make_assistant(name="Ben", weekly_hours=40)


def at_work(team, hours=20):
    project = make_project(
        team=team, status="requested", start_date=today(), end_date=last_day(), hours_per_week=Decimal(hours)
    )
    change_status(project, "planned", actor=SYSTEM)
    db.session.commit()
    return project


def held(project):
    rows = db.session.scalars(select(Reservation).where(Reservation.project_id == project.id))
    return {one.assistant_id: one.hours_per_week for one in rows if one.ends_on is None or one.ends_on >= today()}


def members(*people):
    return [MemberInput(assistant_id=person.id) for person in people]


def test_projects_hours_follow_the_members(ana, ben):
    team = make_team(members=[ana])
    project = at_work(team)
    assert held(project) == {ana.id: 20}
    operations.update_team(team, {"members": members(ana, ben)}, actor=SYSTEM)
    assert held(project) == {ana.id: 10, ben.id: 10}
    operations.update_team(team, {"members": members(ben)}, actor=SYSTEM)
    assert held(project) == {ben.id: 20}


def test_members_who_have_not_the_hours_are_refused(ana):
    small = make_assistant(name="Small", weekly_hours=5)
    team = make_team(members=[ana])
    project = at_work(team)
    with pytest.raises(operations.Conflict):
        operations.update_team(team, {"members": members(small)}, actor=SYSTEM)
    db.session.rollback()
    assert held(project) == {ana.id: 20}
    assert [member.name for member in db.session.get_one(Team, team.id).members] == ["Ana"]


def test_team_with_unfinished_projects_is_not_archived(ana, make_user, api):
    team = make_team(name="Movers", members=[ana])
    project = at_work(team)
    manager = api(make_user(role="manager"))
    refused = manager.delete(f"/api/expert-teams/{team.id}")
    assert refused.status_code == 409
    assert "Movers" in refused.json["detail"]
    change_status(project, "cancelled", actor=SYSTEM)
    db.session.commit()
    assert manager.delete(f"/api/expert-teams/{team.id}").status_code == 204


def test_figures_are_worked_out_from_finished_projects(ana, client):
    team = make_team(members=[ana])
    in_time = make_project(team=team, status="completed", planned_end=last_day(), budget=Decimal(100))
    make_project(team=team, status="cancelled")
    make_project(team=team, status="active")
    audit_as(db.session, actor=SYSTEM, action="review")
    db.session.add(
        ProjectReview(project_id=in_time.id, team_id=team.id, client_id=in_time.client_id, stars=4, comment="")
    )
    db.session.commit()
    told = client.get(f"/api/expert-teams/{team.id}").json
    assert (told["active_projects"], told["finished_projects"], told["success_rate"]) == (1, 2, 0.5)
    assert (told["rating"], told["reviews_count"]) == (4.0, 1)


def test_what_is_free_is_what_all_work_leaves(ana, client):
    team, other = make_team(members=[ana]), make_team(members=[ana])
    assert client.get(f"/api/expert-teams/{team.id}").json["capacity_free"] == 40.0
    at_work(team)
    for each in (team, other):
        told = client.get(f"/api/expert-teams/{each.id}").json
        assert (told["capacity"], 0 <= told["capacity_free"] < 40.0) == (None, True)


def test_team_that_loses_a_project_has_its_hours_again(ana, ben):
    one, other = make_team(members=[ana]), make_team(members=[ben])
    project = at_work(one)
    update_project(project, {"team_id": other.id}, actor=SYSTEM)
    assert held(project) == {ben.id: 20}
