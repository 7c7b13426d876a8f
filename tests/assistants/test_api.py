"""Assistants in the API: fields, filters, bad input, whose."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.assistants.calendars.jobs import free_what_is_over
from app.assistants.models import Assistant, Reservation, Skill
from app.core.audit import SYSTEM, audit_as
from app.core.clock import shifted, today
from app.core.ids import new_id
from app.extensions import db
from app.notifications.models import Notification
from tests.factories.accounts import make_user
from tests.factories.assistants import make_assistant, make_skill
from tests.factories.engagements import make_match
from tests.factories.events import deliver

PATH = "/api/virtual-assistants"
BODY = {
    "name": "Ana Pérez",
    "headline": "Bookkeeper",
    "skills": ["bookkeeping", {"name": "DATEV", "level": 5}],
    "hourly_rate": "38.00",
    "currency": "EUR",
    "availability": {
        "timezone": "Europe/Berlin",
        "weekly_hours": 30,
        "weekly": {"mon": [["09:00", "12:00"], ["13:00", "24:00"]], "tue": [["22:00", "06:00"]]},
        "from": "2026-12-01",
    },
}


@pytest.fixture
def staff(api: Callable[..., Any], make_user: Callable[..., Any]) -> Any:
    return api(make_user(role="manager"))


def reserve(assistant: Assistant, hours: int, first: date, last: date | None = None) -> Reservation:
    match = make_match(assistant=assistant, status="proposed", hours_per_week=hours)
    audit_as(db.session, actor=SYSTEM, action="accept")
    taken = Reservation(
        assistant_id=assistant.id,
        client_id=match.client_id,
        match_id=match.id,
        hours_per_week=hours,
        starts_on=first,
        ends_on=last,
    )
    db.session.add(taken)
    db.session.commit()
    return taken


def test_staff_take_somebody_on(staff: Any) -> None:
    answer = staff.post(PATH, json=BODY)

    assert answer.status_code == 201, answer.json
    made = answer.json
    assert answer.headers["Location"].endswith(f"{PATH}/{made['id']}")
    assert made["skills"] == ["bookkeeping", "DATEV"] or made["skills"] == ["Bookkeeping", "DATEV"]
    assert made["skill_levels"][1]["level"] == 5
    assert made["availability"] == BODY["availability"]
    assert (made["hourly_rate"], made["available_hours"], made["rating"]) == ("38.00", 30, None)
    assert (made["reviews_count"], made["projects_completed"], made["archived_at"]) == (0, 0, None)


def test_availability_may_be_left_out(staff: Any) -> None:
    made = staff.post(PATH, json={"name": "Bo", "hourly_rate": 20}).json

    assert made["availability"] == {"timezone": "UTC", "weekly_hours": 40, "weekly": {}, "from": None}
    assert made["currency"] == "USD"
    assert made["skills"] == []


def test_a_change_keeps_what_it_leaves_out_of_availability(staff: Any) -> None:
    made = staff.post(PATH, json=BODY).json

    changed = staff.patch(f"{PATH}/{made['id']}", json={"availability": {"weekly_hours": "20"}})

    assert changed.status_code == 200
    assert changed.json["availability"] == BODY["availability"] | {"weekly_hours": 20}


def test_skills_that_mean_the_same_are_one(staff: Any) -> None:
    make_skill("Excel", aliases=["MS Excel", "spreadsheets"])

    made = staff.post(PATH, json=BODY | {"skills": ["MS-Excel", {"name": "Spreadsheets", "level": 4}, "excel"]}).json

    assert made["skill_levels"] == [{"name": "Excel", "level": 4}]


def test_a_skill_that_nobody_knows_waits_for_a_person(staff: Any) -> None:
    made = staff.post(PATH, json=BODY | {"skills": ["Underwater basket weaving"]}).json

    skill = db.session.scalar(select(Skill).where(Skill.name == "Underwater basket weaving"))
    assert made["skills"] == ["Underwater basket weaving"]
    assert skill is not None
    assert skill.status == "waiting"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "x" * 121}, "/name"),
        ({"hourly_rate": "-1"}, "/hourly_rate"),
        ({"hourly_rate": 1e30}, "/hourly_rate"),
        ({"hourly_rate": "1000000.00"}, "/hourly_rate"),
        ({"hourly_rate": "NaN"}, "/hourly_rate"),
        ({"hourly_rate": "1.005"}, "/hourly_rate"),
        ({"currency": "XYZ"}, "/currency"),
        ({"skills": ["Excel"] * 51}, "/skills"),
        ({"skills": [f"s{n}" for n in range(10_000)]}, "/skills"),
        ({"skills": ["---"]}, "/skills/0/name"),
        ({"skills": [{"name": "Excel", "level": 6}]}, "/skills/0/level"),
        ({"skills": [{"name": "Excel", "level": True}]}, "/skills/0/level"),
        ({"skills": [{"name": "Excel", "stars": 1}]}, "/skills/0/stars"),
        ({"skills": "Excel"}, "/skills"),
        ({"availability": {"timezone": "Mars/Olympus"}}, "/availability/timezone"),
        ({"availability": {"timezone": "../../etc/passwd"}}, "/availability/timezone"),
        ({"availability": {"weekly_hours": 200}}, "/availability/weekly_hours"),
        ({"availability": {"weekly_hours": -1}}, "/availability/weekly_hours"),
        ({"availability": {"weekly_hours": "1e3"}}, "/availability/weekly_hours"),
        ({"availability": {"weekly": {"mon": [["09:00", "25:00"]]}}}, "/availability/weekly/mon"),
        ({"availability": {"weekly": {"mon": [["9:00", "17:00"]]}}}, "/availability/weekly/mon"),
        ({"availability": {"weekly": {"mon": [["24:00", "17:00"]]}}}, "/availability/weekly/mon"),
        ({"availability": {"weekly": {"mon": [["09:00", "09:00"]]}}}, "/availability/weekly/mon"),
        ({"availability": {"weekly": {"mon": [["09:00"]]}}}, "/availability/weekly/mon"),
        ({"availability": {"weekly": {"mon": [["09:00", "12:00"], ["11:59", "13:00"]]}}}, "/availability/weekly"),
        (
            {"availability": {"weekly": {"sun": [["22:00", "02:00"]], "mon": [["01:00", "05:00"]]}}},
            "/availability/weekly",
        ),
        ({"availability": {"weekly": {"monday": []}}}, "/availability/weekly/monday"),
        ({"availability": {"from": "2026-02-30"}}, "/availability/from"),
        ({"availability": {"until": "2026-02-20"}}, "/availability/until"),
        ({"rating": 5}, "/rating"),
        ({"projects_completed": 5}, "/projects_completed"),
        ({"user_id": "00000000-0000-7000-8000-000000000000"}, "/user_id"),
    ],
)
def test_nonsense_is_refused_where_it_stands(staff: Any, change: dict[str, Any], pointer: str) -> None:
    answer = staff.post(PATH, json=BODY | change)

    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json["errors"]]
    assert db.session.scalar(select(Assistant)) is None


def test_an_account_belongs_to_one_profile_and_to_an_expert(staff: Any) -> None:
    expert, manager = make_user("expert"), make_user("manager")

    first = staff.post(PATH, json=BODY | {"user_id": str(expert.id)})
    second = staff.post(PATH, json=BODY | {"user_id": str(expert.id)})
    other = staff.post(PATH, json=BODY | {"user_id": str(manager.id)})

    assert first.json["user_id"] == str(expert.id)
    assert (second.status_code, second.json["errors"][0]["pointer"]) == (409, "/user_id")
    assert other.status_code == 422


class TestTheList:
    @pytest.fixture(autouse=True)
    def people(self, client: Any) -> None:
        make_skill("Excel", aliases=["MS Excel", "spreadsheets"])
        make_assistant(name="Ana", skills=["Excel", "DATEV"], rate="40", weekly_hours=30, rating_sum=9, reviews_count=2)
        make_assistant(name="Bo", skills=["Excel"], rate="20", weekly_hours=10)
        make_assistant(name="Cy", skills=["Figma"], rate="60", weekly_hours=40, rating_sum=3, reviews_count=1)
        make_assistant(name="Dee", skills=["Excel"], rate="10", archived=True)

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("", ["Ana", "Bo", "Cy"]),
            ("&skill=spreadsheets", ["Ana", "Bo"]),
            ("&skill=MS-Excel&skill=datev", ["Ana"]),
            ("&skill=figma&skill=datev", []),
            ("&skill=nobody+knows+this", []),
            ("&max_rate=40", ["Ana", "Bo"]),
            ("&min_rating=4", ["Ana"]),
            ("&hours=30", ["Ana", "Cy"]),
            ("&hours=30&skill=excel&max_rate=45.00", ["Ana"]),
            ("&q=datev", ["Ana"]),
            ("&q=cy", ["Cy"]),
        ],
    )
    def test_narrows(self, api: Any, query: str, names: list[str], client: Any) -> None:
        answer = client.get(f"{PATH}?sort=name{query}")

        assert answer.status_code == 200
        assert [one["name"] for one in answer.json] == names
        assert answer.headers["X-Total-Count"] == str(len(names))

    @pytest.mark.parametrize("query", ["min_rating=6", "hours=169", "hours=x", "max_rate=-1", "skill=" + "x" * 61])
    def test_refuses_nonsense(self, api: Any, query: str, client: Any) -> None:
        answer = client.get(f"{PATH}?{query}")

        assert answer.status_code == 422
        assert answer.json["errors"][0]["pointer"].startswith(f"/query/{query.split('=', maxsplit=1)[0]}")

    def test_sorts_by_rating_downward(self, api: Any, client: Any) -> None:
        assert [one["name"] for one in client.get(f"{PATH}?sort=-rating").json] == ["Ana", "Cy", "Bo"]

    def test_pages_without_repeating(self, api: Any, client: Any) -> None:
        first = client.get(f"{PATH}?sort=name&limit=2&skill=excel")

        assert [one["name"] for one in first.json] == ["Ana", "Bo"]
        assert 'rel="next"' not in first.headers.get("Link", "")

    def test_shows_archived_ones_to_staff_alone(self, api: Any, staff: Any, make_user: Any, client: Any) -> None:
        assert "Dee" in [one["name"] for one in staff.get(f"{PATH}?include_archived=true").json]
        assert client.get(f"{PATH}?include_archived=true").status_code == 401
        assert api(make_user(role="client")).get(f"{PATH}?include_archived=true").status_code == 403


def test_what_is_archived_is_gone_for_others_and_comes_back(staff: Any, api: Any, client: Any) -> None:
    ana = make_assistant(name="Ana")

    assert staff.delete(f"{PATH}/{ana.id}").status_code == 204
    assert client.get(f"{PATH}/{ana.id}").status_code == 404
    assert staff.get(f"{PATH}/{ana.id}").json["archived_at"] is not None
    assert staff.delete(f"{PATH}/{ana.id}").status_code == 409
    assert staff.patch(f"{PATH}/{ana.id}", json={"name": "B"}).status_code == 409
    assert staff.post(f"{PATH}/{ana.id}/restore").status_code == 200
    assert client.get(f"{PATH}/{ana.id}").json["name"] == "Ana"


def test_archiving_withdraws_what_is_proposed(staff: Any) -> None:
    match = make_match(status="proposed")

    staff.delete(f"{PATH}/{match.assistant_id}")

    db.session.refresh(match)
    assert match.status == "withdrawn"


def test_hours_cannot_go_below_what_is_reserved(staff: Any) -> None:
    ana = make_assistant(name="Ana", weekly_hours=40)
    reserve(ana, 25, today())

    less = staff.patch(f"{PATH}/{ana.id}", json={"availability": {"weekly_hours": 24.5}})
    just = staff.patch(f"{PATH}/{ana.id}", json={"availability": {"weekly_hours": 25}})

    assert less.status_code == 409
    assert less.json["errors"][0]["pointer"] == "/availability/weekly_hours"
    assert "25 hours a week" in less.json["detail"]
    assert just.status_code == 200
    assert just.json["available_hours"] == 0


def test_the_first_day_cannot_come_after_reserved_days(staff: Any) -> None:
    ana = make_assistant(name="Ana")
    reserve(ana, 10, today())

    answer = staff.patch(f"{PATH}/{ana.id}", json={"availability": {"from": "2199-01-01"}})

    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (409, "/availability/from")


def test_one_answer_is_read_without_a_query_for_each_skill(api: Any, client: Any) -> None:
    made = make_assistant(skills=[(f"Skill {n}", 1 + n % 5) for n in range(8)])

    answer = client.get(f"{PATH}/{made.id}")

    assert len(answer.json["skills"]) == 8
    assert answer.headers["ETag"]
    assert client.get(f"{PATH}/{made.id}", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_somebody_elses_change_is_not_written_over(staff: Any) -> None:
    made = staff.post(PATH, json=BODY)

    staff.patch(f"{PATH}/{made.json['id']}", json={"headline": "New"})
    answer = staff.patch(
        f"{PATH}/{made.json['id']}", json={"headline": "Mine"}, headers={"If-Match": made.headers["ETag"]}
    )

    assert answer.status_code == 412


@pytest.mark.parametrize("role", ["client", "expert"])
def test_others_read_and_do_not_write(api: Any, make_user: Any, role: str) -> None:
    ana = make_assistant(name="Ana")
    other = api(make_user(role=role))

    assert other.get(f"{PATH}/{ana.id}").status_code == 200
    assert other.post(PATH, json=BODY).status_code == 403
    assert other.patch(f"{PATH}/{ana.id}", json={"name": "B"}).status_code == 403
    assert other.delete(f"{PATH}/{ana.id}").status_code == 403
    assert other.post(f"{PATH}/{ana.id}/restore").status_code == 403
    assert other.get(f"{PATH}/{ana.id}/time-off").status_code == 403
    assert other.post(f"{PATH}/{ana.id}/time-off", json={}).status_code == 403


def test_nobody_in_particular_writes_nothing(api: Any, client: Any) -> None:
    ana = make_assistant(name="Ana")

    assert client.post(PATH, json=BODY).status_code == 401
    assert client.patch(f"{PATH}/{ana.id}", json={}).status_code == 401
    assert client.get(f"{PATH}/{ana.id}/time-off").status_code == 401
    assert client.get(f"{PATH}/{new_id()}").status_code == 404


@pytest.mark.parametrize(
    ("query", "example"),
    [("hours=x", "7.5"), ("hours=7h", "7.5"), ("min_rating=good", "4.5"), ("max_rate=x", "1499.00")],
)
def test_an_error_shows_a_number_of_that_kind(client: Any, query: str, example: str) -> None:
    errors = client.get(f"{PATH}?{query}").json["errors"]
    assert [error["message"] for error in errors] == [f"Write a number such as {example}."]


@pytest.mark.parametrize("given", ["x", [], {}, True])
def test_so_does_one_of_a_body(staff: Any, given: Any) -> None:
    body = {"skills": ["excel"], "hours_per_week": given, "max_hourly_rate": given}
    errors = {error["pointer"]: error["message"] for error in staff.post(f"{PATH}/match", json=body).json["errors"]}
    assert errors["/hours_per_week"] == "Write a number such as 7.5."
    assert errors["/max_hourly_rate"] == "Write a number such as 1499.00."


class TestTimeOff:
    def test_the_list_is_paged(self, staff: Any) -> None:
        days = [date(2026, 12, day) for day in range(1, 6)]
        ana, bo = make_assistant(time_off=[(day, day) for day in days]), make_assistant(time_off=[(days[0], days[0])])

        first = staff.get(f"{PATH}/{ana.id}/time-off?limit=3")
        cursor = re.search(r'cursor=([^&>]+)>; rel="next"', first.headers["Link"])
        assert cursor is not None
        rest = staff.get(f"{PATH}/{ana.id}/time-off?limit=3&cursor={cursor[1]}")

        assert [one["starts_on"] for one in [*first.json, *rest.json]] == [day.isoformat() for day in days]
        assert (first.headers["X-Total-Count"], rest.headers["X-Total-Count"]) == ("5", "5")
        assert staff.get(f"{PATH}/{bo.id}/time-off?limit=3&cursor={cursor[1]}").status_code == 400
        assert len(staff.get(f"{PATH}/{bo.id}/time-off?sort=-ends_on").json) == 1
        assert staff.get(f"{PATH}/{bo.id}/time-off?assistant={ana.id}").status_code == 422

    def test_comes_goes_and_may_not_overlap(self, staff: Any) -> None:
        ana = make_assistant(name="Ana")
        path = f"{PATH}/{ana.id}/time-off"

        made = staff.post(path, json={"starts_on": "2026-12-21", "ends_on": "2026-12-31", "reason": "Holidays"})
        again = staff.post(path, json={"starts_on": "2026-12-31", "ends_on": "2027-01-02"})
        after = staff.post(path, json={"starts_on": "2027-01-01", "ends_on": "2027-01-01"})

        assert (made.status_code, again.status_code, after.status_code) == (201, 409, 201)
        assert staff.get(made.headers["Location"]).json == made.json
        assert staff.get(f"{path}/nonsense").status_code == staff.get(f"{path}/{ana.id}").status_code == 404
        assert again.json["errors"][0]["pointer"] == "/starts_on"
        assert [spell["starts_on"] for spell in staff.get(path).json] == ["2026-12-21", "2027-01-01"]
        assert staff.delete(f"{path}/{made.json['id']}").status_code == 204
        assert staff.delete(f"{path}/{made.json['id']}").status_code == 404
        assert staff.delete(f"{path}/nonsense").status_code == 404

    @pytest.mark.parametrize(
        "body",
        [
            {"starts_on": "2026-12-31", "ends_on": "2026-12-30"},
            {"starts_on": "2026-13-01", "ends_on": "2026-12-30"},
            {"starts_on": "2026-12-01"},
            {"starts_on": 1, "ends_on": 2},
            {"starts_on": "2026-12-01", "ends_on": "2026-12-01", "reason": "x" * 201},
        ],
    )
    def test_nonsense_is_refused(self, staff: Any, body: dict[str, Any]) -> None:
        assert staff.post(f"{PATH}/{make_assistant().id}/time-off", json=body).status_code == 422

    def test_of_another_assistant_is_not_there(self, staff: Any) -> None:
        ana, bo = make_assistant(), make_assistant(time_off=[(date(2026, 12, 1), date(2026, 12, 2))])

        assert staff.delete(f"{PATH}/{ana.id}/time-off/{bo.time_off[0].id}").status_code == 404

    def test_over_reserved_days_tells_each_company_once(self, staff: Any) -> None:
        ana = make_assistant(name="Ana", weekly_hours=40)
        other = make_assistant(name="Bo")
        mine = reserve(ana, 10, date(2026, 12, 1))
        reserve(ana, 5, date(2027, 6, 1))
        reserve(other, 5, date(2026, 12, 1))
        person = make_user("client", client_id=mine.client_id)

        with_room = staff.post(f"{PATH}/{ana.id}/time-off", json={"starts_on": "2026-12-21", "ends_on": "2026-12-31"})

        assert with_room.status_code == 201
        deliver()
        told = db.session.scalars(select(Notification)).all()
        assert [notice.user_id for notice in told] == [person.id]
        assert told[0].title == "Ana is away from 21 Dec 2026 to 31 Dec 2026"
        assert told[0].url == f"/dashboard/matches/{mine.match_id}"


def available(client: Any, query: str = "") -> list[str]:
    return sorted(row["name"] for row in client.get(f"{PATH}{query}").json)


def test_who_is_taken_within_four_weeks_is_not_listed_as_available(client: Any, staff: Any) -> None:
    free, soon, partly, later = (make_assistant(name=name, weekly_hours=30) for name in ("Ana", "Ben", "Cem", "Dov"))
    make_assistant(name="Eve", weekly_hours=0)
    reserve(soon, 30, today() + timedelta(days=7))
    reserve(partly, 20, today() + timedelta(days=14), today() + timedelta(days=15))
    reserve(later, 30, today() + timedelta(days=28))
    told = {one.name: client.get(f"{PATH}/{one.id}").json["available_hours"] for one in (free, soon, partly, later)}
    assert told == {"Ana": 30, "Ben": 0, "Cem": 10, "Dov": 30}
    assert available(client) == ["Ana", "Cem", "Dov"]
    assert client.get(PATH).headers["X-Total-Count"] == "3"
    assert available(client, "?hours=0") == ["Ana", "Ben", "Cem", "Dov", "Eve"]
    assert available(staff) == available(client)
    assert available(staff, "?include_archived=true") == ["Ana", "Ben", "Cem", "Dov", "Eve"]


def test_who_is_away_for_all_of_the_four_weeks_is_not_listed_as_available(client: Any, staff: Any) -> None:
    ana, ben, cem, dov = (make_assistant(name=name, weekly_hours=30) for name in ("Ana", "Ben", "Cem", "Dov"))
    monday = today() - timedelta(days=today().weekday())

    def leave(who: Any, first: date, last: date) -> str:
        body = {"starts_on": first.isoformat(), "ends_on": last.isoformat()}
        return str(staff.post(f"{PATH}/{who.id}/time-off", json=body).headers["Location"])

    off = [leave(ana, monday + timedelta(days=7 * n), monday + timedelta(days=7 * n + 4)) for n in range(5)]
    leave(ben, today(), today() + timedelta(days=20))
    later = (today() + timedelta(days=28)).isoformat()
    staff.patch(f"{PATH}/{cem.id}", json={"availability": {"weekly_hours": 30, "from": later}})
    soon = (today() + timedelta(days=20)).isoformat()
    staff.patch(f"{PATH}/{dov.id}", json={"availability": {"weekly_hours": 30, "from": soon}})
    told = {one.name: client.get(f"{PATH}/{one.id}").json["available_hours"] for one in (ana, ben, cem, dov)}
    assert told == {"Ana": 0, "Ben": 30, "Cem": 0, "Dov": 30}
    assert available(client) == ["Ben", "Dov"]
    staff.delete(off[1])
    staff.patch(f"{PATH}/{cem.id}", json={"availability": {"weekly_hours": 30, "from": None}})
    assert available(client) == ["Ana", "Ben", "Cem", "Dov"]


def test_who_works_at_weekends_is_away_when_those_are_off(client: Any, staff: Any) -> None:
    weekend = {"sat": [["09:00", "17:00"]], "sun": []}
    eve = make_assistant(name="Eve", weekly_hours=8, weekly=weekend, available_from=today())
    saturday = today() + timedelta(days=(5 - today().weekday()) % 7)
    for number in range(4):
        day = (saturday + timedelta(days=7 * number)).isoformat()
        assert eve.name in available(client), number
        staff.post(f"{PATH}/{eve.id}/time-off", json={"starts_on": day, "ends_on": day})
    assert available(client) == []


def test_who_is_away_is_found_out_each_night(db_session: Any, client: Any, staff: Any) -> None:
    ana = make_assistant(name="Ana", weekly_hours=30, available_from=today() + timedelta(days=30))
    assert available(client) == []
    with shifted(timedelta(days=5)):
        free_what_is_over()
        db_session.expire_all()
        assert (ana.available_hours, ana.is_away) == (30, False)
    free_what_is_over()
    assert available(client) == []


def test_hours_of_the_next_weeks_are_counted_anew_each_day(db_session: Any) -> None:
    ana = make_assistant(weekly_hours=30)
    reserve(ana, 10, today() + timedelta(days=30))
    assert ana.available_hours == 30
    with shifted(timedelta(days=3)):
        free_what_is_over()
        db.session.refresh(ana)
    assert ana.available_hours == 20


def test_hours_that_are_over_in_auckland_no_longer_keep_a_profile(api: Any) -> None:
    ana = make_assistant(weekly_hours=40, timezone="Pacific/Kiritimati")
    reserve(ana, 30, today() - timedelta(days=9), today() - timedelta(days=1))
    less = api(make_user(role="manager")).patch(f"{PATH}/{ana.id}", json={"availability": {"weekly_hours": 10}})
    assert (less.status_code, less.json["available_hours"]) == (200, 10)
