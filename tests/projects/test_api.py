"""Projects in the JSON API."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from app.core.clock import today
from tests.factories import make_client_company, make_user
from tests.factories.assistants import make_assistant
from tests.factories.projects import make_project, make_team

PROJECTS = "/api/expert-teams/projects"
Api = Callable[[Any], FlaskClient]


@pytest.fixture
def staff(api: Api) -> FlaskClient:
    return api(make_user(role="manager"))


def body(**values: Any) -> dict[str, Any]:
    return {"name": "Move to the cloud", "client_id": str(make_client_company().id)} | values


def days(count: int) -> str:
    return str(today() + timedelta(days=count))


def test_a_project_goes_from_request_to_completed(staff: FlaskClient) -> None:
    made = staff.post(PROJECTS, json=body(budget="50000.00", currency="EUR"))
    assert made.status_code == 201, made.text
    assert made.json["status"] == "requested"
    at = made.headers["Location"].partition("://")[2].partition("/")[2]
    at = f"/{at}" if not made.headers["Location"].startswith("/") else made.headers["Location"]
    refused = staff.patch(at, json={"status": "planned"})
    assert (refused.status_code, "a team, a first day and a last day" in refused.json["detail"]) == (409, True)
    plan = {"team_id": str(make_team().id), "start_date": days(0), "end_date": days(30), "status": "planned"}
    assert staff.patch(at, json=plan).json["status"] == "planned"
    for status in ("active", "on_hold", "active", "completed"):
        answer = staff.patch(at, json={"status": status})
        assert (answer.status_code, answer.json["status"]) == (200, status), answer.text
    assert staff.patch(at, json={"status": "cancelled"}).status_code == 409
    assert staff.patch(at, json={"name": "Another"}).status_code == 409


@pytest.mark.parametrize(
    ("status", "step"),
    [
        ("requested", "active"),
        ("requested", "completed"),
        ("requested", "requested"),
        ("planned", "on_hold"),
        ("planned", "completed"),
        ("on_hold", "completed"),
        ("completed", "active"),
        ("cancelled", "requested"),
    ],
)
def test_another_step_is_refused(staff: FlaskClient, status: str, step: str) -> None:
    project = make_project(status=status)
    assert staff.patch(f"{PROJECTS}/{project.id}", json={"status": step}).status_code == 409


@pytest.mark.parametrize("status", ["requested", "planned", "active", "on_hold"])
def test_what_is_not_finished_can_be_cancelled(staff: FlaskClient, status: str) -> None:
    project = make_project(status=status)
    answer = staff.patch(f"{PROJECTS}/{project.id}", json={"status": "cancelled"})
    assert (answer.status_code, answer.json["status"]) == (200, "cancelled")


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"budget": -1}, "/budget"),
        ({"budget": 1e30}, "/budget"),
        ({"budget": "1.005"}, "/budget"),
        ({"start_date": "2026-12-02", "end_date": "2026-12-01"}, "/end_date"),
        ({"start_date": "2026-02-30"}, "/start_date"),
        ({"team_id": str(uuid4())}, "/team_id"),
        ({"client_id": str(uuid4())}, "/client_id"),
        ({"workdays": []}, "/workdays"),
        ({"workdays": ["funday"]}, "/workdays/0"),
        ({"spent": "5.00"}, "/spent"),
        ({"colour": "red"}, "/colour"),
        ({"name": " "}, "/name"),
        ({"hours_per_week": 0}, "/hours_per_week"),
        ({"deliverables": [{"title": "A", "status": "approved"}]}, "/deliverables/0/status"),
        ({"deliverables": [{"title": "A", "depends_on": ["B"]}]}, "/deliverables/0/depends_on/0"),
        ({"deliverables": [{"title": "A", "depends_on": ["A"]}]}, "/deliverables/0/depends_on/0"),
        ({"deliverables": [{"title": "A", "milestone": "M"}]}, "/deliverables/0/milestone"),
        ({"deliverables": [{"title": "A", "assistant_id": str(uuid4())}]}, "/deliverables/0/assistant_id"),
        ({"deliverables": [{"title": "A", "start_date": days(2), "due_date": days(1)}]}, "/deliverables/0/due_date"),
        ({"deliverables": [{"title": "A", "duration_days": 0}]}, "/deliverables/0/duration_days"),
        ({"deliverables": [{"title": "A"}] * 201}, "/deliverables"),
        ({"milestones": [{"id": str(uuid4()), "title": "M"}]}, "/milestones/0/id"),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_stands(
    staff: FlaskClient, values: dict[str, Any], pointer: str
) -> None:
    answer = staff.post(PROJECTS, json=body(**values))
    assert answer.status_code == 422, answer.text
    assert answer.json["errors"][0]["pointer"] == pointer


def test_a_circle_is_refused_by_name(staff: FlaskClient) -> None:
    parts = [
        {"title": "Survey", "depends_on": ["Move"]},
        {"title": "Design", "depends_on": [{"deliverable": "Survey", "lag_days": 3}]},
        {"title": "Move", "depends_on": ["Design + 2"]},
    ]
    answer = staff.post(PROJECTS, json=body(deliverables=parts))
    assert answer.status_code == 422
    assert "“Survey” → “Design” → “Move” → “Survey”" in answer.json["errors"][0]["message"]


def test_parts_keep_their_ids_and_dates_stay_as_given(staff: FlaskClient) -> None:
    parts = [{"title": "Survey", "due_date": days(5)}, {"title": "Move", "depends_on": ["Survey + 2"]}]
    made = staff.post(PROJECTS, json=body(deliverables=parts, milestones=[{"title": "Pilot", "due_date": days(9)}]))
    survey, move = made.json["deliverables"]
    assert (survey["due_date"], survey["status"]) == (days(5), "planned")
    assert move["depends_on"] == [{"deliverable": survey["id"], "lag_days": 2}]
    one = f"{PROJECTS}/{made.json['id']}"
    swapped = [
        {"id": move["id"], "title": "Move", "milestone": "pilot"},
        {"id": survey["id"], "title": "Survey", "depends_on": [move["id"]]},
    ]
    changed = staff.patch(one, json={"deliverables": swapped})
    assert changed.status_code == 200, changed.text
    assert [part["id"] for part in changed.json["deliverables"]] == [move["id"], survey["id"]]
    assert changed.json["deliverables"][0]["milestone_id"] == made.json["milestones"][0]["id"]
    assert changed.json["deliverables"][1]["depends_on"] == [{"deliverable": move["id"], "lag_days": 0}]


def test_hours_that_are_not_free_are_refused_kindly(staff: FlaskClient) -> None:
    ana = make_assistant(name="Ana", weekly_hours=30)
    team = make_team(members=[ana])
    plan = {"team_id": str(team.id), "start_date": days(1), "end_date": days(30), "hours_per_week": 20}
    first = staff.post(PROJECTS, json=body(**plan, status="planned"))
    assert first.status_code == 201, first.text
    second = staff.post(PROJECTS, json=body(**plan, status="planned"))
    assert (second.status_code, second.json["detail"]) == (
        409,
        "The team is not free for this project: Ana has 10 of 30 hours a week left in that time.",
    )
    assert staff.patch(f"{PROJECTS}/{first.json['id']}", json={"status": "cancelled"}).status_code == 200
    assert staff.post(PROJECTS, json=body(**plan, status="planned")).status_code == 201


def test_who_sees_which_projects(api: Api, staff: FlaskClient) -> None:
    expert, client = make_user(role="expert"), make_user(role="client")
    own = make_project(client=client.client, team=make_team(members=[expert]))
    other = make_project()
    for person, seen in ((client, {str(own.id)}), (expert, {str(own.id)})):
        program = api(person)
        listed = program.get(PROJECTS)
        assert ({one["id"] for one in listed.json}, listed.headers["X-Total-Count"]) == (seen, "1")
        assert program.get(f"{PROJECTS}/{own.id}").status_code == 200
        for path in ("", "/plan"):
            assert program.get(f"{PROJECTS}/{other.id}{path}").status_code == 404
        assert program.post(PROJECTS, json=body()).status_code == 403
        assert program.patch(f"{PROJECTS}/{own.id}", json={"status": "on_hold"}).status_code == 403
    assert api(client).get(f"{PROJECTS}?client_id={other.client_id}").status_code == 404
    assert api(client).get(f"{PROJECTS}?client_id={client.client_id}").status_code == 200
    assert api(client).get(f"{PROJECTS}?q=Project").json[0]["id"] == str(own.id)
    assert {str(own.id), str(other.id)} <= {one["id"] for one in staff.get(PROJECTS).json}
    assert [one["id"] for one in staff.get(f"{PROJECTS}?client_id={other.client_id}").json] == [str(other.id)]


MONEY = ("budget", "spent", "planned_budget")


def test_an_expert_is_answered_no_money(api: Api, staff: FlaskClient) -> None:
    expert, company = make_user(role="expert"), make_user(role="client")
    project = make_project(
        client=company.client,
        team=make_team(members=[expert]),
        budget="12345",
        deliverables=[{"title": "Survey", "budget": "777"}],
    )
    one = f"{PROJECTS}/{project.id}"
    told = dict(zip(MONEY, ("12345.00", "0.00", "12345.00"), strict=True))
    for program, money, part in ((staff, told, "777.00"), (api(company), told, "777.00"), (api(expert), {}, None)):
        for answer in (program.get(one).json, program.get(PROJECTS, query_string={"q": project.name}).json[0]):
            assert {name: answer[name] for name in MONEY} == dict.fromkeys(MONEY) | money
            assert answer["deliverables"][0]["budget"] == part
            assert answer["currency"] == "USD"
    team, work = api(expert), f"{one}/deliverables/{project.deliverables[0].id}"
    for step in ("start", "submit"):
        taken = team.post(f"{work}/{step}", json={})
        assert (taken.status_code, taken.json["budget"]) == (200, None), taken.text
    assert api(company).post(f"{work}/approve", json={}).json["budget"] == "777.00"


def test_an_expert_does_not_sort_by_money(api: Api, staff: FlaskClient) -> None:
    expert, company = make_user(role="expert"), make_user(role="client")
    for client, budget in ((company.client, "12345"), (company.client, "1")):
        make_project(client=client, team=make_team(members=[expert]), budget=budget)
    for sort in ("budget", "-budget"):
        refused = api(expert).get(f"{PROJECTS}?sort={sort}")
        assert (refused.status_code, "sort by “budget”" in refused.json["detail"]) == (403, True)
        assert staff.get(f"{PROJECTS}?sort={sort}").status_code == 200
        assert api(company).get(f"{PROJECTS}?sort={sort}").status_code == 200
    assert len(api(expert).get(f"{PROJECTS}?sort=-end_date").json) == 2


def test_what_an_expert_read_is_not_what_others_read(api: Api, staff: FlaskClient) -> None:
    project = make_project(team=make_team(members=[expert := make_user(role="expert")]), budget="12345")
    one = f"{PROJECTS}/{project.id}"
    of_expert, of_staff = api(expert).get(one).headers["ETag"], staff.get(one).headers["ETag"]
    assert of_expert != of_staff
    assert staff.get(one, headers={"If-None-Match": of_expert}).status_code == 200
    assert api(expert).get(one, headers={"If-None-Match": of_expert}).status_code == 304
    name = {"name": "Another"}
    assert staff.patch(one, json=name, headers={"If-Match": of_expert}).status_code == 412
    assert staff.patch(one, json=name, headers={"If-Match": of_staff}).status_code == 200


def test_the_description_says_to_whom_money_is_null(client: FlaskClient) -> None:
    schemas = client.get("/api/openapi.json").json["components"]["schemas"]
    for name, fields in (("ProjectOut", MONEY), ("DeliverableOut", ("budget",))):
        for field in fields:
            said = schemas[name]["properties"][field]
            assert {"type": "null"} in said["anyOf"]
            assert said["description"] == "Null for experts."
            assert field in schemas[name]["required"]


def test_nobody_in_particular_sees_nothing(client: FlaskClient) -> None:
    project = make_project(deliverables=["Survey"])
    one = f"{PROJECTS}/{project.id}"
    part = f"{one}/deliverables/{project.deliverables[0].id}"
    for path in (PROJECTS, one, f"{one}/plan", f"{part}/finish"):
        assert client.get(path).status_code == 401
    for path in (PROJECTS, f"{part}/start", f"{part}/submit", f"{part}/approve", f"{one}/review"):
        assert client.post(path, json={}).status_code == 401


def test_a_finish_without_a_day_is_todays(staff: FlaskClient) -> None:
    project = make_project(status="active", deliverables=[{"title": "Survey"}])
    path = f"{PROJECTS}/{project.id}/deliverables/{project.deliverables[0].id}/finish"
    assert staff.get(path).json == staff.get(f"{path}?on=").json == staff.get(f"{path}?on={days(0)}").json


@pytest.mark.parametrize("nothing", ["-0", "-0.00", -0.0])
def test_nothing_has_no_sign(staff: FlaskClient, nothing: Any) -> None:
    assert staff.post(PROJECTS, json=body(budget=nothing)).json["budget"] == "0.00"
