"""The staff's pages of assistants, without scripts."""

import csv
import io
import re
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.assistants.models import Assistant
from app.core.clock import today
from app.extensions import db
from tests.factories.accounts import make_user
from tests.factories.assistants import make_assistant, make_skill
from tests.factories.engagements import make_match
from tests.web.page import sent_by

LIST = "/admin/assistants"
FORM = {
    "name": "Ana Pérez",
    "headline": "Bookkeeper",
    "about": "",
    "user_id": "",
    "skills": "",
    "skills-0-name": "MS Excel",
    "skills-0-level": "4",
    "skills-1-name": "DATEV",
    "skills-1-level": "5",
    "hourly_rate": "38.00",
    "currency": "EUR",
    "availability-timezone": "Europe/Berlin",
    "availability-weekly_hours": "30",
    "availability-from": "2026-12-01",
    "availability-weekly-mon": "9-12, 13:00–17:00",
    "availability-weekly-tue": "22:00 to 06:00",
    "availability-weekly-wed": "",
}


@pytest.fixture
def page(as_manager: Any) -> Any:
    make_skill("Excel", aliases=["MS Excel"])
    return as_manager


def only() -> Assistant:
    return db.session.scalars(select(Assistant)).one()


def test_a_form_makes_an_assistant(page: Any) -> None:
    answer = page.post(f"{LIST}/new", data=FORM)

    ana = only()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{LIST}/{ana.id}")
    assert ana.skill_levels == [{"name": "Excel", "level": 4}, {"name": "DATEV", "level": 5}]
    assert ana.weekly == {"mon": [["09:00", "12:00"], ["13:00", "17:00"]], "tue": [["22:00", "06:00"]]}
    assert (ana.timezone, ana.weekly_hours, str(ana.available_from)) == ("Europe/Berlin", 30, "2026-12-01")


