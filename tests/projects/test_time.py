"""Time that is logged on projects, approved and rejected."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from app.core.clock import today
from app.extensions import db
from app.notifications.models import Notification
from app.projects.models import Project
from app.projects.money.models import ProjectAlert
from app.projects.timesheets.models import TimeEntry
from tests.days import from_today
from tests.factories import make_client_company, make_user
from tests.factories.assistants import make_assistant
from tests.factories.events import deliver
from tests.factories.projects import make_project, make_team

pytestmark = pytest.mark.usefixtures("db_session")


@pytest.fixture
def expert() -> Any:
    return make_user(role="expert")


@pytest.fixture
def member(expert: Any) -> Any:
    return make_assistant(name="Ana Pérez", user=expert, rate=40, currency="EUR")


@pytest.fixture
def project(member: Any) -> Project:
    return make_project(
        team=make_team(members=[member]),
        budget=Decimal(1000),
        currency="EUR",
        deliverables=["Survey"],
        start_date=today() - timedelta(days=30),
    )


def address(project: Project, *more: Any) -> str:
    return "/".join(["/api/expert-teams/projects", str(project.id), "time-entries", *map(str, more)])


def worked(**more: Any) -> dict[str, Any]:
    return {"worked_on": today().isoformat(), "minutes": 450, "note": "Looked around.", **more}


def log(program: Any, project: Project, **more: Any) -> Any:
    answer = program.post(address(project), json=worked(**more))
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_member_logs_time_at_the_rate_of_the_profile(api, expert, project):
    answer = api(expert).post(address(project), json=worked(deliverable_id=str(project.deliverables[0].id)))
    assert answer.status_code == 201
    assert answer.headers["Location"].endswith(answer.json["id"])
    told = {name: answer.json[name] for name in ("hours", "hourly_rate", "amount", "currency", "status", "person")}
    assert told == {
        "hours": 7.5,
        "hourly_rate": "40.00",
        "amount": "300.00",
        "currency": "EUR",
        "status": "submitted",
        "person": "Ana Pérez",
    }
    assert api(expert).get(address(project)).json == [answer.json]
    assert api(expert).get(address(project, answer.json["id"])).json == answer.json


def test_who_is_not_on_the_team_logs_nothing(client, api, project):
    stranger, company = make_user(role="expert"), make_user(role="client", client_id=project.client_id)
    assert client.post(address(project), json=worked()).status_code == 401
    assert api(company).post(address(project), json=worked()).status_code == 403
    assert api(company).get(address(project)).status_code == 403
    assert api(stranger).post(address(project), json=worked()).status_code == 404
    assert db.session.scalar(select(TimeEntry.id)) is None


def test_staff_log_for_a_member_whom_they_name(api, expert, project):
    manager = api(make_user(role="manager"))
    assert manager.post(address(project), json=worked()).json["errors"][0]["pointer"] == "/user_id"
    entry = log(manager, project, user_id=str(expert.id), hourly_rate="55.00")
    assert (entry["user_id"], entry["amount"]) == (str(expert.id), "412.50")
    other = make_user(role="expert")
    answer = manager.post(address(project), json=worked(user_id=str(other.id)))
    assert (answer.status_code, answer.json["type"].rpartition("problem-")[2]) == (409, "not-on-the-team")


@pytest.mark.parametrize("given", [{"hourly_rate": "90.00"}, {"user_id": "019aa8f0-9e10-7b13-8a41-0d2f4a6c8e02"}])
def test_only_staff_say_whose_time_it_is_and_at_which_rate(api, expert, project, given):
    answer = api(expert).post(address(project), json=worked(**given))
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == f"/{next(iter(given))}"


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"minutes": 1441}, "/minutes"),
        ({"minutes": 1500}, "/minutes"),
        ({"minutes": 0}, "/minutes"),
        ({"minutes": 7.5}, "/minutes"),
        ({"minutes": 1e30}, "/minutes"),
        ({"worked_on": "2026-02-30"}, "/worked_on"),
        ({"worked_on": "9999-01-01"}, "/worked_on"),
        ({"worked_on": timedelta(days=1)}, "/worked_on"),
        ({"worked_on": timedelta(days=-31)}, "/worked_on"),
        ({"note": "x" * 1001}, "/note"),
        ({"deliverable_id": "019aa8f0-9e10-7b13-8a41-0d2f4a6c8e02"}, "/deliverable_id"),
        ({"status": "approved"}, "/status"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_bad_time_is_refused_at_its_field(api, expert, project, given, pointer):
    answer = api(expert).post(address(project), json=worked(**from_today(given)))
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)


def test_a_deliverable_of_another_project_is_none_of_this_one(api, expert, project):
    other = make_project(deliverables=["Elsewhere"])
    answer = api(expert).post(address(project), json=worked(deliverable_id=str(other.deliverables[0].id)))
    assert answer.status_code == 422


def test_a_day_has_24_hours_over_all_projects(api, expert, member, project):
    other = make_project(team=make_team(members=[member]))
    program = api(expert)
    entry = log(program, project, minutes=900)
    answer = program.post(address(other), json=worked(minutes=541))
    assert (answer.status_code, answer.json["detail"]) == (422, "A day has 24 hours.")
    assert [each["pointer"] for each in answer.json["errors"]] == ["/minutes"]
    log(program, other, minutes=540)
    assert program.patch(address(project, entry["id"]), json={"minutes": 901}).status_code == 422
    manager = api(make_user(role="manager"))
    assert manager.post(address(project, entry["id"], "reject"), json={"note": "Too much."}).status_code == 200
    log(program, other, minutes=900)


@pytest.mark.parametrize("status", ["requested", "planned", "on_hold", "completed", "cancelled"])
def test_time_is_logged_on_active_projects_only(api, expert, member, status):
    team = make_team(members=[member])
    project = make_project(team=team, team_id=team.id, status=status)
    answer = api(expert).post(address(project), json=worked())
    assert (answer.status_code, answer.json["type"].rpartition("problem-")[2]) == (409, "project-not-active")


def test_what_is_approved_is_spent_and_no_longer_changes(api, expert, project):
    program, manager = api(expert), api(make_user(role="manager"))
    entry = log(program, project)
    assert program.post(address(project, entry["id"], "approve")).status_code == 403
    assert manager.post(address(project, entry["id"], "approve")).json["status"] == "approved"
    db.session.expire_all()
    assert project.spent == Decimal(300)
    for act in (
        lambda: manager.post(address(project, entry["id"], "approve")),
        lambda: manager.post(address(project, entry["id"], "reject"), json={"note": "No."}),
        lambda: program.patch(address(project, entry["id"]), json={"minutes": 1}),
        lambda: program.delete(address(project, entry["id"])),
    ):
        assert act().status_code == 409
    deliver()
    told = db.session.scalars(select(Notification).where(Notification.user_id == expert.id)).one()
    assert told.kind == "time_entry.approved"


def test_what_is_rejected_is_put_right_and_sent_again(api, expert, project):
    program, manager = api(expert), api(make_user(role="manager"))
    entry = log(program, project)
    assert manager.post(address(project, entry["id"], "reject"), json={}).status_code == 422
    assert manager.post(address(project, entry["id"], "reject"), json={"note": "What was it?"}).status_code == 200
    assert program.get(address(project, entry["id"])).json["decision_note"] == "What was it?"
    again = program.patch(address(project, entry["id"]), json={"note": "The survey."}).json
    assert (again["status"], again["decision_note"], again["decided_at"]) == ("submitted", "", None)
    db.session.expire_all()
    assert project.spent == 0


def test_own_time_is_taken_back_before_it_is_approved(api, expert, project):
    program = api(expert)
    entry = log(program, project)
    etag = program.get(address(project, entry["id"])).headers["ETag"]
    program.patch(address(project, entry["id"]), json={"minutes": 60})
    assert program.delete(address(project, entry["id"]), headers={"If-Match": etag}).status_code == 412
    assert program.delete(address(project, entry["id"])).status_code == 204
    assert program.get(address(project, entry["id"])).status_code == 404


def test_another_members_time_is_not_there(api, expert, member, project):
    other = make_user(role="expert")
    both = make_project(team=make_team(members=[member, make_assistant(user=other)]), currency="EUR")
    entry = log(api(expert), both)
    program = api(other)
    assert program.get(address(both)).json == []
    assert program.get(address(both)).headers["X-Total-Count"] == "0"
    assert program.get(address(both), query_string={"user_id": str(expert.id)}).json == []
    assert program.get(address(both, entry["id"])).status_code == 404
    assert program.patch(address(both, entry["id"]), json={"minutes": 1}).status_code == 404
    assert program.delete(address(both, entry["id"])).status_code == 404
    assert api(expert).get(address(project, entry["id"])).status_code == 404


def test_whoever_has_no_rate_in_the_currency_is_given_one_at_approval(api, project):
    plain = make_user(role="expert")
    make_assistant(user=plain, rate=40, currency="USD")
    team = make_team(members=[plain])
    other = make_project(team=team, currency="EUR", budget=Decimal(1000))
    entry = log(api(plain), other, minutes=60)
    assert entry["hourly_rate"] == "0.00"
    manager = api(make_user(role="manager"))
    refused = manager.post(address(other, entry["id"], "approve"))
    assert (refused.status_code, refused.json["type"].rpartition("problem-")[2]) == (409, "no-rate")
    approved = manager.post(address(other, entry["id"], "approve"), json={"hourly_rate": "35.50"})
    assert approved.json["amount"] == "35.50"


def test_the_list_is_narrowed_and_paged(api, expert, project):
    program = api(expert)
    made = [log(program, project, worked_on=(today() - timedelta(days=day)).isoformat())["id"] for day in range(3)]
    first = program.get(address(project), query_string={"limit": 2})
    assert [entry["id"] for entry in first.json] == made[:2]
    assert first.headers["X-Total-Count"] == "3"
    following = first.headers["Link"].split(">")[0].removeprefix("<")
    assert [entry["id"] for entry in program.get(following).json] == made[2:]
    from_yesterday = {
        "from": (today() - timedelta(days=1)).isoformat(),
        "to": (today() - timedelta(days=1)).isoformat(),
    }
    assert [entry["id"] for entry in program.get(address(project), query_string=from_yesterday).json] == made[1:2]
    assert program.get(address(project), query_string={"status": "approved"}).json == []
    assert program.get(address(project), query_string={"status": "lost"}).status_code == 422
    other = make_project()
    assert program.get(address(project), query_string={"project": str(other.id)}).json != []


def test_each_threshold_of_the_budget_is_told_once(api, expert, project):
    manager_user = make_user(role="manager")
    program, manager = api(expert), api(manager_user)
    company = make_user(role="client", client_id=project.client_id)
    make_user(role="client", client_id=make_client_company().id)

    def approve(minutes: int, day: int) -> list[int]:
        entry = log(program, project, minutes=minutes, worked_on=(today() - timedelta(days=day)).isoformat())
        assert manager.post(address(project, entry["id"], "approve")).status_code == 200
        return sorted(db.session.scalars(select(ProjectAlert.threshold)).all())

    assert approve(600, 0) == []
    assert approve(150, 1) == [50]
    assert approve(15, 2) == [50]
    assert approve(900, 3) == [50, 80, 100]
    deliver()
    kinds = {"kind": "project.budget_reached"}
    for user in (company, manager_user):
        told = db.session.scalars(select(Notification).filter_by(user_id=user.id, **kinds)).all()
        assert len(told) == 3


def test_a_project_without_a_budget_alerts_nobody(api, expert, member):
    project = make_project(team=make_team(members=[member]), currency="EUR")
    entry = log(api(expert), project)
    assert api(make_user(role="manager")).post(address(project, entry["id"], "approve")).status_code == 200
    assert db.session.scalar(select(ProjectAlert.id)) is None
