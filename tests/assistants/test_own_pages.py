"""The expert's own profile and calendar."""

from datetime import timedelta
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from app.assistants.models import Assistant
from app.core.clock import today
from app.extensions import db
from tests.factories.accounts import make_user
from tests.factories.assistants import make_assistant
from tests.factories.engagements import make_match
from tests.web.page import sent_by

PROFILE, CALENDAR = "/dashboard/profile", "/dashboard/calendar"


@pytest.fixture
def expert(db_session: Any) -> Any:
    return make_user("expert")


@pytest.fixture
def ana(expert: Any) -> Assistant:
    return make_assistant(name="Ana", user_id=expert.id, skills=["Excel"], weekly_hours=40, rate="38.00")


@pytest.fixture
def page(client: Any, sign_in: Any, expert: Any, ana: Assistant) -> Any:
    return sign_in(client, expert)


def test_an_expert_changes_headline_skills_and_hours(page: Any, ana: Assistant) -> None:
    answer = page.post(
        PROFILE,
        data={
            "headline": "Bookkeeper",
            "skills": "",
            "skills-0-name": "DATEV",
            "skills-0-level": "5",
            "availability-timezone": "Europe/Berlin",
            "availability-weekly_hours": "20",
            "availability-weekly-mon": "9-19",
            "availability-weekly-tue": "9-19",
        },
    )

    db.session.refresh(ana)
    assert (answer.status_code, answer.headers["Location"]) == (303, PROFILE)
    assert (ana.headline, ana.skills, ana.weekly_hours) == ("Bookkeeper", ["DATEV"], 20)
    assert ana.weekly == {"mon": [["09:00", "19:00"]], "tue": [["09:00", "19:00"]]}


def test_rate_name_and_account_are_staffs_to_change(page: Any, ana: Assistant) -> None:
    page.post(PROFILE, data={"hourly_rate": "99.00", "name": "Queen", "user_id": "", "currency": "CHF", "rating": "5"})

    db.session.refresh(ana)
    assert (str(ana.hourly_rate), ana.name, ana.currency, ana.rating) == ("38.00", "Ana", "USD", None)
    assert ana.user_id is not None


def test_the_form_sent_back_as_it_came_changes_nothing(page: Any, ana: Assistant) -> None:
    version = ana.version

    answer = page.post(PROFILE, data=MultiDict(sent_by(page.get(PROFILE).text)), follow_redirects=True)

    db.session.refresh(ana)
    assert "Nothing to change" in answer.text
    assert ana.version == version


def test_what_staff_changed_meanwhile_stays(page: Any, ana: Assistant, api: Any) -> None:
    base = str(ana.version)
    api(make_user("manager")).patch(f"/api/virtual-assistants/{ana.id}", json={"about": "By staff"})

    kept = page.post(PROFILE, data={"version": base, "headline": "Mine"})
    asked = page.post(PROFILE, data={"version": base, "about": "Mine"})

    db.session.refresh(ana)
    assert (kept.status_code, asked.status_code) == (303, 409)
    assert (ana.headline, ana.about) == ("Mine", "By staff")
    assert "Keep what" in asked.text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"availability-timezone": "Mars"}, "There is no such time zone."),
        ({"availability-weekly_hours": "200"}, "from 0 to 168"),
        ({"availability-weekly-fri": "25:00-26:00"}, "Times go from 00:00 to 24:00"),
        ({"skills": "", "skills-0-name": "!!!"}, "Name a skill with letters or digits."),
        ({"headline": "x" * 161}, "160 characters at most"),
        ({"version": "x", "headline": "y"}, "version of the record"),
    ],
)
def test_nonsense_is_told_and_nothing_written(page: Any, ana: Assistant, change: dict[str, str], message: str) -> None:
    version = ana.version

    answer = page.post(PROFILE, data=change)

    db.session.refresh(ana)
    assert answer.status_code == 422
    assert message in answer.text
    assert ana.version == version


def test_fewer_hours_than_reserved_are_refused(page: Any, ana: Assistant) -> None:
    make_match(status="accepted", assistant=ana, hours_per_week=25)

    answer = page.post(PROFILE, data={"availability-weekly_hours": "20"})

    assert answer.status_code == 422
    assert "25 hours a week of Ana are reserved." in answer.text


