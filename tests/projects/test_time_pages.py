"""The pages of time: one’s own sheet, and staff's list."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from app.core.clock import today
from app.extensions import db
from app.projects.models import Project
from app.projects.timesheets.models import TimeEntry
from tests.days import from_today
from tests.factories import make_user
from tests.factories.assistants import make_assistant
from tests.factories.projects import make_project, make_team

SHEET = "/dashboard/time"


@pytest.fixture
def project(as_expert) -> Project:
    ana = make_assistant(name="Ana Pérez", user=as_expert.user, rate=40, currency="EUR")
    team = make_team(members=[ana])
    start = today() - timedelta(days=30)
    return make_project(team=team, currency="EUR", start_date=start, deliverables=["Survey"], name="Archive move")


def typed(project: Project, **more: Any) -> dict[str, Any]:
    return {"work": str(project.id), "worked_on": today().isoformat(), "hours": "7:30", "note": "Looked.", **more}


def only() -> TimeEntry:
    db.session.expire_all()
    return db.session.scalars(select(TimeEntry)).one()


@pytest.mark.parametrize(
    ("hours", "minutes"),
    [
        *(("7:30", 450), ("7.5", 450), ("7,5", 450), ("8", 480), ("0:05", 5), ("24:00", 1440), ("8 h", 480)),
        *(("1h30", 90), ("1 h 30 min", 90), ("90 min", 90), ("7,5 Std.", 450), ("2 hours", 120), ("0:45 h", 45)),
        *(("01:29:40", 90), ("1:29:20", 89)),
    ],
)
def test_hours_are_typed_as_people_write_them(as_expert, project, hours, minutes):
    answer = as_expert.post(SHEET, data=typed(project, hours=hours))
    assert answer.status_code == 303
    assert only().minutes == minutes


def test_the_sheet_shows_the_week_and_what_one_may_log_on(as_expert, project):
    as_expert.post(SHEET, data=typed(project, work=f"{project.id}/{project.deliverables[0].id}"))
    page = as_expert.get(SHEET).text
    for word in ("Archive move", "Survey", "7:30", "Looked.", "Waits"):
        assert word in page
    assert "Looked." not in as_expert.get(f"{SHEET}?week={today() - timedelta(days=7)}").text
    for nonsense in ("week=2026-02-30", "week=x", "week=0001-01-01", "week=9999-12-31"):
        assert as_expert.get(f"{SHEET}?{nonsense}").status_code == 200


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"hours": "25:00"}, "hours"),
        ({"hours": "a lot"}, "hours"),
        ({"hours": ""}, "hours"),
        ({"hours": "0:00"}, "hours"),
        ({"worked_on": "2999-01-01"}, "worked_on"),
        ({"worked_on": timedelta(days=1)}, "worked_on"),
        ({"worked_on": "yesterday"}, "worked_on"),
        ({"work": ""}, "work"),
        ({"work": "x"}, "work"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_is_kept(as_expert, project, given, field):
    answer = as_expert.post(SHEET, data=typed(project, note="Keep this.", **from_today(given)))
    assert answer.status_code == 422
    assert re.search(rf'id="{field}"[^>]*aria-invalid="true"|aria-invalid="true"[^>]*id="{field}"', answer.text)
    assert "Keep this." in answer.text
    assert db.session.scalar(select(TimeEntry.id)) is None


def test_a_day_longer_than_24_hours_is_refused_at_the_hours(as_expert, project):
    assert as_expert.post(SHEET, data=typed(project, hours="20")).status_code == 303
    answer = as_expert.post(SHEET, data=typed(project, hours="4:01"))
    assert (answer.status_code, "longer than 24 hours" in answer.text) == (422, True)


def test_a_project_of_another_team_can_not_be_logged_on(as_expert, project):
    other = make_project(name="Of others")
    answer = as_expert.post(SHEET, data=typed(other))
    assert answer.status_code in (404, 422)
    assert "Of others" not in answer.text
    assert db.session.scalar(select(TimeEntry.id)) is None


def test_an_entry_is_changed_and_deleted_on_its_page(as_expert, project):
    as_expert.post(SHEET, data=typed(project))
    page = f"{SHEET}/{only().id}"
    assert "7:30" in as_expert.get(page).text
    assert as_expert.post(page, data=typed(project, hours="9")).status_code == 303
    assert only().minutes == 540
    assert as_expert.post(page, data=typed(project, hours="99")).status_code == 422
    assert as_expert.post(f"{page}/delete").status_code == 303
    assert as_expert.get(page).status_code == 404


def test_another_persons_entry_is_not_there(app, sign_in, as_expert, project):
    as_expert.post(SHEET, data=typed(project))
    page = f"{SHEET}/{only().id}"
    other = sign_in(app.test_client(), make_user(role="expert"))
    assert other.get(page).status_code == 404
    assert other.post(page, data=typed(project)).status_code == 404
    assert other.post(f"{page}/delete").status_code == 404


def test_the_sheet_is_for_those_who_work(client, as_client, as_manager):
    assert client.get(SHEET).status_code == 303
    assert as_client.get(SHEET).status_code == 403
    assert as_client.post(SHEET, data={}).status_code == 403
    assert as_manager.get(SHEET).headers["Location"] == "/admin/time"


@pytest.mark.parametrize("path", ["/admin/time", "/admin/time/export.csv", "/admin/time?status=submitted"])
def test_the_list_is_for_staff(path, as_client, as_expert, as_manager):
    assert as_client.get(path).status_code == 403
    assert as_expert.get(path).status_code == 403
    assert as_manager.get(path).status_code == 200


def test_staff_approve_what_is_ticked_together(as_expert, as_manager, project):
    for day in range(3):
        as_expert.post(SHEET, data=typed(project, worked_on=(today() - timedelta(days=day)).isoformat(), hours="2"))
    page = as_manager.get("/admin/time?status=submitted").text
    ids = re.findall(r'name="ids" data-select-row value="([^"]+)"', page)
    assert len(ids) == 3
    back = as_manager.post("/admin/time/approve", data={"ids": ids[:2], "query": "status=submitted"})
    assert back.headers["Location"] == "/admin/time?status=submitted"
    db.session.expire_all()
    assert project.spent == Decimal(160)
    assert as_manager.post("/admin/time/approve", data={"ids": ids}).status_code == 303
    db.session.expire_all()
    assert project.spent == Decimal(160)
    assert as_manager.post("/admin/time/approve", data={"ids": ["x"]}).status_code == 303
    assert as_expert.post("/admin/time/approve", data={"ids": ids}).status_code == 403


def test_staff_send_time_back_with_a_reason(as_expert, as_manager, project):
    as_expert.post(SHEET, data=typed(project))
    page = f"/admin/time/{only().id}"
    assert "Ana Pérez" in as_manager.get(page).text
    assert as_manager.post(f"{page}/reject", data={"note": " "}).status_code == 422
    assert as_manager.post(f"{page}/reject", data={"note": "What was it?"}).status_code == 303
    assert "What was it?" in as_expert.get(SHEET).text
    again = as_manager.post(f"{page}/approve", data={})
    assert (again.status_code, again.location) == (303, page)
    told, later = (as_manager.get(page).text.count("were rejected already") for _ in range(2))
    assert told == later + 1


def test_approving_time_without_a_rate_asks_for_one(as_manager, app, sign_in):
    user = make_user(role="expert")
    project = make_project(team=make_team(members=[user]), budget=Decimal(100))
    sign_in(app.test_client(), user).post(SHEET, data=typed(project, hours="1"))
    page = f"/admin/time/{only().id}"
    refused = as_manager.post(f"{page}/approve", data={"hourly_rate": ""})
    assert (refused.status_code, "has no hourly rate" in refused.text) == (422, True)
    assert as_manager.post(f"{page}/approve", data={"hourly_rate": "-5"}).status_code == 422
    assert as_manager.post(f"{page}/approve", data={"hourly_rate": "60"}).status_code == 303
    assert only().amount == Decimal(60)


def test_staff_log_time_for_a_member(as_manager, as_expert, project):
    page = f"/admin/projects/{project.id}/time/new"
    assert "Ana Pérez" in as_manager.get(page).text
    data = {"user_id": str(as_expert.user.id), "worked_on": today().isoformat(), "hours": "3", "note": ""}
    assert as_manager.post(page, data={**data, "user_id": ""}).status_code == 422
    assert as_manager.post(page, data={**data, "hours": "26"}).status_code == 422
    assert as_manager.post(page, data=data).status_code == 303
    assert only().amount == Decimal(120)
    assert as_expert.get(page).status_code == 403


def test_the_list_can_be_exported(committed_db, as_manager, as_expert, project):
    as_expert.post(SHEET, data=typed(project))
    rows = as_manager.get("/admin/time/export.csv").text.splitlines()
    assert (len(rows), "Archive move" in rows[1], "7.50" in rows[1]) == (2, True, True)