@pytest.mark.parametrize(
    ("change", "control", "message"),
    [
        ({"name": ""}, "name", "Fill this in."),
        ({"availability-timezone": "Mars"}, "availability-timezone", "There is no such time zone."),
        ({"availability-weekly_hours": "200"}, "availability-weekly_hours", "from 0 to 168"),
        ({"availability-weekly-mon": "morning"}, "availability-weekly-mon", "Write hours such as"),
        ({"availability-weekly-mon": "9-25"}, "availability-weekly-mon", "Times go from 00:00 to 24:00"),
        ({"availability-weekly-wed": "05:00-09:00"}, "availability-weekly-mon", "run into those of Wednesday"),
        ({"availability-from": "tomorrow"}, "availability-from", "Give a date as in 2026-12-01."),
        ({"skills-1-name": "---"}, "skills-1-name", "Name a skill with letters or digits."),
        ({"skills-1-level": "9"}, "skills-1-level", "Choose one of"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_kept(
    page: Any, change: dict[str, str], control: str, message: str
) -> None:
    answer = page.post(f"{LIST}/new", data=FORM | change)

    assert answer.status_code == 422
    assert f'href="#{control}"' in answer.text
    assert message in answer.text
    assert db.session.scalar(select(Assistant)) is None
    for value in change.values():
        assert not value or f'value="{value}"' in answer.text or f"{value}</option>" in answer.text


def test_a_button_gives_monday_s_hours_to_the_days_to_friday(page: Any) -> None:
    answer = page.post(f"{LIST}/new", data=FORM | {"_do": "availability:copy:weekly"})

    assert answer.status_code == 200
    for day in ("tue", "wed", "thu", "fri"):
        assert f'name="availability-weekly-{day}" value="9-12, 13:00–17:00"' in answer.text
    assert 'name="availability-weekly-sat" value=""' in answer.text


def test_an_account_is_found_by_its_name(page: Any) -> None:
    expert = make_user("expert", username="ana.p")

    found = page.post(f"{LIST}/new", data=FORM | {"user_id-query": "ana", "_do": "user_id:find"})
    page.post(f"{LIST}/new", data=FORM | {"user_id": ["", str(expert.id)]})

    assert str(expert.id) in found.text
    assert only().user_id == expert.id


def test_the_form_shows_what_is_stored_and_changes_nothing_when_sent_back(page: Any) -> None:
    page.post(f"{LIST}/new", data=FORM)
    ana = only()
    version = ana.version

    form = page.get(f"{LIST}/{ana.id}/edit")
    sent = MultiDict(sent_by(form.text))
    answer = page.post(f"{LIST}/{ana.id}/edit", data=sent, follow_redirects=True)

    assert 'value="09:00–12:00, 13:00–17:00"' in form.text
    assert "Nothing to change" in answer.text
    db.session.refresh(ana)
    assert ana.version == version


def test_hours_that_are_reserved_are_told_at_their_field(page: Any) -> None:
    match = make_match(status="accepted", hours_per_week=25, assistant=make_assistant(name="Ana", weekly_hours=40))

    answer = page.post(f"{LIST}/{match.assistant_id}/edit", data={"availability-weekly_hours": "20"})

    assert answer.status_code == 422
    assert "25 hours a week of Ana are reserved." in answer.text
    assert 'href="#availability-weekly_hours"' in answer.text


def test_two_people_change_different_fields(page: Any) -> None:
    page.post(f"{LIST}/new", data=FORM)
    ana = only()
    base = str(ana.version)

    page.post(f"{LIST}/{ana.id}/edit", data={"version": base, "availability-weekly_hours": "35"})
    answer = page.post(f"{LIST}/{ana.id}/edit", data={"version": base, "headline": "Else"}, follow_redirects=True)

    db.session.refresh(ana)
    assert (ana.weekly_hours, ana.headline) == (35, "Else")
    assert "changed availability" in answer.text


def test_two_people_change_the_same_field_and_are_asked(page: Any) -> None:
    page.post(f"{LIST}/new", data=FORM)
    ana = only()
    base = str(ana.version)

    page.post(f"{LIST}/{ana.id}/edit", data={"version": base, "skills": "", "skills-0-name": "Excel"})
    answer = page.post(f"{LIST}/{ana.id}/edit", data={"version": base, "skills": "", "skills-0-name": "DATEV"})

    assert answer.status_code == 409
    assert "Keep what" in answer.text
    assert "Excel (4) | DATEV (5)" in answer.text


def test_a_change_of_skills_can_be_undone(page: Any) -> None:
    page.post(f"{LIST}/new", data=FORM)
    ana = only()
    page.post(f"{LIST}/{ana.id}/edit", data={"skills": "", "skills-0-name": "Figma"})
    history = page.get(f"{LIST}/{ana.id}/history")

    change = re.findall(r'name="change" value="([^"]+)"', history.text)[0]
    page.post(f"{LIST}/{ana.id}/undo", data={"change": change})

    db.session.expire_all()
    assert only().skills == ["Excel", "DATEV"]


def test_the_page_tells_hours_companies_and_reviews(page: Any) -> None:
    ana = make_assistant(name="Ana", weekly_hours=40)
    match = make_match(status="accepted", hours_per_week=25, assistant=ana)
    over = make_match(status="completed", assistant=ana, stars=4)

    answer = page.get(f"{LIST}/{ana.id}")

    assert f"/admin/matches/{match.id}" in answer.text
    assert f"/admin/matches/{over.id}" not in answer.text
    assert "4 of 5 stars" in answer.text
    assert "Hours by week" in answer.text


@pytest.mark.parametrize("asked", ["2026-12-09", "0001-01-01", "9999-12-31", "nonsense", "2026-02-30"])
def test_any_week_may_be_asked_for(page: Any, asked: str) -> None:
    assert page.get(f"{LIST}/{make_assistant().id}?from={asked}").status_code == 200


def test_time_off_is_added_and_removed(page: Any) -> None:
    ana = make_assistant(name="Ana")
    day = today().isoformat()

    added = page.post(f"{LIST}/{ana.id}/time-off", data={"starts_on": day, "ends_on": day, "reason": "Dentist"})
    again = page.post(f"{LIST}/{ana.id}/time-off", data={"starts_on": day, "ends_on": day})
    wrong = page.post(f"{LIST}/{ana.id}/time-off", data={"starts_on": day, "ends_on": "2020-01-01"})

    db.session.refresh(ana)
    assert (added.status_code, again.status_code, wrong.status_code) == (303, 422, 422)
    assert "There is time off from" in again.text
    assert "comes before the first" in wrong.text
    assert page.post(f"{LIST}/{ana.id}/time-off/{ana.time_off[0].id}/remove").status_code == 303
    db.session.refresh(ana)
    assert ana.time_off == []


def apply_of(text: str) -> str:
    """Where the preview of a file sends the order to apply it."""
    return re.findall(r'action="(/admin/changes/[^"]+/apply)"', text)[0]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.mark.usefixtures("committed_db")
class TestFiles:
    @pytest.fixture
    def exported(self, page: Any) -> str:
        page.post(f"{LIST}/new", data=FORM)
        return str(page.get(f"{LIST}/export.csv").text)

    def test_an_export_has_skills_and_week_in_words(self, exported: str) -> None:
        row = rows_of(exported)[0]

        assert row["skills"] == "Excel (4) | DATEV (5)"
        assert row["availability"] == (
            "Europe/Berlin; 30 h; mon 09:00-12:00, 13:00-17:00; tue 22:00-06:00; from 2026-12-01"
        )

    def test_what_was_exported_changes_nothing_when_it_comes_back(self, page: Any, exported: str) -> None:
        preview = self.import_file(page, exported)

        assert "/apply" not in preview.text

    def test_a_file_changes_and_adds(self, page: Any, exported: str) -> None:
        ana = only()
        content = (
            "id,name,skills,hourly_rate,currency,availability\r\n"
            f"{ana.id},Ana,Excel | Figma (2),40.00,USD,Europe/Berlin; 20 h; fri 09:00-17:00\r\n"
            ",Bo,spreadsheets,25.00,EUR,UTC; 10 h\r\n"
        )
        preview = self.import_file(page, content)
        page.post(apply_of(preview.text))

        db.session.expire_all()
        people = {one.name: one for one in db.session.scalars(select(Assistant))}
        assert "Europe/Berlin; 20 h; fri 09:00-17:00" in preview.text
        assert "Excel | Figma (2)" in preview.text
        assert people["Ana"].skill_levels == [{"name": "Excel", "level": 3}, {"name": "Figma", "level": 2}]
        assert people["Ana"].weekly == {"fri": [["09:00", "17:00"]]}
        assert people["Ana"].available_from is None
        assert (people["Bo"].weekly_hours, people["Bo"].timezone) == (10, "UTC")

    def test_a_file_says_what_is_wrong_with_a_row(self, page: Any, exported: str) -> None:
        content = (
            "name,hourly_rate,availability,skills\r\n"
            "Bo,25.00,sometimes,Excel\r\n"
            "Cy,25.00,Europe/Berlin; 200 h,Excel\r\n"
            "Di,25.00,Mars/X; 20 h,Excel (9)\r\n"
        )
        preview = self.import_file(page, content)

        assert "Write it as in: Europe/Berlin; 30 h" in preview.text
        assert "from 0 to 168" in preview.text
        assert "There is no such time zone" in preview.text

    def test_a_row_that_takes_reserved_hours_away_is_left_out(self, page: Any) -> None:
        ana = make_assistant(name="Ana", weekly_hours=40)
        make_match(status="accepted", hours_per_week=25, assistant=ana)
        preview = self.import_file(page, f"id,availability\r\n{ana.id},UTC; 20 h\r\n")

        told = page.post(apply_of(preview.text), follow_redirects=True)

        db.session.refresh(ana)
        assert ana.weekly_hours == 40
        assert "25 hours a week of Ana are reserved" in told.text

    @staticmethod
    def import_file(page: Any, content: str) -> Any:
        file = (io.BytesIO(content.encode()), "assistants.csv")
        return page.post(f"{LIST}/import", data={"file": file}, follow_redirects=True)


@pytest.mark.parametrize("role", ["client", "expert"])
def test_the_pages_are_for_staff(client: Any, sign_in: Any, role: str) -> None:
    ana = make_assistant()
    other = sign_in(client, make_user(role))

    for path in ("", "/new", f"/{ana.id}", f"/{ana.id}/edit", f"/{ana.id}/history", "/export.csv", "/import"):
        assert other.get(f"{LIST}{path}").status_code == 403
    for path in ("/new", f"/{ana.id}/archive", f"/{ana.id}/time-off", f"/{ana.id}/time-off/{ana.id}/remove"):
        assert other.post(f"{LIST}{path}", data=FORM).status_code == 403


def test_nobody_in_particular_is_led_to_sign_in(client: Any) -> None:
    ana = make_assistant()

    assert client.get(f"{LIST}/{ana.id}").status_code in (302, 303)
    assert client.post(f"{LIST}/{ana.id}/time-off", data={}).status_code == 401
    assert ana.time_off == []


def test_working_hours_stand_in_the_history_as_people_write_them(as_manager: Any) -> None:
    assistant = make_assistant(name="Ana")
    hours = {"availability-weekly-fri": "8-12", "availability-weekly-mon": "9-12, 13-17"}
    form = dict(sent_by(as_manager.get(f"{LIST}/{assistant.id}/edit").text)) | hours
    assert as_manager.post(f"{LIST}/{assistant.id}/edit", data=form).status_code == 303
    told = as_manager.get(f"{LIST}/{assistant.id}/history").text
    assert "Mon 09:00–12:00, 13:00–17:00; Fri 08:00–12:00" in told
