"""Teams in the API: what is taken, what is answered, what is refused."""

from datetime import timedelta
from uuid import uuid4

import pytest

from app.assistants.calendars.queries import monday_of
from app.assistants.models import Reservation
from app.core.audit import SYSTEM, audit_as
from app.core.clock import today
from app.extensions import db
from app.projects.teams.models import Team
from tests.factories.assistants import make_assistant
from tests.factories.engagements import make_match
from tests.factories.projects import make_team

PATH = "/api/expert-teams"
BODY = {"name": "Cloud Movers", "specialization": "Cloud migration"}


@pytest.fixture
def manager(api, make_user):
    return api(make_user(role="manager"))


def made(manager, **more):
    answer = manager.post(PATH, json=BODY | more)
    assert answer.status_code == 201, answer.text
    return answer


def test_team_is_answered_where_its_creation_says(client, manager, make_user):
    expert = make_user(role="expert")
    assistant = make_assistant(name="Ana Pérez", weekly_hours=30)
    answer = made(
        manager,
        members=[
            {"user_id": str(expert.id), "name": "Jo", "role": "Lead"},
            {"assistant_id": str(assistant.id), "role": "Engineer", "share": 0.5},
        ],
        capacity=50,
    )
    team = answer.json
    assert answer.headers["Location"] == f"{PATH}/{team['id']}"
    assert client.get(answer.headers["Location"]).json == team
    assert client.get(f"{PATH}/cloud-movers").json == team
    assert client.get(PATH).json == [team]
    assert [(m["user_id"], m["name"], m["role"], m["share"], m["has_calendar"]) for m in team["members"]] == [
        (str(expert.id), "Jo", "Lead", 1.0, False),
        (None, "Ana Pérez", "Engineer", 0.5, True),
    ]
    assert (team["capacity"], team["capacity_free"], team["active_projects"]) == (50.0, 50.0, 0)
    assert (team["rating"], team["success_rate"]) == (None, None)


def reserve(assistant, hours, *, first):
    match = make_match(assistant=assistant, status="proposed", hours_per_week=hours)
    audit_as(db.session, actor=SYSTEM, action="accept")
    of = {"assistant_id": assistant.id, "client_id": match.client_id, "match_id": match.id}
    db.session.add(Reservation(**of, hours_per_week=hours, starts_on=first))
    db.session.commit()


def test_capacity_is_what_is_set_and_capacity_free_what_is_left(client, manager):
    ana = make_assistant(weekly_hours=40)
    members = [{"assistant_id": str(ana.id)}]
    team = made(manager, members=members, capacity=30).json
    assert (team["capacity"], team["capacity_free"]) == (30.0, 30.0)
    address = f"{PATH}/{team['id']}"
    assert manager.patch(address, json={"capacity": None}).json["capacity"] is None
    assert client.get(address).json["capacity_free"] == 40.0
    assert "capacity_limit" not in client.get(address).json
    reserve(ana, 25, first=monday_of(today()))
    told = client.get(address).json
    assert (told["capacity"], told["capacity_free"]) == (None, 15.0)


def test_capacity_is_what_calendars_give_by_share_held_to_the_limit(client, manager):
    one, two = make_assistant(weekly_hours=40), make_assistant(weekly_hours=30)
    members = [{"assistant_id": str(one.id), "share": "0.25"}, {"assistant_id": str(two.id)}]
    assert made(manager, members=members).json["capacity_free"] == 40.0
    assert made(manager, members=members, capacity="12.5").json["capacity_free"] == 12.5
    assert made(manager, capacity=7).json["capacity_free"] == 7.0
    assert made(manager).json["capacity_free"] == 0.0


def test_capacity_follows_the_calendar(client, manager):
    monday = monday_of(today())
    away = make_assistant(weekly_hours=40, time_off=[(monday, monday + timedelta(days=6))])
    team = made(manager, members=[{"assistant_id": str(away.id)}]).json
    assert client.get(f"{PATH}/{team['id']}").json["capacity_free"] == 0.0


def test_members_are_a_whole_list_in_their_order(manager):
    one, two, three = (make_assistant() for _ in range(3))
    team = made(manager, members=[{"assistant_id": str(one.id), "role": "A"}, {"assistant_id": str(two.id)}]).json
    members = [{"assistant_id": str(three.id)}, {"assistant_id": str(one.id), "role": "B"}]
    changed = manager.patch(f"{PATH}/{team['id']}", json={"members": members})
    assert changed.status_code == 200, changed.text
    assert [(m["assistant_id"], m["role"]) for m in changed.json["members"]] == [
        (str(three.id), ""),
        (str(one.id), "B"),
    ]
    assert manager.get(f"{PATH}/{team['id']}").json == changed.json
    assert manager.patch(f"{PATH}/{team['id']}", json={"members": []}).json["members"] == []


