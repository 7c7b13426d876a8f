"""The pages of requests and matches, from each side."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.assistants.models import Match, MatchRequest, Reservation, Review
from app.core.clock import today
from app.extensions import db
from tests.factories.assistants import make_assistant
from tests.factories.engagements import make_match, make_request

NOBODYS = "019aa8f0-a110-7b51-9a3b-2f6f0f5a1c77"
SIDES = {"client": "/dashboard/matches", "manager": "/admin/matches"}


@pytest.fixture
def mine(as_client):
    """A proposal to the company that is signed in."""
    return make_match(request=make_request(client=as_client.user.client))


def browser_of(request, role):
    return request.getfixturevalue(f"as_{role}")


def make_mine(browser, status="proposed", **values):
    client = browser.user.client
    return make_match(status, request=make_request(client=client) if client else None, **values)


def fresh(match):
    db.session.expire_all()
    return db.session.get(Match, match.id)


def asked(**more):
    return {
        "skills": ["Excel", "", "Bookkeeping"],
        "hours_per_week": "20",
        "start_date": today().isoformat(),
        "times": "Any time",
        "currency": "Any",
        "weekdays": ["", "mon", "tue"],
        "limit": "5",
    } | more


@pytest.mark.parametrize(("role", "base"), SIDES.items())
def test_the_pages_of_requests_and_matches_are_there(request, role, base):
    browser = browser_of(request, role)
    made = {status: make_mine(browser, status) for status in ("proposed", "accepted", "completed", "declined")}
    paths = [base, f"{base}/requests", f"{base}/new"]
    paths += [f"{base}/{match.id}" for match in made.values()]
    paths += [f"{base}/requests/{match.request_id}" for match in made.values()]
    paths += [f"{base}/{made['proposed'].id}/decline", f"{base}/{made['accepted'].id}/end"]
    paths += [f"{base}/{made['accepted'].id}/complete", f"{base}/requests?status=open"]
    for path in paths:
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert "<h1" in answer.text, path


def test_a_company_sees_at_a_glance_what_it_has(as_client):
    client = as_client.user.client
    make_match("accepted", request=make_request(client=client), assistant=make_assistant(name="Ana Pérez"))
    make_match(request=make_request(client=client, skills=("Copywriting",)))
    page = as_client.get("/dashboard/matches").text
    assert "Ana Pérez" in page
    assert "Copywriting" in page
    assert "1 person fits" in page


@pytest.mark.parametrize("path", ["{0}", "{0}/decline", "requests/{1}", "requests/{1}/what-if"])
def test_another_companys_pages_are_not_there(as_client, path):
    other = make_match()
    assert as_client.get(f"/dashboard/matches/{path.format(other.id, other.request_id)}").status_code == 404


@pytest.mark.parametrize("act", ["accept", "decline", "complete", "end", "review"])
def test_another_companys_matches_are_not_touched(as_client, act):
    other = make_match("accepted" if act in ("complete", "end") else "proposed")
    before = other.status
    answer = as_client.post(f"/dashboard/matches/{other.id}/{act}", data={"note": "x", "stars": "5"})
    assert answer.status_code == 404
    assert fresh(other).status == before


def test_another_companys_request_is_not_closed(as_client):
    other = make_request()
    assert as_client.post(f"/dashboard/matches/requests/{other.id}/close").status_code == 404
    db.session.refresh(other)
    assert other.status == "open"


def test_lists_show_the_own_company_alone(as_client):
    make_match(assistant=make_assistant(name="Somebody Else"))
    for path in ("", "/requests", "/engagements", "/requests?client_id=" + NOBODYS):
        page = as_client.get(f"/dashboard/matches{path}").text
        assert "Somebody Else" not in page


@pytest.mark.parametrize("path", ["", "/new", "/requests", f"/{NOBODYS}", f"/{NOBODYS}/accept"])
def test_each_side_is_for_its_own_people(client, as_client, as_expert, path):
    method = "post" if path.endswith("accept") else "get"
    for browser in (as_client, as_expert):
        assert getattr(browser, method)(f"/admin/matches{path}").status_code == 403, path
    assert getattr(as_expert, method)(f"/dashboard/matches{path}").status_code == 403
    for base in ("/admin/matches", "/dashboard/matches"):
        assert getattr(client, method)(f"{base}{path}").status_code in (302, 303, 401, 403)


def test_assignments_are_for_experts(as_client):
    assert as_client.get("/dashboard/assignments").status_code == 403
    assert as_client.post(f"/dashboard/assignments/{NOBODYS}/end").status_code == 403


@pytest.mark.parametrize(("role", "base"), SIDES.items())
def test_accepting_leads_to_the_engagement(request, role, base):
    browser = browser_of(request, role)
    match = make_mine(browser)
    answer = browser.post(f"{base}/{match.id}/accept")
    assert (answer.status_code, answer.location) == (303, f"{base}/{match.id}")
    assert fresh(match).status == "accepted"
    assert db.session.scalar(select(Reservation.match_id)) == match.id


@pytest.mark.parametrize(("role", "base"), SIDES.items())
def test_a_step_says_that_it_can_not_be_undone_and_what_to_do(request, role, base):
    browser = browser_of(request, role)
    proposed, accepted = make_mine(browser), make_mine(browser, "accepted")
    assert "can’t be undone" not in browser.get(f"{base}/{proposed.id}").text
    page = browser.get(f"{base}/{accepted.id}").text
    assert "This step can’t be undone, because both sides were told" in page
    assert f'href="{base}/new?again={accepted.request_id}"' in page


def test_a_rate_in_any_currency_and_one_hour_are_plain_english(as_client):
    made = make_request(client=as_client.user.client, max_hourly_rate=Decimal("49.90"), currency=None, hours=1)
    page = as_client.get(f"/dashboard/matches/requests/{made.id}").text
    assert "49.90 an hour, in any currency" in page
    assert "1 hour a week from" in as_client.get("/dashboard/").text


def test_a_wrong_form_for_a_step_that_is_over_says_that_it_is_over(as_client):
    over = make_mine(as_client, "ended")
    answer = as_client.post(f"/dashboard/matches/{over.id}/complete", data={"on": "2027-02-30"})
    assert answer.status_code == 303
    assert "This match is over already." in as_client.get(answer.location).text
    running = make_mine(as_client, "accepted")
    assert as_client.post(f"/dashboard/matches/{running.id}/complete", data={"on": "2027-02-30"}).status_code == 422


def test_hours_that_are_gone_are_told_at_the_request(as_client):
    assistant = make_assistant(weekly_hours=20, name="Ana Pérez")
    make_match("accepted", assistant=assistant)
    match = make_match(request=make_request(client=as_client.user.client), assistant=assistant)
    answer = as_client.post(f"/dashboard/matches/{match.id}/accept")
    assert answer.location == f"/dashboard/matches/requests/{match.request_id}"
    assert "Ana Pérez has 0 of 20 hours a week left" in as_client.get(answer.location).text
    assert fresh(match).status == "proposed"


def test_declining_with_a_reason_leads_back_to_the_others(as_client, mine):
    answer = as_client.post(f"/dashboard/matches/{mine.id}/decline", data={"note": "Too far away."})
    assert answer.location == f"/dashboard/matches/requests/{mine.request_id}"
    assert (fresh(mine).status, mine.note) == ("declined", "Too far away.")


def test_an_end_needs_a_reason_and_a_day_that_makes_sense(as_client):
    match = make_mine(as_client, "accepted")
    path = f"/dashboard/matches/{match.id}/end"
    answer = as_client.post(path, data={"on": today().isoformat(), "note": ""})
    assert answer.status_code == 422
    assert re.search(
        r'<textarea[^>]*name="note"[^>]*aria-invalid="true"|aria-invalid="true"[^>]*name="note"', answer.text
    )
    far = today() - timedelta(days=30)
    answer = as_client.post(path, data={"on": far.isoformat(), "note": "We are moving."})
    assert answer.status_code == 422
    assert "We are moving." in answer.text
    assert "Choose a day from" in answer.text
    assert as_client.post(path, data={"on": today().isoformat(), "note": "We are moving."}).status_code == 303
    assert fresh(match).status == "ended"


def test_completing_and_reviewing(as_client):
    match = make_mine(as_client, "accepted")
    path = f"/dashboard/matches/{match.id}"
    assert as_client.post(f"{path}/complete", data={"on": today().isoformat(), "note": ""}).location == path
    assert as_client.post(f"{path}/review", data={"comment": "Kind."}).status_code == 422
    assert as_client.post(f"{path}/review", data={"stars": "4", "comment": "Kind."}).location == path
    review = db.session.scalars(select(Review)).one()
    assert (review.stars, review.comment, review.match_id) == (4, "Kind.", match.id)
    assert as_client.post(f"{path}/review", data={"stars": "4"}).status_code == 303
    assert "reviewed already" in as_client.get(path).text


def test_a_step_that_does_not_follow_is_told_at_the_match(as_client, mine):
    for act in ("complete", "end", "review"):
        answer = as_client.get(f"/dashboard/matches/{mine.id}/{act}")
        assert answer.location == f"/dashboard/matches/{mine.id}"
    as_client.get(f"/dashboard/matches/{mine.id}")
    sent = as_client.post(f"/dashboard/matches/{mine.id}/complete", data={"on": today().isoformat()})
    assert sent.location == f"/dashboard/matches/{mine.id}"
    told, again = (as_client.get(sent.location).text for _ in range(2))
    reason = "A match that is proposed can’t be completed."
    assert (told.count(reason), again.count(reason)) == (2, 1)


def test_a_match_shows_where_it_is_and_why_not_every_step_is_open(as_client, mine):
    page = as_client.get(f"/dashboard/matches/{mine.id}").text
    state, course = page.split('id="states-title"')[1].split('<ol class="match-steps">')
    assert "Proposed</span>" in state
    assert ("Proposed</p>" in course, "Accepted</p>" in course, "Waits for you" in course) == (True, True, True)
    assert '<strong>Withdraw</strong> <span class="text-secondary">by DIG|LIT</span>' in page
    assert "An engagement is reviewed when it is completed or has ended." in page
    assert f"{mine.id}/withdraw" not in page


def test_what_somebody_wrote_stays_text(as_client):
    request = make_request(client=as_client.user.client, description="<script>alert(1)</script>")
    assistant = make_assistant(name='Ana "Anna" <b>Pérez</b>')
    match = make_match(request=request, assistant=assistant)
    for path in (f"requests/{request.id}", str(match.id)):
        page = as_client.get(f"/dashboard/matches/{path}").text
        assert "<script>alert(1)" not in page
        assert "<b>Pérez" not in page


def test_a_request_shows_each_part_as_a_bar_and_as_numbers(as_client, mine):
    page = as_client.get(f"/dashboard/matches/requests/{mine.request_id}").text
    assert page.count('class="part-bar"') >= 6
    for name in ("Skills", "Rate", "Hours of the day", "Presence", "Reviews", "Free week"):
        assert name in page
    assert "How the score of" in page
    assert "A reason for rate." in page


def test_closing_a_request_withdraws_what_is_open(as_client, mine):
    path = f"/dashboard/matches/requests/{mine.request_id}"
    assert as_client.post(f"{path}/close").location == path
    assert fresh(mine).status == "withdrawn"
    assert "closed" in as_client.post(f"{path}/close", follow_redirects=True).text


@pytest.mark.usefixtures("committed_db")
class TestAsking:
    """With people to be found: the index reads what is committed."""

    def test_a_request_finds_people_and_leads_to_them(self, as_client):
        make_assistant(name="Ana Pérez", skills=("Excel", "Bookkeeping"))
        answer = as_client.post("/dashboard/matches/new", data=asked())
        assert answer.status_code == 303
        page = as_client.get(answer.location).text
        assert "1 person fits" in page
        assert "Ana Pérez" in page
        request = db.session.scalars(select(MatchRequest)).one()
        assert request.client_id == as_client.user.client_id
        assert (request.weekdays, [skill["name"] for skill in request.skills]) == (
            ["mon", "tue"],
            ["Excel", "Bookkeeping"],
        )

    @pytest.mark.parametrize("typed", [["bookkeeping, excel"], ["Bookkeeping;", "excel ; "], ["Bookkeeping，Excel,"]])
    def test_skills_may_be_typed_in_one_line(self, as_client, typed):
        make_assistant(name="Ana Pérez", skills=("Excel", "Bookkeeping"))
        answer = as_client.post("/dashboard/matches/new", data=asked(skills=typed))
        assert "1 person fits" in as_client.get(answer.location).text
        request = db.session.scalars(select(MatchRequest)).one()
        assert [skill["name"] for skill in request.skills] == ["Bookkeeping", "Excel"]

    def test_a_skill_whose_name_has_a_comma_stays_one(self, as_client):
        make_assistant(name="Ana Pérez", skills=("Excel", "Research, legal"))
        as_client.post("/dashboard/matches/new", data=asked(skills=["research, legal", "excel, \0"]))
        as_client.post("/dashboard/matches/new", data=asked(skills=["research, legal", "excel"]))
        request = db.session.scalars(select(MatchRequest)).one()
        assert [skill["name"] for skill in request.skills] == ["Research, legal", "Excel"]

    def test_a_request_that_finds_nobody_says_so(self, as_client):
        make_assistant(name="Ana Pérez", skills=("Excel",), rate="60.00")
        answer = as_client.post("/dashboard/matches/new", data=asked(max_hourly_rate="50"))
        page = as_client.get(f"{answer.location}?what-if=1").text
        assert "Nobody fits" in page
        assert "At most 60.00 an hour instead of 50.00" in page

    def test_a_what_if_can_be_asked_with(self, as_client):
        make_assistant(name="Ana Pérez", skills=("Excel",), rate="60.00")
        answer = as_client.post("/dashboard/matches/new", data=asked(max_hourly_rate="50"))
        fragment = as_client.get(f"{answer.location}/what-if", headers={"HX-Request": "true"}).text
        link = re.search(r'href="(/dashboard/matches/new\?[^"]+)"', fragment)[1].replace("&amp;", "&")
        page = as_client.get(link).text
        assert 'value="60.00"' in page
        assert 'value="Excel"' in page

    def test_somebody_who_was_not_proposed_is_explained(self, as_client):
        make_assistant(name="Ana Pérez", skills=("Excel",))
        other = make_assistant(name="Ben Low", skills=("Excel",), weekly_hours=10)
        answer = as_client.post("/dashboard/matches/new", data=asked())
        found = as_client.get(f"{answer.location}?name=ben").text
        assert f"who={other.id}" in found
        assert "10 of 10 hours a week left" in as_client.get(f"{answer.location}?who={other.id}").text

    def test_staff_ask_for_a_company_that_they_name(self, as_manager, make_client_company):
        make_assistant(name="Ana Pérez", skills=("Excel",))
        company = make_client_company(name="Brightwater")
        assert as_manager.post("/admin/matches/new", data=asked()).status_code == 422
        answer = as_manager.post("/admin/matches/new", data=asked(client_id=["", str(company.id)]))
        assert answer.status_code == 303
        assert "Brightwater" in as_manager.get(answer.location).text


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"skills": ["", ""]}, "Name one skill at least."),
        ({"skills": [f"skill {n}" for n in range(21)]}, "20 at most"),
        ({"hours_per_week": ""}, "Say how many hours a week."),
        ({"hours_per_week": "200"}, "from 0 to 168"),
        ({"hours_per_week": "-1"}, "from 0 to 168"),
        ({"hours_per_week": "1e30"}, "number"),
        ({"start_date": "2020-01-01"}, "This day has passed."),
        ({"start_date": "2027-02-30"}, "no such day"),
        ({"end_date": "2020-01-01"}, "before the first"),
        ({"max_hourly_rate": "1e30"}, "number"),
        ({"max_hourly_rate": "-5"}, "0 or more"),
        ({"times": "Mornings", "timezone": ""}, "time zone"),
        ({"times": "Mornings", "timezone": "Mars/Olympus"}, "time zone"),
        ({"times": "These hours", "timezone": "Europe/Berlin", "time_from": "09:00"}, "Give both times."),
        (
            {"times": "These hours", "timezone": "Europe/Berlin", "time_from": "25:00", "time_to": "26:00"},
            "time of the day",
        ),
        ({"times": "Nights"}, "Choose one of"),
        ({"weekdays": [""]}, "1 at least"),
        ({"weekdays": ["", "someday"]}, "Choose one of"),
        ({"limit": "51"}, "from 1 to 50"),
    ],
)
def test_what_makes_no_sense_is_told_at_its_field(as_client, wrong, told):
    answer = as_client.post("/dashboard/matches/new", data=asked(**wrong))
    assert answer.status_code == 422
    assert told in answer.text
    assert db.session.scalar(select(MatchRequest.id)) is None


def test_an_assistant_follows_the_own_assignments(as_expert, make_user):
    assistant = make_assistant(user=as_expert.user)
    company = make_user(role="client").client
    company.name = "Brightwater"
    proposed = make_match(request=make_request(client=company), assistant=assistant)
    running = make_match("accepted", request=make_request(client=company, hours=10), assistant=assistant)
    page = as_expert.get("/dashboard/assignments").text
    assert page.count("Brightwater") >= 2
    assert as_expert.get(f"/dashboard/assignments/{proposed.id}").status_code == 200
    assert "Your whole calendar" in as_expert.get(f"/dashboard/assignments/{running.id}").text
    sent = as_expert.post(f"/dashboard/assignments/{running.id}/end", data={"on": today().isoformat(), "note": "Ill."})
    assert sent.location == f"/dashboard/assignments/{running.id}"
    as_expert.post(f"/dashboard/assignments/{proposed.id}/decline", data={"note": ""})
    assert (fresh(running).status, fresh(proposed).status) == ("ended", "declined")


def test_an_assistant_can_neither_accept_nor_see_others(as_expert):
    make_assistant(user=as_expert.user)
    other = make_match("accepted")
    for path in (f"/{other.id}", f"/{other.id}/end"):
        assert as_expert.get(f"/dashboard/assignments{path}").status_code == 404
    assert as_expert.post(f"/dashboard/assignments/{other.id}/accept").status_code == 404
    assert as_expert.get(f"/dashboard/matches/{other.id}").status_code == 403


def test_an_expert_without_a_profile_has_no_assignments(as_expert):
    assert "No engagement at the moment" in as_expert.get("/dashboard/assignments").text


def test_staff_find_matches_by_person_or_company(as_manager, make_client_company):
    company = make_client_company(name="Brightwater Stores")
    match = make_match(request=make_request(client=company), assistant=make_assistant(name="Ana Pérez"))
    other = make_match(assistant=make_assistant(name="Ben Low"))
    for words in ("perez", "Ana", "bright", "brightwater stores"):
        page = as_manager.get("/admin/matches", query_string={"who": words}).text
        assert f"/admin/matches/{match.id}" in page, words
        assert f"/admin/matches/{other.id}" not in page, words
    for words in ("nobody", "&|!", "'"):
        assert str(match.id) not in as_manager.get("/admin/matches", query_string={"who": words}).text


@pytest.mark.usefixtures("committed_db")
def test_staff_export_matches(as_manager):
    match = make_match(assistant=make_assistant(name="Ana Pérez"))
    text = as_manager.get("/admin/matches/export.csv").text
    assert "Ana Pérez" in text
    assert str(match.id) in text


def test_staff_are_led_from_the_companies_pages_to_their_own(as_manager):
    match = make_match()
    for path in ("", "/requests", "/new", f"/{match.id}", f"/requests/{match.request_id}"):
        answer = as_manager.get(f"/dashboard/matches{path}")
        assert (answer.status_code, answer.location.split("?")[0]) == (303, f"/admin/matches{path}")


def test_staff_withdraw_a_proposal(as_manager):
    match = make_match()
    answer = as_manager.post(f"/admin/matches/{match.id}/withdraw")
    assert answer.location == f"/admin/matches/requests/{match.request_id}"
    assert fresh(match).status == "withdrawn"


def test_the_company_alone_reviews_on_its_page_too(as_manager):
    match = make_match(status="completed")
    path = f"/dashboard/matches/{match.id}/review"
    answers = as_manager.post(path, data={"stars": "1", "comment": "Never."}), as_manager.get(path)
    assert [answer.status_code for answer in answers] == [403, 403]
    assert db.session.scalars(select(Review)).all() == []


def test_a_request_without_skills_has_a_name_in_the_lists(as_client, as_manager):
    mine = make_request(client=as_client.user.client, skills=[])
    for browser, base in ((as_client, "/dashboard/matches"), (as_manager, "/admin/matches")):
        page = browser.get(f"{base}/requests")
        assert (page.status_code, f"{base}/requests/{mine.id}" in page.text) == (200, True)
        assert "Without skills" in page.text
