"""A company asks for a team: what comes of it, which teams are suggested, what is refused."""

from datetime import timedelta
from decimal import Decimal
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.assistants.models import Reservation
from app.core.audit import SYSTEM, audit_as
from app.core.clock import today
from app.extensions import db
from app.projects.models import Project
from app.projects.teams import suggestions as suggesting
from app.projects.teams.suggestions import suggest_teams
from tests.days import from_today
from tests.factories.assistants import make_assistant, make_skill
from tests.factories.engagements import make_match
from tests.factories.projects import make_team

PATH = "/api/expert-teams/request"


def first_day():
    return today() + timedelta(days=10)


def last_day():
    return today() + timedelta(days=80)


def body():
    days = {"start_date": first_day().isoformat(), "end_date": last_day().isoformat()}
    return {"specialization": "cloud migration", **days}


@pytest.fixture
def company(api, make_user):
    return api(make_user(role="client"))


def ask(who, **more):
    answer = who.post(PATH, json=body() | more)
    assert answer.status_code == 201, answer.text
    return answer


def suggested(who, **more):
    return [one["name"] for one in ask(who, **more).json["suggested_teams"]]


def take_all_hours(assistant, first=None, last=None):
    """Somebody else's work on every day of those dates."""
    first, last = first or first_day(), last or last_day()
    match = make_match(assistant=assistant)
    audit_as(db.session, actor=SYSTEM, action="create")
    taken = {"assistant_id": assistant.id, "client_id": match.client_id, "hours_per_week": assistant.weekly_hours}
    db.session.add(Reservation(match_id=match.id, starts_on=first, ends_on=last, **taken))
    db.session.commit()


def test_request_is_a_project_that_the_company_sees(company):
    answer = ask(company, title="Move us", description="All of it", budget="50000.00", currency="EUR", skills=["AWS"])
    project = answer.json
    assert (project["status"], project["name"], project["budget"]) == ("requested", "Move us", "50000.00")
    assert (project["team_id"], project["skills"], project["start_date"]) == (None, ["AWS"], first_day().isoformat())
    read = company.get(answer.headers["Location"])
    assert read.status_code == 200
    assert {**read.json, "suggested_teams": project["suggested_teams"]} == project


def test_only_the_specialization_is_needed(company):
    answer = company.post(PATH, json={"specialization": "cloud migration"})
    assert answer.status_code == 201, answer.text
    assert answer.json["name"]


def test_team_comes_with_reasons_and_parts_that_sum_to_its_score(company):
    ana = make_assistant(name="Ana", skills=[("Terraform", 5)], weekly_hours=30)
    team = make_team(name="Movers", specialization="Cloud migration", members=[ana])
    (one,) = ask(company, skills=["Terraform", "Falconry"]).json["suggested_teams"]
    assert (one["id"], one["team"]["id"], one["team"]["capacity_free"]) == (str(team.id), str(team.id), 30.0)
    parts = one["explanation"].values()
    assert sum(part["weight"] for part in parts) == pytest.approx(1)
    assert one["score"] == pytest.approx(sum(part["weight"] * part["score"] for part in parts), abs=1e-9)
    assert all(part["reasons"] for part in parts)
    assert set(one["reasons"]) == {reason for part in parts for reason in part["reasons"]}
    assert one["explanation"]["skills"]["matched"] == ["Terraform"]
    assert one["explanation"]["skills"]["missing"] == ["Falconry"]
    assert one["explanation"]["skills"]["score"] == 0.5
    assert one["explanation"]["specialization"]["score"] == 1.0


def test_teams_are_ranked_by_what_they_do_and_know(company):
    excel = make_skill("Excel")
    make_team(name="Near", specialization="Cloud services", members=[make_assistant()])
    make_team(name="Best", specialization="Cloud migrations", members=[make_assistant(skills=[(excel, 5)])])
    make_team(name="Good", specialization="Cloud migration", members=[make_assistant()])
    make_team(name="Other", specialization="Bookkeeping", members=[make_assistant()])
    assert suggested(company, skills=["excel"]) == ["Best", "Good", "Near"]


def test_team_without_hours_left_in_those_dates_is_not_suggested(company):
    busy, free = make_assistant(weekly_hours=20), make_assistant(weekly_hours=20)
    make_team(name="Busy", members=[busy])
    make_team(name="Free", members=[free])
    assert suggested(company) == ["Busy", "Free"] or suggested(company) == ["Free", "Busy"]
    take_all_hours(busy)
    assert suggested(company) == ["Free"]


