"""POST /api/virtual-assistants/match, and what is kept of it."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.assistants.matching.weights import WEIGHTS
from app.assistants.models import Assistant, Match, MatchRequest, Reservation
from app.assistants.requests.schemas import MatchAnswer
from app.core.audit import SYSTEM, AuditEntry, audit_as
from app.core.clock import now, today
from app.extensions import db
from tests.factories import make_client_company, make_user
from tests.factories.assistants import make_assistant, make_skill

MATCH = "/api/virtual-assistants/match"
ASKED = {"skills": ["bookkeeping", "excel"], "hours_per_week": 20}


@pytest.fixture
def company(db_session):
    return make_client_company()


@pytest.fixture
def asking(api, company):
    return api(make_user(role="client", client_id=company.id))


@pytest.fixture
def people(db_session):
    make_skill("Bookkeeping", aliases=["accounts"])
    make_skill("Excel", aliases=["MS Excel", "spreadsheets"])
    return {
        "both": make_assistant(name="Both", skills=[("Bookkeeping", 5), ("Excel", 5)], rate="30"),
        "one": make_assistant(name="One", skills=[("Excel", 4)], rate="30"),
        "none": make_assistant(name="None", skills=["Juggling"], rate="30"),
    }


def names(answer):
    assert answer.status_code == 201, answer.text
    return [match["assistant"]["name"] for match in answer.json["matches"]]


def test_who_fits_best_comes_first_and_who_has_nothing_of_it_not_at_all(asking, people):
    assert names(asking.post(MATCH, json=ASKED)) == ["Both", "One"]


def test_the_answer_has_the_form_that_is_documented(asking, people):
    answer = asking.post(MATCH, json=ASKED | {"what_if": True, "max_hourly_rate": "31.00"})
    MatchAnswer.model_validate(answer.json)
    assert set(answer.json) == {"id", "matches", "what_if", "unknown_skills"}
    assert answer.json["unknown_skills"] == []
    match = answer.json["matches"][0]
    assert {"id", "assistant", "score", "status", "explanation"} <= set(match)
    assert match["status"] == "proposed"
    assert match["assistant"] == asking.get(f"/api/virtual-assistants/{people['both'].id}").json
    assert {"score", "weight", "matched", "related", "missing"} <= set(match["explanation"]["skills"])
    assert match["explanation"]["skills"]["matched"] == ["Bookkeeping", "Excel"]
    assert answer.headers["Location"] == f"{MATCH}/{answer.json['id']}"


def test_a_score_is_the_sum_of_the_parts_that_are_shown(asking, people):
    answer = asking.post(MATCH, json=ASKED | {"timezone": "Europe/Berlin", "max_hourly_rate": 45})
    for match in answer.json["matches"]:
        parts = match["explanation"]
        assert {name: part["weight"] for name, part in parts.items()} == WEIGHTS
        assert abs(sum(part["score"] * part["weight"] for part in parts.values()) - match["score"]) < 1e-9
        assert all(part["reasons"] and 0 <= part["score"] <= 1 for part in parts.values())


WORKING_DAY = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


@pytest.mark.parametrize("weekly", [WORKING_DAY, {}], ids=["hours stated", "no hours stated"])
def test_for_berlin_berlin_comes_before_auckland(asking, people, weekly):
    for zone in ("Pacific/Auckland", "Europe/Berlin"):
        make_assistant(name=zone, skills=[("Excel", 5)], rate="30", timezone=zone, weekly=weekly)
    asked = {"skills": ["Excel"], "hours_per_week": 20}
    found = asking.post(MATCH, json=asked | {"timezone": "Europe/Berlin", "limit": 10})
    order = [name for name in names(found) if "/" in name]
    assert order == ["Europe/Berlin", "Pacific/Auckland"]
    parts = {match["assistant"]["name"]: match["explanation"]["availability"] for match in found.json["matches"]}
    assert (parts["Europe/Berlin"]["score"], parts["Pacific/Auckland"]["score"]) == (1, 0)
    assert "working day in Europe/Berlin" in parts["Europe/Berlin"]["reasons"][-1]
    at_home = asking.post(MATCH, json=asked | {"timezone": "Pacific/Auckland", "limit": 10})
    assert [name for name in names(at_home) if "/" in name] == ["Pacific/Auckland", "Europe/Berlin"]
    anytime = asking.post(MATCH, json=asked | {"limit": 10}).json["matches"]
    assert {match["explanation"]["availability"]["score"] for match in anytime} == {1}


def test_a_term_that_nobody_knows_is_named_with_the_nearest(asking, people):
    made = asking.post(MATCH, json=ASKED | {"skills": ["Excel", "Bookbinding"]})
    assert made.json["unknown_skills"][0]["term"] == "Bookbinding"
    assert made.json["unknown_skills"][0]["nearest"][0] == "Bookkeeping"
    kept = asking.get(f"{MATCH}/{made.json['id']}").json
    assert kept["unknown_skills"] == made.json["unknown_skills"]
    nobody = asking.post(MATCH, json=ASKED | {"skills": ["Zzyzx"]}).json
    assert (nobody["matches"], nobody["unknown_skills"]) == ([], [{"term": "Zzyzx", "nearest": []}])


def test_an_abbreviation_of_several_skills_offers_all_of_them(asking, people):
    make_skill("Project management", aliases=["PM"])
    make_skill("Product management")
    told = asking.post(MATCH, json=ASKED | {"skills": ["PM"]}).json["unknown_skills"]
    assert told == [{"term": "PM", "nearest": ["Project management", "Product management"]}]


def test_what_stands_for_several_skills_offers_them(asking, people):
    for name, aliases in (("Accounts receivable", ["AR"]), ("Accounts payable", ["AP"]), ("Arabic", [])):
        make_skill(name, aliases=aliases)
    terms = ["AR/AP", "ERP", "AP & Zzyzx"]
    told = asking.post(MATCH, json=ASKED | {"skills": terms}).json["unknown_skills"]
    assert [each["nearest"] for each in told] == [
        ["Accounts payable", "Accounts receivable"],
        ["SAP", "Microsoft Dynamics 365", "Odoo"],
        ["Accounts payable"],
    ]


def test_skills_are_compared_by_what_they_mean(asking, people):
    assert names(asking.post(MATCH, json=ASKED | {"skills": ["MS-Excel", "Accounts"]})) == ["Both", "One"]
    twice = asking.post(MATCH, json=ASKED | {"skills": ["Excel", "spreadsheets"]})
    assert twice.json["matches"][0]["explanation"]["skills"]["matched"] == ["Excel"]


def test_the_same_request_on_the_same_data_gives_the_same_answer(asking, people):
    first, second = (asking.post(MATCH, json=ASKED).json for _ in range(2))
    assert first["id"] != second["id"]
    strip = [(match["assistant"], match["score"], match["explanation"]) for match in first["matches"]]
    assert strip == [(match["assistant"], match["score"], match["explanation"]) for match in second["matches"]]


def test_nobody_is_proposed_who_is_over_the_rate_lacks_the_hours_or_is_archived(asking, people):
    make_assistant(name="Dear", skills=["Excel"], rate="45.01")
    make_assistant(name="Busy", skills=["Excel"], weekly_hours=19)
    make_assistant(name="Gone", skills=["Excel"], archived=True)
    later = today() + timedelta(days=9)
    make_assistant(name="Late", skills=["Excel"], available_from=later)
    body = ASKED | {"max_hourly_rate": "45.00", "limit": 50}
    assert names(asking.post(MATCH, json=body)) == ["Both", "One"]
    assert "Late" in names(asking.post(MATCH, json=body | {"start_date": later.isoformat()}))


def test_reserved_hours_are_not_proposed_twice(asking, people, company):
    first = asking.post(MATCH, json=ASKED | {"hours_per_week": 25}).json["matches"][0]
    accepted = asking.patch(f"/api/virtual-assistants/matches/{first['id']}", json={"status": "accepted"})
    assert accepted.status_code == 200, accepted.text
    assert names(asking.post(MATCH, json=ASKED | {"hours_per_week": 16})) == ["One"]
    assert names(asking.post(MATCH, json=ASKED | {"hours_per_week": 15})) == ["Both", "One"]


def test_as_many_are_proposed_as_were_asked_for(asking, db_session):
    for number in range(7):
        make_assistant(name=f"Number {number}", skills=["Excel"])
    assert len(names(asking.post(MATCH, json={"skills": ["Excel"], "hours_per_week": 1}))) == 5
    assert len(names(asking.post(MATCH, json={"skills": ["Excel"], "hours_per_week": 1, "limit": 1}))) == 1
    assert len(names(asking.post(MATCH, json={"skills": ["Excel"], "hours_per_week": 1, "limit": 50}))) == 7


def test_what_was_asked_and_proposed_is_kept(asking, people, company):
    start = today() + timedelta(days=8)
    body = {
        **ASKED,
        "start_date": start.isoformat(),
        "end_date": (start + timedelta(days=30)).isoformat(),
        "max_hourly_rate": 45.5,
        "currency": "USD",
        "timezone": "Europe/Berlin",
        "time_from": "08:00",
        "time_to": "12:00",
        "weekdays": ["mon", "wed"],
        "description": "Every month.",
    }
    answer = asking.post(MATCH, json=body)
    kept = db.session.get_one(MatchRequest, answer.json["id"])
    assert kept.client_id == company.id
    assert (kept.status, kept.start_date, kept.max_hourly_rate) == ("open", start, Decimal("45.50"))
    assert [skill["name"] for skill in kept.skills] == ["Bookkeeping", "Excel"]
    assert kept.considered == 2
    matches = db.session.scalars(select(Match).where(Match.request_id == kept.id).order_by(Match.place)).all()
    assert [str(match.id) for match in matches] == [match["id"] for match in answer.json["matches"]]
    assert [match.place for match in matches] == [1, 2]
    assert [match.explanation for match in matches] == [match["explanation"] for match in answer.json["matches"]]
    assert (matches[0].starts_on, matches[0].ends_on) == (start, start + timedelta(days=30))
    assert db.session.scalars(select(Reservation)).all() == []
    read = asking.get(answer.headers["Location"])
    assert read.status_code == 200
    assert read.json["matches"] == answer.json["matches"]
    assert {name: read.json[name] for name in body} == body | {
        "skills": ["Bookkeeping", "Excel"], "hours_per_week": 20, "max_hourly_rate": "45.50",
    }  # fmt: skip


def test_a_request_is_in_the_audit_under_who_made_it(asking, people, company):
    answer = asking.post(MATCH, json=ASKED)
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.record_id == answer.json["id"])).one()
    assert (entry.action, entry.table_name, entry.client_id) == ("request", "match_requests", company.id)


def test_a_skill_that_nobody_knows_finds_nobody_and_waits_for_a_person(asking, people):
    answer = asking.post(MATCH, json=ASKED | {"skills": ["qa-skill-ab12"]})
    assert names(answer) == []
    assert names(asking.post(MATCH, json=ASKED | {"skills": ["qa-skill-ab12", "Excel"]})) == ["Both", "One"]
    make_assistant(name="Odd", skills=["qa-skill-ab12"])
    assert names(asking.post(MATCH, json=ASKED | {"skills": ["QA Skill AB12"]})) == ["Odd"]


def test_what_if_is_told_where_too_few_are_found_or_when_asked(asking, db_session):
    make_assistant(name="A little more", skills=["Excel"], rate="48")
    found_too_few = asking.post(MATCH, json={"skills": ["Excel"], "hours_per_week": 5, "max_hourly_rate": 45})
    assert names(found_too_few) == []
    assert [change["to"] for change in found_too_few.json["what_if"] if change["change"] == "rate"] == ["50.00"]
    make_assistant(name="Enough", skills=["Excel"], rate="40")
    body = {"skills": ["Excel"], "hours_per_week": 5, "max_hourly_rate": 45, "limit": 1}
    assert asking.post(MATCH, json=body).json["what_if"] == []
    assert isinstance(asking.post(MATCH, json=body | {"what_if": True}).json["what_if"], list)


def test_a_start_that_has_passed_means_today(asking, people):
    answer = asking.post(MATCH, json=ASKED | {"start_date": "2020-01-01"})
    assert db.session.get_one(MatchRequest, answer.json["id"]).start_date == today()


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"skills": None}, "/skills"),
        ({"skills": []}, "/skills"),
        ({"skills": ["excel"] * 21}, "/skills"),
        ({"skills": [f"s{n}" for n in range(10_000)]}, "/skills"),
        ({"skills": [""]}, "/skills/0"),
        ({"skills": ["---"]}, "/skills/0"),
        ({"skills": ["x" * 61]}, "/skills/0"),
        ({"skills": [{"name": "Excel"}]}, "/skills/0"),
        ({"skills": "excel"}, "/skills"),
        ({"hours_per_week": 0}, "/hours_per_week"),
        ({"hours_per_week": -1}, "/hours_per_week"),
        ({"hours_per_week": 200}, "/hours_per_week"),
        ({"hours_per_week": 1e30}, "/hours_per_week"),
        ({"hours_per_week": "twenty"}, "/hours_per_week"),
        ({"hours_per_week": True}, "/hours_per_week"),
        ({"hours_per_week": 7.333}, "/hours_per_week"),
        ({"start_date": "2026-13-01"}, "/start_date"),
        ({"start_date": "soon"}, "/start_date"),
        ({"start_date": 20261201}, "/start_date"),
        ({"start_date": "9999-12-31"}, "/start_date"),
        ({"start_date": "2027-02-02", "end_date": "2027-02-01"}, "/end_date"),
        ({"end_date": "2020-01-01"}, "/end_date"),
        ({"start_date": "2020-01-01", "end_date": "2020-01-02"}, "/end_date"),
        ({"max_hourly_rate": -1}, "/max_hourly_rate"),
        ({"max_hourly_rate": 1e30}, "/max_hourly_rate"),
        ({"max_hourly_rate": 1_000_000}, "/max_hourly_rate"),
        ({"max_hourly_rate": "45.001"}, "/max_hourly_rate"),
        ({"currency": "XYZ"}, "/currency"),
        ({"timezone": "Mars/Olympus"}, "/timezone"),
        ({"timezone": "../../etc/passwd"}, "/timezone"),
        ({"timezone": "UTC", "time_from": "25:00", "time_to": "12:00"}, "/time_from"),
        ({"timezone": "UTC", "time_from": "09:00"}, "/time_to"),
        ({"time_from": "09:00", "time_to": "12:00"}, "/time_from"),
        ({"weekdays": []}, "/weekdays"),
        ({"weekdays": ["mon", "mon"]}, "/weekdays"),
        ({"weekdays": ["monday"]}, "/weekdays/0"),
        ({"description": "x" * 5001}, "/description"),
        ({"limit": 0}, "/limit"),
        ({"limit": 51}, "/limit"),
        ({"limit": "all"}, "/limit"),
        ({"score": 1}, "/score"),
        ({"client_id": "mine"}, "/client_id"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_place(asking, people, wrong, pointer):
    answer = asking.post(MATCH, json=ASKED | wrong)
    assert answer.status_code == 422, answer.text
    assert pointer in [error["pointer"] for error in answer.json["errors"]]
    assert db.session.scalars(select(MatchRequest)).all() == []


@pytest.mark.parametrize("missing", ["skills", "hours_per_week"])
def test_skills_and_hours_are_needed(asking, missing):
    answer = asking.post(MATCH, json={name: value for name, value in ASKED.items() if name != missing})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [f"/{missing}"]


def test_who_may_ask(client, api, company, people):
    assert client.post(MATCH, json=ASKED).status_code == 401
    assert api(make_user(role="expert")).post(MATCH, json=ASKED).status_code == 403
    for role in ("manager", "admin"):
        staff = api(make_user(role=role))
        assert staff.post(MATCH, json=ASKED).status_code == 422
        assert staff.post(MATCH, json=ASKED | {"client_id": str(uuid4())}).status_code == 404
        assert staff.post(MATCH, json=ASKED | {"client_id": str(company.id)}).status_code == 201


def test_another_companys_request_is_not_there(api, asking, people, company):
    other = api(make_user(role="client"))
    assert other.post(MATCH, json=ASKED | {"client_id": str(company.id)}).status_code == 404
    made = asking.post(MATCH, json=ASKED).headers["Location"]
    assert asking.get(made).status_code == 200
    assert api(make_user(role="manager")).get(made).status_code == 200
    assert other.get(made).status_code == 404
    assert api(make_user(role="expert")).get(made).status_code == 403
    assert asking.get(f"{MATCH}/nonsense").status_code == 404
    assert asking.get(f"{MATCH}/{uuid4()}").status_code == 404


def test_the_same_key_asks_once(asking, people):
    first, second = (asking.post(MATCH, json=ASKED, headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert first.json == second.json
    assert len(db.session.scalars(select(MatchRequest)).all()) == 1


def test_an_assistant_who_leaves_is_not_proposed_from_then_on(asking, people):
    audit_as(db.session, actor=SYSTEM, action="archive")
    db.session.get_one(Assistant, people["both"].id).archived_at = now()
    db.session.commit()
    assert names(asking.post(MATCH, json=ASKED)) == ["One"]
