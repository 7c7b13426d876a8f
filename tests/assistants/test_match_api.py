"""Matches in the API: who sees which, and what may be done with them."""

from datetime import timedelta

import pytest

from app.assistants.engagements import operations as engagements
from app.core.audit import SYSTEM
from app.core.clock import today
from app.extensions import db
from tests.factories.assistants import make_assistant
from tests.factories.engagements import make_match, make_request

MINE = "/api/virtual-assistants/my-matches"
ONE = "/api/virtual-assistants/matches/{}"
NOWHERE = "019aa8f0-a110-7b51-9a3b-2f6f0f5a1c77"


@pytest.fixture
def company(make_user):
    return make_user(role="client")


@pytest.fixture
def match(company):
    return make_match(request=make_request(client=company.client))


def test_a_company_lists_its_own_matches_newest_first(api, company):
    first, second = (make_match(request=make_request(client=company.client)) for _ in range(2))
    make_match()
    answer = api(company).get(MINE)
    assert [row["id"] for row in answer.json] == [str(second.id), str(first.id)]
    assert answer.headers["X-Total-Count"] == "2"


def test_a_list_can_be_narrowed_to_a_state(api, company):
    taken = make_match("accepted", request=make_request(client=company.client))
    make_match(request=make_request(client=company.client))
    program = api(company)
    assert [row["id"] for row in program.get(f"{MINE}?status=accepted").json] == [str(taken.id)]
    assert program.get(f"{MINE}?status=lost").status_code == 422


def test_staff_list_all_matches_or_those_of_a_company(api, make_user, company, match):
    other = make_match()
    program = api(make_user())
    assert {row["id"] for row in program.get(MINE).json} == {str(match.id), str(other.id)}
    assert [row["id"] for row in program.get(f"{MINE}?client_id={company.client_id}").json] == [str(match.id)]


def test_another_company_is_not_there(api, company):
    other = make_match()
    program = api(company)
    assert program.get(f"{MINE}?client_id={other.client_id}").status_code == 404
    assert program.get(f"{MINE}?client_id={company.client_id}").status_code == 200
    one = ONE.format(other.id)
    assert program.get(one).status_code == 404
    assert program.patch(one, json={"status": "accepted"}).status_code == 404
    assert program.post(f"{one}/review", json={"stars": 1}).status_code == 404
    assert program.get(f"{MINE}?assistant_id={other.assistant_id}").json == []


@pytest.mark.parametrize("reference", [NOWHERE, "nonsense", "%00"])
def test_what_is_nowhere_is_not_there(api, company, reference):
    program = api(company)
    assert program.get(ONE.format(reference)).status_code == 404
    assert program.patch(ONE.format(reference), json={"status": "accepted"}).status_code == 404


def test_a_page_leads_on_to_the_next(api, company):
    made = [make_match(request=make_request(client=company.client)) for _ in range(3)]
    program = api(company)
    answer = program.get(f"{MINE}?limit=2")
    following = answer.headers["Link"].partition("<")[2].partition(">")[0]
    seen = [row["id"] for row in answer.json] + [row["id"] for row in program.get(following).json]
    assert seen == [str(match.id) for match in reversed(made)]


def test_a_match_is_answered_with_its_assistant_and_the_terms(api, company):
    assistant = make_assistant(name="Ana Pérez", skills=(("Excel", 5),), rate="38.00", currency="EUR")
    start = today() + timedelta(days=7)
    request = make_request(client=company.client, hours="7.5", start=start)
    found = api(company).get(ONE.format(make_match(request=request, assistant=assistant, score=0.75).id)).json
    assert found["assistant"]["name"] == "Ana Pérez"
    assert found["assistant"]["skills"] == ["Excel"]
    assert found["explanation"]["skills"]["matched"] == ["Excel"]
    terms = {name: found[name] for name in ("score", "hours_per_week", "hourly_rate", "currency", "starts_on")}
    assert terms == {
        "score": 0.75,
        "hours_per_week": 7.5,
        "hourly_rate": "38.00",
        "currency": "EUR",
        "starts_on": start.isoformat(),
    }


def test_accepting_and_completing_by_patch(api, company, match):
    program = api(company)
    answer = program.patch(ONE.format(match.id), json={"status": "accepted"})
    assert (answer.status_code, answer.json["status"]) == (200, "accepted")
    assert answer.json["assistant"]["available_hours"] == 20
    assert answer.json["decided_at"].endswith("Z")
    done = program.patch(ONE.format(match.id), json={"status": "completed", "note": "Well done."})
    assert (done.status_code, done.json["ended_on"], done.json["note"]) == (200, today().isoformat(), "Well done.")
    assert done.json["assistant"]["available_hours"] == 40