def test_helper_buttons_work_without_scripts(page: Any, ana: Assistant) -> None:
    added = page.post(PROFILE, data={"skills": "", "skills-0-name": "Excel", "_do": "skills:add"})
    copied = page.post(PROFILE, data={"availability-weekly-mon": "8-12", "_do": "availability:copy:weekly"})

    assert 'name="skills-1-name"' in added.text
    assert 'name="availability-weekly-thu" value="8-12"' in copied.text
    assert ana.skills == ["Excel"]


def test_the_calendar_shows_own_engagements(page: Any, ana: Assistant) -> None:
    match = make_match(status="accepted", assistant=ana, hours_per_week=15)
    other = make_match(status="accepted", hours_per_week=15)

    text = page.get(CALENDAR).text

    assert match.client.name in text
    assert f"/dashboard/assignments/{match.id}" in text
    assert other.client.name not in text


def test_time_off_is_added_told_and_removed(page: Any, ana: Assistant) -> None:
    make_match(status="accepted", assistant=ana, hours_per_week=15)
    first, last = today().isoformat(), (today() + timedelta(days=3)).isoformat()

    added = page.post(f"{CALENDAR}/time-off", data={"starts_on": first, "ends_on": last, "reason": "Sea"})
    again = page.post(f"{CALENDAR}/time-off", data={"starts_on": last, "ends_on": last})
    wrong = page.post(f"{CALENDAR}/time-off", data={"starts_on": last, "ends_on": first})
    empty = page.post(f"{CALENDAR}/time-off", data={"starts_on": "", "ends_on": ""})

    db.session.refresh(ana)
    assert [answer.status_code for answer in (added, again, wrong, empty)] == [303, 422, 422, 422]
    assert [(str(spell.starts_on), str(spell.ends_on), spell.reason) for spell in ana.time_off] == [
        (first, last, "Sea")
    ]
    assert "Sea" in page.get(CALENDAR).text
    assert page.post(f"{CALENDAR}/time-off/{ana.time_off[0].id}/remove").status_code == 303
    db.session.refresh(ana)
    assert ana.time_off == []


def test_somebody_elses_time_off_is_not_there(page: Any, ana: Assistant) -> None:
    other = make_assistant(time_off=[(today(), today())])

    assert page.post(f"{CALENDAR}/time-off/{other.time_off[0].id}/remove").status_code == 404
    db.session.refresh(other)
    assert len(other.time_off) == 1


def test_an_expert_without_a_profile_hears_who_makes_one(as_expert: Any) -> None:
    assert "No profile yet" in as_expert.get(PROFILE).text
    assert "No profile yet" in as_expert.get(CALENDAR).text
    assert as_expert.post(PROFILE, data={"headline": "x"}).status_code == 404
    assert as_expert.post(f"{CALENDAR}/time-off", data={}).status_code == 404


@pytest.mark.parametrize("role", ["client", "manager"])
def test_the_pages_are_for_experts(client: Any, sign_in: Any, role: str) -> None:
    other = sign_in(client, make_user(role))

    assert other.get(PROFILE).status_code == 403
    assert other.get(CALENDAR).status_code == 403
    assert other.post(PROFILE, data={}).status_code == 403
    assert other.post(f"{CALENDAR}/time-off", data={}).status_code == 403


def test_nobody_in_particular_is_led_to_sign_in(client: Any) -> None:
    assert client.get(PROFILE).status_code == 303
    assert client.post(PROFILE, data={}).status_code == 401


def test_suggestions_for_all_are_open_and_no_others(page: Any) -> None:
    assert "Europe/Berlin" in page.get("/dashboard/suggestions/timezones?q=ber").text
    assert page.get("/dashboard/suggestions/companies").status_code == 404
    assert page.get("/dashboard/suggestions/nonsense").status_code == 404
    assert page.get("/admin/suggestions/timezones").status_code == 403


def test_a_conflict_sent_again_keeps_what_staff_changed_elsewhere(page: Any, ana: Assistant, api: Any) -> None:
    base = str(ana.version)
    staff = api(make_user("manager"))
    before = dict(sent_by(page.get(PROFILE).text))
    staff.patch(f"/api/virtual-assistants/{ana.id}", json={"about": "By staff", "headline": "By staff, too"})

    asked = page.post(PROFILE, data=before | {"version": base, "headline": "Mine"})
    page.post(PROFILE, data=MultiDict(sent_by(asked.text)))

    db.session.refresh(ana)
    assert asked.status_code == 409
    assert (ana.headline, ana.about) == ("Mine", "By staff")
