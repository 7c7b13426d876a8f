"""The pages of teams: who may, what they show, what is refused and kept."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.assistants.calendars.queries import monday_of
from app.core.clock import today
from app.extensions import db
from app.projects.models import Project
from app.projects.teams.models import Team
from tests.factories.assistants import make_assistant, make_skill
from tests.factories.projects import make_project, make_team
from tests.web.page import changed, sent_by


def this_monday():
    return monday_of(today())


@pytest.fixture
def ana(db_session):
    return make_assistant(name="Ana Pérez", skills=["Terraform"], weekly_hours=30)


def pages_of(team, project):
    return (
        "/admin/teams",
        "/admin/teams/capacity",
        "/admin/teams/new",
        f"/admin/teams/{team.id}",
        f"/admin/teams/{team.id}/edit",
        f"/admin/teams/{team.id}/capacity",
        f"/admin/teams/{team.id}/deliver",
        f"/admin/projects/{project.id}/teams",
    )


def test_staff_alone_see_the_pages(client, as_client, as_expert, as_manager, ana):
    team, project = make_team(members=[ana]), make_project()
    for path in pages_of(team, project):
        assert client.get(path).status_code in (302, 303), path
        assert as_client.get(path).status_code == 403, path
        assert as_expert.get(path).status_code == 403, path
        assert as_manager.get(path).status_code == 200, path
    for path in ("/admin/teams/new", f"/admin/teams/{team.id}/edit", f"/admin/projects/{project.id}/team"):
        assert as_client.post(path, data={}).status_code == 403
        assert as_expert.post(path, data={}).status_code == 403


def test_missing_team_is_not_found(as_manager):
    for path in ("", "/capacity", "/deliver", "/edit"):
        assert as_manager.get(f"/admin/teams/{uuid4()}{path}").status_code == 404
    assert as_manager.get(f"/admin/projects/{uuid4()}/teams").status_code == 404


def test_capacity_by_team_and_week_is_in_figures(as_manager, ana):
    team = make_team(name="Movers", members=[{"who": ana, "share": Decimal("0.5")}])
    text = as_manager.get("/admin/teams/capacity?weeks=4").text
    assert "15 of 15 hours free" in text
    assert text.count(f'href="/admin/teams/{team.id}/capacity?week=') == 4
    assert f"week={this_monday().isoformat()}" in text


@pytest.mark.parametrize(
    "query",
    [
        "weeks=999&from=never",
        "from=0001-01-01",
        "from=9999-12-31",
        "cursor=zzz",
        "q=%00",
        "specialization=" + "x" * 500,
    ],
)
def test_capacity_takes_nonsense_calmly(as_manager, ana, query):
    make_team(members=[ana])
    assert as_manager.get(f"/admin/teams/capacity?{query}").status_code == 200


def test_capacity_is_searched_and_filtered(as_manager):
    make_team(name="Movers", specialization="Cloud migration")
    make_team(name="Ledger", specialization="Bookkeeping")
    for query in ("q=movers", "specialization=Cloud+migration"):
        text = as_manager.get(f"/admin/teams/capacity?{query}", headers={"HX-Request": "true"}).text
        assert "Movers" in text
        assert "Ledger" not in text
        assert "<html" not in text
    assert "No team matches" in as_manager.get("/admin/teams/capacity?q=nothing-like-it").text


def test_week_tells_whose_hours_they_are(as_manager, ana):
    team = make_team(members=[{"who": ana, "share": Decimal("0.5")}])
    text = as_manager.get(
        f"/admin/teams/{team.id}/capacity?week={(this_monday() + timedelta(days=9)).isoformat()}"
    ).text
    assert "Ana Pérez" in text
    assert "30.00" in text
    assert "15.00" in text
    assert as_manager.get(f"/admin/teams/{team.id}/capacity?week=never").status_code == 200


def test_member_without_calendar_is_said_to_have_none(as_manager, make_user):
    team = make_team(members=[make_user(role="expert", username="jo")])
    text = as_manager.get(f"/admin/teams/{team.id}").text
    assert "No calendar" in text
    assert "40 hours a week are assumed" in text


def test_member_is_found_and_added_without_scripts(as_manager, ana):
    form = sent_by(as_manager.get("/admin/teams/new").text)
    form = sent_by(
        as_manager.post(
            "/admin/teams/new", data=changed(form, name="Movers", specialization="Cloud", _do="members:add")
        ).text
    )
    asked = as_manager.post(
        "/admin/teams/new",
        data=changed(form, **{"members-0-assistant_id-query": "Ana", "_do": "members-0-assistant_id:find"}),
    )
    assert f"members-0-assistant_id:add:{ana.id}" in asked.text
    chosen = as_manager.post(
        "/admin/teams/new", data=changed(sent_by(asked.text), _do=f"members-0-assistant_id:add:{ana.id}")
    )
    made = as_manager.post(
        "/admin/teams/new", data=changed(sent_by(chosen.text), **{"members-0-role": "Lead", "_do": "save"})
    )
    assert made.status_code == 303, made.text
    team = db.session.scalars(select(Team)).one()
    assert [(m.name, m.role, m.share) for m in team.members] == [("Ana Pérez", "Lead", 1)]
    edit = sent_by(as_manager.get(f"/admin/teams/{team.id}/edit").text)
    again = as_manager.post(f"/admin/teams/{team.id}/edit", data=changed(edit))
    assert again.status_code == 303
    assert db.session.get_one(Team, team.id).version == team.version


def test_wrong_share_is_told_at_its_field(as_manager, ana):
    team = make_team(members=[ana])
    form = sent_by(as_manager.get(f"/admin/teams/{team.id}/edit").text)
    answer = as_manager.post(f"/admin/teams/{team.id}/edit", data=changed(form, **{"members-0-share": "25"}))
    assert answer.status_code == 422
    assert 'id="members-0-share-error"' in answer.text
    assert dict(sent_by(answer.text))["members-0-share"] == "25"


def test_team_is_asked_whether_it_can_deliver(as_manager, ana):
    team = make_team(name="Movers", members=[ana])
    by = (this_monday() + timedelta(days=60)).isoformat()
    path = f"/admin/teams/{team.id}/deliver"
    assert "Yes, by" in as_manager.get(f"{path}?hours=60&skills=Terraform&by={by}").text
    no = as_manager.get(f"{path}?hours=6000&skills=Terraform%0AFalconry&by={by}")
    assert "Not by" in no.text
    assert "Falconry" in no.text
    for wrong in (
        "hours=-1",
        "hours=1e30",
        "hours=x",
        f"hours=5&by={today() - timedelta(days=1)}",
        "hours=5&by=never",
        "hours=",
    ):
        query = wrong if "by=" in wrong else f"{wrong}&by={by}"
        assert as_manager.get(f"{path}?{query}").status_code == 422, wrong


def test_project_is_given_to_a_team_that_fits(as_manager, ana):
    team = make_team(name="Movers", specialization="Cloud migration", members=[ana])
    first = today() + timedelta(days=10)
    project = make_project(specialization="cloud migration", start_date=first, end_date=first + timedelta(days=40))
    path = f"/admin/projects/{project.id}"
    text = as_manager.get(f"{path}/teams").text
    assert "Give it to Movers" in text
    assert as_manager.post(f"{path}/team", data={"team_id": str(uuid4())}).status_code == 404
    given = as_manager.post(f"{path}/team", data={"team_id": str(team.id)})
    assert (given.status_code, given.location) == (303, path)
    assert db.session.get_one(Project, project.id).team_id == team.id
    assert "Has the project" in as_manager.get(f"{path}/teams?by=never").text


# Asking for a team


def test_company_asks_for_a_team_and_sees_which_fit(as_client, ana):
    make_team(name="Movers", specialization="Cloud migration", members=[ana])
    make_skill("Terraform")
    form = sent_by(as_client.get("/dashboard/projects/new").text, "team-request")
    answer = as_client.post(
        "/dashboard/projects/new",
        data=changed(form, specialization="cloud migration", title="Move us", skills="Terraform", budget="5000"),
    )
    assert answer.status_code == 303
    page = as_client.get(answer.location)
    assert page.status_code == 200
    assert "Movers" in page.text
    assert "Ana Pérez, level 3 of 5" in page.text
    assert "/admin/" not in page.text.split("<main")[1]
    project = db.session.scalars(select(Project)).one()
    assert (project.client_id, project.status, project.name) == (as_client.user.client_id, "requested", "Move us")


@pytest.mark.parametrize(
    ("name", "typed"),
    [("specialization", ""), ("budget", "-1"), ("budget", "1e30"), ("end_date", "2020-13-40"), ("hours_per_week", "x")],
)
def test_wrong_request_comes_back_with_its_error(as_client, name, typed):
    form = sent_by(as_client.get("/dashboard/projects/new").text, "team-request")
    given = {"specialization": "cloud migration", "start_date": "2027-01-01"} | {name: typed}
    answer = as_client.post("/dashboard/projects/new", data=changed(form, **given))
    assert answer.status_code == 422
    assert f'id="{name}-error"' in answer.text
    assert dict(sent_by(answer.text, "team-request"))[name] == typed
    assert db.session.scalar(select(func.count()).select_from(Project)) == 0


def test_who_may_ask_for_a_team(client, as_expert, as_manager):
    assert client.get("/dashboard/projects/new").status_code in (302, 303)
    assert as_expert.get("/dashboard/projects/new").status_code == 403
    assert as_manager.get("/dashboard/projects/new").location == "/admin/projects/new"
    assert as_expert.post("/dashboard/projects/new", data={"specialization": "x"}).status_code == 403


def test_coming_from_a_list_asks_no_question_yet(as_manager):
    team = make_team(name="Movers")
    page = as_manager.get(f"/admin/teams/{team.id}/deliver?list=sort%3Dname")
    assert page.status_code == 200
    assert "aria-invalid" not in page.text
