"""A day is somebody's: what is today, late, over or yet to come is told by the time zone of whose day it is."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.core import clock
from app.core.clock import being_here, first_today, frozen, last_today, today_here, today_in
from app.projects.models import Project
from app.projects.overview import standing_of_company
from app.projects.record_pages import page_of
from config import ROOT
from tests.cross.test_structure import PATHS, matching
from tests.factories import make_user
from tests.factories.assistants import make_assistant
from tests.factories.projects import make_project, make_team

pytestmark = pytest.mark.usefixtures("db_session")

EVENING = datetime(2026, 11, 30, 22, 40, tzinfo=UTC)
"""In Auckland 1 December, 11:40; in Los Angeles 30 November, 14:40."""
NIGHT = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
"""In Berlin 1 December, 00:30."""
MORNING = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
"""In Los Angeles 30 November, 19:00."""

CASES = [
    ("Pacific/Auckland", EVENING, date(2026, 12, 1)),
    ("Europe/Berlin", NIGHT, date(2026, 12, 1)),
    ("Europe/Berlin", EVENING, date(2026, 11, 30)),
    ("America/Los_Angeles", MORNING, date(2026, 11, 30)),
    (None, EVENING, date(2026, 11, 30)),
    ("Nowhere/City", EVENING, date(2026, 11, 30)),
]
ids = [f"{zone}-{at:%d-%H%M}" for zone, at, _ in CASES]


@pytest.fixture
def expert() -> Any:
    return make_user(role="expert")


@pytest.fixture
def project(expert: Any) -> Project:
    ana = make_assistant(name="Ana", user=expert, rate=40, currency="EUR")
    return make_project(
        team=make_team(members=[ana]), currency="EUR", start_date=date(2026, 11, 2), end_date=date(2027, 3, 1)
    )


def entries(project: Project) -> str:
    return f"/api/expert-teams/projects/{project.id}/time-entries"


def log(program: Any, project: Project, day: date, **more: Any) -> Any:
    return program.post(entries(project), json={"worked_on": day.isoformat(), "minutes": 60, **more})


def test_nothing_in_the_application_asks_for_the_day_of_utc():
    modules = [path for path in PATHS if path != ROOT / "app" / "core" / "clock.py"]
    asks = r"import [^\n]*\btoday\b|clock\.today\b|\bdate\.today\(|now\((UTC)?\)\.date\(|current_date"
    assert matching(asks, modules) == []
    assert not re.search(r"def today\b", "".join(path.read_text() for path in modules))


@pytest.mark.parametrize(("zone", "at", "day"), CASES, ids=ids)
def test_whose_day_it_is_says_the_time_zone(zone, at, day):
    with frozen(at):
        assert today_in(zone) == day
        with being_here("somebody", zone):
            assert today_here() == day
        assert first_today() <= day <= last_today()


def test_earliest_and_latest_days_on_earth():
    with frozen(datetime(2026, 12, 1, 11, 59, tzinfo=UTC)):
        assert (first_today(), last_today()) == (date(2026, 11, 30), date(2026, 12, 2))
    with frozen(datetime(2026, 12, 1, 9, 59, tzinfo=UTC)):
        assert last_today() == date(2026, 12, 1)


@pytest.mark.parametrize(("zone", "at", "day"), CASES[:4], ids=ids[:4])
@pytest.mark.parametrize("stated", ["account", "calendar"])
def test_time_is_logged_up_to_the_experts_own_day(api, expert, project, zone, at, day, stated):
    if stated == "account":
        expert.timezone = zone
    else:
        project.team.members[0].assistant.timezone = zone
    clock.be_here()
    with frozen(at):
        program = api(expert)
        assert log(program, project, day).status_code == 201
        refused = log(program, project, day + timedelta(days=1))
        assert refused.status_code == 422
        assert refused.json["errors"][0]["pointer"] == "/worked_on"


def test_staff_log_by_the_day_of_whose_time_it_is(api, expert, project):
    expert.timezone = "Pacific/Auckland"
    with frozen(EVENING):
        manager = api(make_user(role="manager", timezone="America/Los_Angeles"))
        assert log(manager, project, date(2026, 12, 1), user_id=str(expert.id)).status_code == 201
    expert.timezone = "America/Los_Angeles"
    with frozen(MORNING):
        manager = api(make_user(role="manager", timezone="Pacific/Auckland"))
        assert log(manager, project, date(2026, 12, 1), user_id=str(expert.id)).status_code == 422


def test_the_form_offers_the_experts_day_and_marks_it(client, sign_in, expert, project):
    expert.timezone = "Pacific/Auckland"
    with frozen(EVENING):
        page = sign_in(client, expert).get("/dashboard/time").text
    assert re.search(r'name="worked_on"[^>]*value="2026-12-01"|value="2026-12-01"[^>]*name="worked_on"', page)
    assert re.search(r"1 Dec 2026.{0,300}Today", page, re.DOTALL) or re.search(r"Today.{0,300}1 Dec", page, re.DOTALL)


def test_the_browsers_zone_is_the_day_of_an_account_that_states_none(client, sign_in, expert, project):
    with frozen(EVENING):
        sign_in(client, expert)
        client.set_cookie("tz", "Pacific/Auckland")
        assert 'value="2026-12-01"' in client.get("/dashboard/time").text
        answer = client.post(
            "/dashboard/time", data={"work": str(project.id), "worked_on": "2026-12-01", "hours": "1:00", "note": ""}
        )
    assert answer.status_code == 303, answer.text


def test_a_request_starts_on_the_day_of_whoever_asks(api):
    make_assistant(skills=["Excel"], rate=20)
    with frozen(EVENING):
        company = api(make_user(role="client", timezone="Pacific/Auckland"))
        answer = company.post("/api/virtual-assistants/match", json={"skills": ["Excel"], "hours_per_week": 5})
        assert answer.status_code == 201, answer.text
        kept = company.get(f"/api/virtual-assistants/match/{answer.json['id']}")
        assert kept.json["start_date"] == "2026-12-01"
        ended = company.post(
            "/api/virtual-assistants/match",
            json={"skills": ["Excel"], "hours_per_week": 5, "end_date": "2026-11-30"},
        )
        assert ended.status_code == 422


def test_an_engagement_ends_on_the_day_of_whoever_ends_it(api):
    make_assistant(skills=["Excel"], rate=20)
    with frozen(EVENING):
        company = api(make_user(role="client", timezone="Pacific/Auckland"))
        body = {"skills": ["Excel"], "hours_per_week": 5}
        found = company.post("/api/virtual-assistants/match", json=body).json["matches"][0]["id"]
        for status in ("accepted", "completed"):
            answer = company.patch(f"/api/virtual-assistants/matches/{found}", json={"status": status})
            assert answer.status_code == 200, answer.text
    assert answer.json["ended_on"] == "2026-12-01"


def test_work_is_handed_in_on_the_own_day(api, expert, project):
    expert.timezone = "Pacific/Auckland"
    made = make_project(team=project.team, deliverables=["Survey"], start_date=date(2026, 11, 2))
    with frozen(EVENING):
        address = f"/api/expert-teams/projects/{made.id}/deliverables/{made.deliverables[0].id}/submit"
        answer = api(expert).post(address, json={"finished_on": "2026-12-01"})
    assert (answer.status_code, answer.json["finished_on"]) == (200, "2026-12-01")


def test_what_is_late_is_late_by_the_readers_day():
    due = date(2026, 11, 30)
    project = make_project(
        start_date=date(2026, 11, 2),
        end_date=date(2027, 1, 29),
        deliverables=[{"title": "Survey", "start_date": date(2026, 11, 2), "due_date": due}],
    )
    with frozen(EVENING):
        for zone, late in (("Pacific/Auckland", True), ("America/Los_Angeles", False)):
            with being_here("somebody", zone):
                assert page_of(project, make_user(role="manager")).rows[0].is_late is late
                assert standing_of_company(project.client_id)[0].late == int(late)


def test_a_project_begins_on_the_day_of_whoever_starts_it(api):
    project = make_project(status="planned", start_date=date(2026, 11, 2), end_date=date(2027, 3, 1))
    with frozen(EVENING):
        manager = api(make_user(role="manager", timezone="Pacific/Auckland"))
        assert manager.patch(f"/api/expert-teams/projects/{project.id}", json={"status": "active"}).status_code == 200
    assert project.started_on == date(2026, 12, 1)


def test_a_week_of_a_team_is_the_one_of_whoever_asks(client, sign_in):
    make_team(name="Builders", members=[make_assistant(weekly_hours=Decimal(20))])
    sunday = datetime(2026, 11, 29, 22, 0, tzinfo=UTC)
    with frozen(sunday):
        page = sign_in(client, make_user(role="manager", timezone="Pacific/Auckland")).get("/admin/teams/capacity").text
    assert "2026-11-30" in page
    assert "2026-11-23" not in page


def test_a_day_without_a_time_ends_where_the_asker_is(api):
    with frozen(EVENING):
        manager = api(make_user(role="admin", timezone="Pacific/Auckland"))
        body = {"name": "Nightly", "scopes": ["products:read"], "expires_at": "2026-12-01"}
        answer = manager.post("/api/api-keys", json=body)
    assert answer.json["expires_at"] == "2026-12-01T11:00:00Z"