@pytest.mark.parametrize("status", ["proposed", "completed", "ended", "withdrawn"])
def test_a_step_that_does_not_follow_is_a_conflict(api, company, match, status):
    answer = api(company).patch(ONE.format(match.id), json={"status": status})
    assert answer.status_code == 409
    assert answer.mimetype == "application/problem+json"


def test_hours_that_are_gone_are_a_conflict(api, company):
    assistant = make_assistant(weekly_hours=20, name="Ana Pérez")
    make_match("accepted", assistant=assistant)
    match = make_match(request=make_request(client=company.client), assistant=assistant)
    answer = api(company).patch(ONE.format(match.id), json={"status": "accepted"})
    assert (answer.status_code, answer.json["detail"]) == (409, "Ana Pérez has 0 of 20 hours a week left in that time.")


def test_staff_withdraw_what_a_company_can_not(api, make_user, match):
    answer = api(make_user()).patch(ONE.format(match.id), json={"status": "withdrawn"})
    assert (answer.status_code, answer.json["status"]) == (200, "withdrawn")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": "lost"},
        {"status": "accepted", "price": 1},
        {"status": "accepted", "id": NOWHERE},
        {"status": "accepted", "on": "2026-12-01"},
        {"status": "completed", "on": "soon"},
        {"status": "completed", "on": 20261201},
        {"status": "declined", "note": "x" * 1001},
        {"status": ["accepted"]},
    ],
)
def test_a_body_that_makes_no_sense_is_refused(api, company, match, body):
    assert api(company).patch(ONE.format(match.id), json=body).status_code == 422


def test_a_day_that_goes_with_no_step_is_told_at_its_field(api, company, match):
    answer = api(company).patch(ONE.format(match.id), json={"status": "accepted", "on": "2026-12-01"})
    assert [error["pointer"] for error in answer.json["errors"]] == ["/on"]


def test_a_day_out_of_range_is_told_at_its_field(api, company):
    match = make_match("accepted", request=make_request(client=company.client))
    far = (today() + timedelta(days=3)).isoformat()
    answer = api(company).patch(ONE.format(match.id), json={"status": "completed", "on": far})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/on")


def test_a_change_on_what_is_outdated_is_refused(api, company, match):
    program = api(company)
    tag = program.get(ONE.format(match.id)).headers["ETag"]
    program.patch(ONE.format(match.id), json={"status": "accepted"})
    late = program.patch(ONE.format(match.id), json={"status": "completed"}, headers={"If-Match": tag})
    assert late.status_code == 412


def test_a_company_reviews_an_engagement_once(api, company):
    match = make_match("completed", request=make_request(client=company.client))
    program = api(company)
    answer = program.post(ONE.format(match.id) + "/review", json={"stars": 4, "comment": "Kind."})
    assert (answer.status_code, answer.json["stars"]) == (201, 4)
    assert answer.headers["Location"] == ONE.format(match.id)
    found = program.get(ONE.format(match.id)).json
    assert (found["review"]["comment"], found["assistant"]["rating"]) == ("Kind.", 4)
    assert program.post(ONE.format(match.id) + "/review", json={"stars": 5}).status_code == 409


def test_a_review_comes_after_the_engagement(api, company, match):
    assert api(company).post(ONE.format(match.id) + "/review", json={"stars": 4}).status_code == 409


@pytest.mark.parametrize("stars", [0, 6, 3.5, "many", None, True])
def test_stars_are_from_one_to_five(api, company, stars):
    match = make_match("completed", request=make_request(client=company.client))
    assert api(company).post(ONE.format(match.id) + "/review", json={"stars": stars}).status_code == 422


def test_staff_do_not_review(api, make_user):
    match = make_match("completed")
    assert api(make_user()).post(ONE.format(match.id) + "/review", json={"stars": 5}).status_code == 403


def test_others_hear_nothing_about_matches(client, api, make_user, match):
    one = ONE.format(match.id)
    expert = api(make_user(role="expert"))
    for method, path in (("get", MINE), ("get", one), ("patch", one), ("post", f"{one}/review")):
        body = {} if method == "get" else {"json": {"status": "accepted"}}
        assert getattr(client, method)(path, **body).status_code == 401, path
        assert getattr(expert, method)(path, **body).status_code == 403, path


def test_an_engagement_is_worked_and_ended_by_the_operations_alike(api, company, match):
    engagements.accept_match(match, actor=SYSTEM)
    db.session.commit()
    answer = api(company).patch(ONE.format(match.id), json={"status": "ended", "note": "We are moving."})
    assert (answer.json["status"], answer.json["note"]) == ("ended", "We are moving.")