def test_profile_brings_its_account_and_the_account_its_profile(manager, make_user):
    expert = make_user(role="expert")
    assistant = make_assistant(user_id=expert.id)
    for member in ({"user_id": str(expert.id)}, {"assistant_id": str(assistant.id)}):
        there = made(manager, members=[member]).json["members"][0]
        assert (there["user_id"], there["assistant_id"]) == (str(expert.id), str(assistant.id))


def test_profile_made_later_takes_the_place_of_the_account(client, manager, make_user):
    expert = make_user(role="expert")
    team = made(manager, members=[{"user_id": str(expert.id)}]).json
    assert team["capacity_free"] == 40.0
    assistant = make_assistant(user_id=expert.id, weekly_hours=10)
    there = client.get(f"{PATH}/{team['id']}").json
    assert there["members"][0]["assistant_id"] == str(assistant.id)
    assert there["capacity_free"] == 10.0


@pytest.mark.parametrize(
    ("member", "pointer"),
    [
        ({}, "/members/0/user_id"),
        ({"name": "Jo", "role": "Lead"}, "/members/0/user_id"),
        ({"user_id": str(uuid4())}, "/members/0/user_id"),
        ({"assistant_id": str(uuid4())}, "/members/0/assistant_id"),
        ({"assistant_id": "no id"}, "/members/0/assistant_id"),
        ({"user_id": str(uuid4()), "share": 0}, "/members/0/share"),
        ({"user_id": str(uuid4()), "share": 1.01}, "/members/0/share"),
        ({"user_id": str(uuid4()), "share": "NaN"}, "/members/0/share"),
        ({"user_id": str(uuid4()), "hours": 3}, "/members/0/hours"),
        ({"user_id": str(uuid4()), "role": "x" * 61}, "/members/0/role"),
    ],
)
def test_member_that_makes_no_sense_is_refused_at_its_place(manager, member, pointer):
    answer = manager.post(PATH, json=BODY | {"members": [member]})
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json["errors"]]
    assert manager.get(PATH).json == []


def test_clients_archived_people_and_others_accounts_are_no_members(manager, make_user):
    gone = make_assistant(archived=True)
    other = make_assistant(user_id=make_user(role="expert").id)
    for member in (
        {"user_id": str(make_user(role="client").id)},
        {"user_id": str(make_user(role="expert", status="suspended").id)},
        {"assistant_id": str(gone.id)},
        {"assistant_id": str(other.id), "user_id": str(make_user(role="expert").id)},
    ):
        assert manager.post(PATH, json=BODY | {"members": [member]}).status_code == 422, member


def test_member_named_twice_is_refused(manager, make_user):
    expert = make_user(role="expert")
    assistant = make_assistant(user_id=expert.id)
    members = [{"assistant_id": str(assistant.id)}, {"user_id": str(expert.id)}]
    answer = manager.post(PATH, json=BODY | {"members": members})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/members/1/user_id")


@pytest.mark.parametrize(
    "wrong",
    [
        {"capacity": -1},
        {"capacity": 1e30},
        {"capacity": "many"},
        {"rating": 5},
        {"success_rate": 1},
        {"active_projects": 3},
        {"specialization": ""},
        {"name": " "},
        {"members": [{"user_id": str(uuid4())}] * 101},
        {"members": "all"},
    ],
)
def test_value_that_makes_no_sense_or_is_worked_out_is_refused(manager, wrong):
    assert manager.post(PATH, json=BODY | wrong).status_code == 422


def test_only_staff_write(client, api, make_user):
    team = make_team()
    for who, status in ((client, 401), (api(make_user(role="client")), 403), (api(make_user(role="expert")), 403)):
        assert who.post(PATH, json=BODY).status_code == status
        assert who.patch(f"{PATH}/{team.id}", json={"name": "x"}).status_code == status
        assert who.delete(f"{PATH}/{team.id}").status_code == status
        assert who.get(PATH).status_code == 200


def test_archived_team_leaves_the_list_and_comes_back(client, manager):
    team = made(manager).json
    path = f"{PATH}/{team['id']}"
    assert manager.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.get(PATH).json == []
    assert manager.post(f"{path}/restore").json == client.get(path).json


def test_no_team_has_the_slug_of_another_address(app, api, make_user):
    fixed = {rule.rule.rsplit("/", 1)[1] for rule in app.url_map.iter_rules() if _is_beside_teams(rule)}
    assert fixed == Team.reserved_slugs
    manager = api(make_user(role="manager"))
    made = manager.post("/api/expert-teams", json={"name": "Projects", "specialization": "All"})
    assert made.json["slug"] == "projects-2"
    for answer in (
        manager.post("/api/expert-teams", json={"name": "X", "slug": "request", "specialization": "All"}),
        manager.patch(f"/api/expert-teams/{made.json['id']}", json={"slug": "projects"}),
    ):
        assert answer.status_code == 409
        assert answer.json["errors"][0]["pointer"] == "/slug"


def _is_beside_teams(rule):
    return not rule.arguments and rule.rule.startswith("/api/expert-teams/") and rule.rule.count("/") == 3
