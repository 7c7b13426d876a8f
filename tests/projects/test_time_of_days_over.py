"""Time of days that are over: decided by the day on which it was worked, not by how things are now."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.core.clock import frozen
from app.extensions import db
from app.projects.models import Project
from tests.factories import make_client_company, make_user
from tests.factories.assistants import make_assistant
from tests.factories.projects import make_project, make_team

pytestmark = pytest.mark.usefixtures("db_session")

BEGIN = datetime(2026, 11, 16, 9, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 27, 16, tzinfo=UTC)
MONDAY = datetime(2026, 11, 30, 12, tzinfo=UTC)
WEDNESDAY = datetime(2026, 12, 2, 12, tzinfo=UTC)
STEPS = ["on_hold", "completed", "cancelled"]


class World:
    """A project that began on 16 November, its expert, and staff."""

    def __init__(self, api: Any) -> None:
        self._api = api
        self.user, self.staff = make_user(role="expert"), make_user(role="manager")
        ana = make_assistant(name="Ana", user=self.user, rate=40, currency="EUR")
        with frozen(BEGIN):
            self.team = make_team(members=[ana, make_assistant(name="Ben")])
            self.project = make_project(
                team=self.team,
                status="planned",
                currency="EUR",
                start_date=BEGIN.date(),
                end_date=date(2027, 3, 1),
                deliverables=["Survey"],
            )
            self.mark("active")

    @property
    def expert(self) -> Any:
        return self._api(self.user)

    @property
    def manager(self) -> Any:
        return self._api(self.staff)

    def mark(self, status: str) -> None:
        answer = self.manager.patch(f"/api/expert-teams/projects/{self.project.id}", json={"status": status})
        assert answer.status_code == 200, answer.text

    def entries(self, *more: Any) -> str:
        return "/".join(["/api/expert-teams/projects", str(self.project.id), "time-entries", *map(str, more)])

    def log(self, who: Any, day: date, **more: Any) -> Any:
        body = {"worked_on": day.isoformat(), "minutes": 30, **more}
        return who.post(self.entries(), json=body)

    def leave(self) -> None:
        members = [{"assistant_id": str(self.team.members[1].assistant_id)}]
        answer = self.manager.patch(f"/api/expert-teams/{self.team.id}", json={"members": members})
        assert answer.status_code == 200, answer.text

    def come_back(self) -> None:
        members = [{"assistant_id": str(self.team.members[0].assistant_id)}, {"user_id": str(self.user.id)}]
        answer = self.manager.patch(f"/api/expert-teams/{self.team.id}", json={"members": members})
        assert answer.status_code == 200, answer.text


@pytest.fixture
def world(api) -> World:
    return World(api)


def pointers(answer: Any) -> tuple[int, list[str]]:
    return answer.status_code, [each["pointer"] for each in answer.json.get("errors", ())]


@pytest.mark.parametrize("status", STEPS)
def test_days_on_which_the_project_was_active_can_be_logged_after_it(world, status):
    with frozen(MONDAY):
        world.mark(status)
        assert world.log(world.expert, FRIDAY.date()).status_code == 201
        assert world.log(world.manager, FRIDAY.date(), user_id=str(world.user.id)).status_code == 201
        assert world.log(world.expert, MONDAY.date()).status_code == 201, "it was active this morning"
    with frozen(WEDNESDAY):
        for who, more in ((world.expert, {}), (world.manager, {"user_id": str(world.user.id)})):
            assert pointers(world.log(who, WEDNESDAY.date(), **more)) == (422, ["/worked_on"])
            assert world.log(who, FRIDAY.date(), **more).status_code == 201


def test_days_between_two_runs_are_none_of_it(world):
    with frozen(FRIDAY):
        world.mark("on_hold")
    with frozen(WEDNESDAY):
        world.mark("active")
        assert pointers(world.log(world.expert, MONDAY.date())) == (422, ["/worked_on"])
        assert world.log(world.expert, FRIDAY.date()).status_code == 201
        assert world.log(world.expert, WEDNESDAY.date()).status_code == 201


def test_the_day_of_a_hold_is_that_of_the_persons_clocks(world):
    world.user.timezone = "Pacific/Auckland"
    with frozen(datetime(2026, 11, 27, 12, 30, tzinfo=UTC)):  # 28 November, 01:30 in Auckland
        world.mark("on_hold")
    with frozen(MONDAY):
        assert world.log(world.expert, date(2026, 11, 28)).status_code == 201
        assert pointers(world.log(world.expert, date(2026, 11, 29))) == (422, ["/worked_on"])


def test_whoever_left_the_team_logs_what_was_worked_before(world):
    with frozen(MONDAY):
        entry = world.log(world.expert, FRIDAY.date()).json
        world.manager.post(world.entries(entry["id"], "reject"), json={"note": "For what?"})
        world.leave()
    with frozen(WEDNESDAY):
        assert world.log(world.expert, FRIDAY.date()).status_code == 201
        assert world.log(world.manager, FRIDAY.date(), user_id=str(world.user.id)).status_code == 201
        survey = str(world.project.deliverables[0].id)
        assert world.log(world.expert, FRIDAY.date(), deliverable_id=survey).json["hourly_rate"] == "40.00"
        assert pointers(world.log(world.expert, WEDNESDAY.date())) == (422, ["/worked_on"])
        assert len(world.expert.get(world.entries()).json) == 4
        assert world.expert.get(world.entries(entry["id"])).status_code == 200
        again = world.expert.patch(world.entries(entry["id"]), json={"note": "For A."})
        assert (again.status_code, again.json["status"]) == (200, "submitted")
        assert world.manager.post(world.entries(entry["id"], "approve")).status_code == 200
        assert world.expert.get(f"/api/expert-teams/projects/{world.project.id}").status_code == 404
        assert world.expert.delete(world.entries(world.log(world.expert, FRIDAY.date()).json["id"])).status_code == 204


def test_whoever_left_before_they_had_an_account_logs_what_was_worked_once_they_have_one(world, api):
    with frozen(BEGIN):
        cara, account = make_assistant(name="Cara", rate=30, currency="EUR"), make_user(role="expert")
        stay = [{"assistant_id": str(world.team.members[0].assistant_id)}]
        team = f"/api/expert-teams/{world.team.id}"
        world.manager.patch(team, json={"members": [*stay, {"assistant_id": str(cara.id)}]})
    with frozen(MONDAY):
        world.manager.patch(team, json={"members": stay})
        world.manager.patch(f"/api/virtual-assistants/{cara.id}", json={"user_id": str(account.id)})
        logged = world.log(api(account), FRIDAY.date())
        assert (logged.status_code, logged.json["hourly_rate"]) == (201, "30.00")
        assert world.log(world.manager, FRIDAY.date(), user_id=str(account.id)).status_code == 201
    with frozen(WEDNESDAY):
        assert pointers(world.log(api(account), WEDNESDAY.date())) == (422, ["/worked_on"])


def test_days_between_two_terms_are_nobodys(world):
    with frozen(FRIDAY):
        world.leave()
    with frozen(WEDNESDAY):
        world.come_back()
        assert pointers(world.log(world.expert, MONDAY.date())) == (422, ["/worked_on"])
        assert world.log(world.expert, FRIDAY.date()).status_code == 201
        assert world.log(world.expert, WEDNESDAY.date()).status_code == 201


def test_a_project_that_went_to_another_team_keeps_the_days_of_the_first(world):
    other = make_team(members=[make_assistant(user=make_user(role="expert"))])
    with frozen(MONDAY):
        address = f"/api/expert-teams/projects/{world.project.id}"
        assert world.manager.patch(address, json={"team_id": str(other.id)}).status_code == 200
    with frozen(WEDNESDAY):
        assert world.log(world.expert, FRIDAY.date()).status_code == 201
        assert pointers(world.log(world.expert, WEDNESDAY.date())) == (422, ["/worked_on"])


def test_what_was_rejected_is_put_right_and_approved_after_the_end(world):
    with frozen(FRIDAY):
        entry = world.log(world.expert, FRIDAY.date()).json
    with frozen(MONDAY):
        world.manager.post(world.entries(entry["id"], "reject"), json={"note": "For what?"})
        world.mark("completed")
    with frozen(WEDNESDAY):
        assert world.expert.patch(world.entries(entry["id"]), json={"note": "For A."}).status_code == 200
        assert world.manager.post(world.entries(entry["id"], "approve")).json["status"] == "approved"
    db.session.expire_all()
    assert world.project.spent == 20


def test_who_was_never_in_the_team_sees_and_logs_nothing(world, api):
    stranger = make_user(role="expert")
    with frozen(MONDAY):
        world.mark("on_hold")
        assert api(stranger).get(world.entries()).status_code == 404
        assert world.log(api(stranger), FRIDAY.date()).status_code == 404
        assert world.log(world.manager, FRIDAY.date(), user_id=str(stranger.id)).status_code == 409
        assert api(make_user(role="client", client_id=make_client_company().id)).get(world.entries()).status_code in (
            403,
            404,
        )


def test_another_persons_time_stays_out_of_sight_of_whoever_left(world):
    with frozen(MONDAY):
        other = make_user(role="expert")
        members = [{"user_id": str(other.id)}, *({"assistant_id": str(m.assistant_id)} for m in world.team.members)]
        world.manager.patch(f"/api/expert-teams/{world.team.id}", json={"members": members})
        theirs = world.log(world.manager, MONDAY.date(), user_id=str(other.id)).json
        world.leave()
        assert world.expert.get(world.entries()).json == []
        assert world.expert.get(world.entries(theirs["id"])).status_code == 404
        assert world.expert.patch(world.entries(theirs["id"]), json={"minutes": 1}).status_code == 404


def test_the_time_sheet_keeps_what_was_worked_and_takes_more_of_it(world, client, sign_in):
    with frozen(MONDAY):
        entry = world.log(world.expert, FRIDAY.date()).json
        world.leave()
    with frozen(WEDNESDAY):
        browser = sign_in(client, world.user)
        page = browser.get("/dashboard/time?week=2026-11-27").text
        assert world.project.name in page
        assert entry["id"] in page
        shown = browser.get(f"/dashboard/time/{entry['id']}")
        assert (shown.status_code, "Survey" in shown.text) == (200, True)
        given = {"work": str(world.project.id), "worked_on": "2026-11-27", "hours": "1:00", "note": ""}
        assert browser.post("/dashboard/time", data=given).status_code == 303
        changed = browser.post(f"/dashboard/time/{entry['id']}", data={**given, "hours": "2:00"})
        assert changed.status_code == 303
        assert browser.post(f"/dashboard/time/{entry['id']}/delete").status_code == 303


def test_staff_log_for_whoever_left_on_the_projects_page(world, client, sign_in):
    with frozen(MONDAY):
        world.leave()
        world.mark("completed")
        browser = sign_in(client, world.staff)
        address = f"/admin/projects/{world.project.id}/time/new"
        assert "Ana" in browser.get(address).text
        assert address in browser.get(f"/admin/projects/{world.project.id}").text
        given = {"user_id": str(world.user.id), "worked_on": "2026-11-27", "hours": "1:00", "note": ""}
        assert browser.post(address, data=given).status_code == 303


def test_a_plan_that_begins_before_it_was_started_lets_its_days_be_logged(api):
    user = make_user(role="expert")
    project: Project = make_project(team=make_team(members=[make_assistant(user=user)]), start_date=BEGIN.date())
    day = (datetime.now(UTC) - timedelta(days=1)).date()
    answer = api(user).post(
        f"/api/expert-teams/projects/{project.id}/time-entries", json={"worked_on": day.isoformat(), "minutes": 5}
    )
    assert answer.status_code == 201


def test_plain_sql_is_noted_too(world):
    with frozen(MONDAY):
        db.session.execute(text("update projects set status = 'on_hold' where id = :id"), {"id": world.project.id})
        db.session.execute(text("delete from team_members where user_id = :id"), {"id": world.user.id})
    open_runs = "select count(*) from project_runs where project_id = :id and ended_at is null"
    assert db.session.scalar(text(open_runs), {"id": world.project.id}) == 0
    open_terms = "select count(*) from team_terms where user_id = :id and ended_at is null"
    assert db.session.scalar(text(open_terms), {"id": world.user.id}) == 0