def test_hours_outside_of_the_dates_make_no_team_free(company):
    """The first and the last week of the dates have other days, too."""
    busy = make_assistant(weekly_hours=20)
    make_team(members=[busy])
    take_all_hours(busy)
    wednesday = first_day() + timedelta(days=(2 - first_day().weekday()) % 7)
    assert suggested(company, start_date=wednesday.isoformat(), end_date=wednesday.isoformat()) == []
    assert len(suggested(company, end_date=(last_day() + timedelta(days=7)).isoformat())) == 1


def test_teams_that_are_away_archived_or_full_are_left_out(company):
    make_team(members=[make_assistant(time_off=[(first_day(), last_day())])])
    make_team(members=[make_assistant(available_from=last_day() + timedelta(days=1))])
    make_team(members=[make_assistant()], archived=True)
    make_team(members=[make_assistant()], capacity=Decimal(0))
    make_team()
    assert suggested(company) == []


def test_team_that_cannot_give_the_hours_asked_is_left_out(company):
    make_team(name="Small", members=[make_assistant(weekly_hours=10)])
    make_team(name="Large", members=[make_assistant(weekly_hours=30), make_assistant(weekly_hours=30)])
    assert suggested(company, hours_per_week=50) == ["Large"]
    assert len(suggested(company, hours_per_week=10)) == 2


def test_same_request_has_the_same_answer(company):
    for number in range(7):
        make_team(name=f"Equal {number}", members=[make_assistant()])
    assert suggested(company) == suggested(company)
    assert len(suggested(company)) == 5


@pytest.mark.parametrize(
    "wrong",
    [
        {"specialization": ""},
        {"specialization": "x" * 121},
        {"budget": -1},
        {"budget": 1e30},
        {"budget": "many"},
        {"start_date": "2026-02-30"},
        {"start_date": timedelta(days=80), "end_date": timedelta(days=10)},
        {"skills": ["x"] * 10_000},
        {"skills": [""]},
        {"hours_per_week": 0},
        {"status": "active"},
        {"suggested_teams": []},
        {"team_id": str(uuid4())},
    ],
)
def test_request_that_makes_no_sense_is_refused(company, wrong):
    assert company.post(PATH, json=body() | from_today(wrong)).status_code == 422
    assert db.session.scalar(select(func.count()).select_from(Project)) == 0


def test_who_may_ask(client, api, make_user, make_client_company):
    other = make_client_company()
    assert client.post(PATH, json=body()).status_code == 401
    assert api(make_user(role="expert")).post(PATH, json=body()).status_code == 403
    assert api(make_user(role="client")).post(PATH, json=body() | {"client_id": str(other.id)}).status_code == 404
    manager = api(make_user(role="manager"))
    assert manager.post(PATH, json=body()).status_code == 422
    assert manager.post(PATH, json=body() | {"client_id": str(uuid4())}).status_code == 404
    assert ask(manager, client_id=str(other.id)).json["client_id"] == str(other.id)


def test_company_may_name_itself(api, make_user):
    user = make_user(role="client")
    assert ask(api(user), client_id=str(user.client_id)).json["client_id"] == str(user.client_id)


def test_nothing_of_other_companies_shows(company):
    """Hours of a calendar are told, and never who has taken them."""
    busy = make_assistant(weekly_hours=40)
    make_team(members=[busy])
    match = make_match(assistant=busy)
    answer = ask(company)
    assert str(match.client_id) not in answer.text
    assert str(match.id) not in answer.text


def test_answer_is_the_same_as_if_every_team_were_looked_at(db_session, monkeypatch):
    """Calendars are read of the likeliest teams first, and no further than any other could still be better."""
    chance = Random(7)
    words = ("cloud", "migration", "data", "platform", "web", "shop", "security", "support")
    skills = [make_skill() for _ in range(5)]
    for _ in range(24):
        known = [(skill, chance.randint(1, 5)) for skill in skills if chance.random() < 0.4]
        member = make_assistant(skills=known, weekly_hours=chance.choice((0, 10, 40)))
        make_team(specialization=" ".join(chance.sample(words, 2)), members=[member])
    names = [skill.name for skill in skills[:3]]
    for asked in ("cloud migration", "data shop", "security"):
        monkeypatch.setattr(suggesting, "AT_ONCE", 1_000)
        dates = (first_day(), last_day())
        whole = [(one.team.id, one.score) for one in suggest_teams(asked, names, *dates, limit=3)]
        monkeypatch.setattr(suggesting, "AT_ONCE", 2)
        assert [
            (one.team.id, one.score) for one in suggest_teams(asked, names, first_day(), last_day(), limit=3)
        ] == whole
        assert len(whole) == 3
