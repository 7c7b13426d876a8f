"""Plain fields of projects are undone as an edit to the old values would be; the rest says why it isn't."""

import re
from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from app.assistants.models import Reservation
from app.core.audit import SYSTEM
from app.core.changes import undo
from app.core.changes.history import Change, history_of
from app.core.changes.models import ChangeRow, ChangeSet, State
from app.core.clock import shifted, today
from app.core.kinds import editing_of
from app.core.records import get_record
from app.core.schemas import changes_of, partial
from app.core.tenancy import as_system
from app.extensions import db
from app.projects import operations
from app.projects.change_orders import operations as change_orders
from app.projects.change_orders.schemas import ChangeOrderInput
from app.projects.kinds import projects
from app.projects.models import Project
from app.projects.schemas import ProjectInput
from tests.factories.assistants import make_assistant
from tests.factories.projects import make_project, make_team
from tests.web import page as web

pytestmark = pytest.mark.usefixtures("db_session")


def survey() -> dict[str, Any]:
    return {"title": "Survey", "start_date": today(), "due_date": today() + timedelta(days=6)}


def changed(project: Project, **values: Any) -> Change:
    patch = partial(ProjectInput).model_validate(values)
    operations.update_project(project, changes_of(patch), actor=SYSTEM)
    db.session.commit()
    return latest(project)


def latest(project: Project) -> Change:
    return history_of(db.session, projects, project.id)[0]


def undone(project: Project, change: Change) -> ChangeSet:
    found = undo.undo_change(db.session, change.id, actor=SYSTEM, kind=projects, record_id=project.id)
    db.session.commit()
    return found


def obstacles() -> dict[str | None, str]:
    return {row.problems[0]["field"]: row.problems[0]["message"] for row in db.session.scalars(select(ChangeRow))}


def held(project: Project) -> Any:
    query = select(Reservation.assistant_id, Reservation.hours_per_week, Reservation.ends_on)
    return db.session.execute(query.where(Reservation.project_id == project.id)).one()


def test_every_plain_field_is_put_back_exactly() -> None:
    old, new = make_team(), make_team()
    project = make_project(team=old, budget=Decimal("1499.10"), skills=["Python"], description="Old.", name="Old")
    before = editing_of(projects).values(get_record(projects, project.id))
    change = changed(
        project,
        name="New",
        description="",
        specialization="Data",
        skills=["Go", "SQL"],
        team_id=new.id,
        start_date=project.start_date + timedelta(days=1),
        end_date=project.end_date + timedelta(days=7),
        hours_per_week="7.5",
        budget=None,
        currency="EUR",
        workdays=["mon"],
        closed_dates=[today() + timedelta(days=3)],
    )
    assert change.can_be_undone
    found = undone(project, change)
    assert (found.state, found.title) == (State.APPLIED, "Undo: update of project “New”")
    assert editing_of(projects).values(get_record(projects, project.id)) == before
    last = latest(project)
    assert (last.action, {field.name for field in last.fields}) == ("undo", {field.name for field in change.fields})
    assert undone(project, last).title == "Redo: update of project “New”"
    assert get_record(projects, project.id).name == "New"


def test_the_hours_of_the_team_follow() -> None:
    ana = make_assistant(weekly_hours=40)
    project = make_project(team=make_team(members=[ana]), hours_per_week=Decimal(10))
    end = project.end_date
    operations.hold_hours(project)
    change = changed(project, hours_per_week="20", end_date=end + timedelta(days=7))
    assert held(project) == (ana.id, 20, end + timedelta(days=7))
    undone(project, change)
    assert held(project) == (ana.id, 10, end)


def test_hours_that_the_team_has_no_more_are_in_the_way() -> None:
    ana = make_assistant(weekly_hours=40)
    team = make_team(members=[ana])
    project = make_project(team=team, hours_per_week=Decimal(30))
    operations.hold_hours(project)
    change = changed(project, hours_per_week="10", name="Other")
    other = make_project(team=team, hours_per_week=Decimal(25))
    operations.hold_hours(other)
    db.session.commit()
    found = undone(project, change)
    assert (found.state, found.rows_done) == (State.PREVIEWED, 0)
    assert "The team is not free for this project" in obstacles()[None]
    assert (project.name, held(project).hours_per_week) == ("Other", 10)
    operations.change_status(other, "cancelled", actor=SYSTEM)
    db.session.commit()
    assert undone(project, change).state == State.APPLIED
    assert held(project).hours_per_week == 30


def test_what_somebody_changed_since_is_named_and_the_rest_can_be_undone() -> None:
    project = make_project(name="Old", budget=Decimal(100))
    change = changed(project, name="New", budget="200")
    changed(project, budget="300")
    found = undone(project, change)
    assert (found.state, obstacles()) == (State.PREVIEWED, {"budget": "It has been changed again since."})
    undo.carry_out(db.session, found, actor=SYSTEM)
    db.session.commit()
    assert (project.name, project.budget) == ("Old", Decimal(300))


def test_a_state_stays_and_says_why() -> None:
    project = make_project(status="planned")
    operations.change_status(project, "active", actor=SYSTEM)
    db.session.commit()
    change = latest(project)
    assert not change.can_be_undone
    assert "A project’s state can’t be undone" in change.kept
    found = undone(project, change)
    assert (found.state, found.rows_total, project.status) == (State.PREVIEWED, 0, "active")


def test_parts_of_the_plan_stay_and_say_why_while_the_fields_go_back() -> None:
    project = make_project(name="Old", milestones=["Pilot"])
    milestone = {"id": project.milestones[0].id, "title": "Trial"}
    change = changed(project, name="New", milestones=[milestone])
    assert change.can_be_undone
    found = undone(project, change)
    assert found.state == State.PREVIEWED
    assert "Deliverables and milestones can’t be undone" in obstacles()[None]
    undo.carry_out(db.session, found, actor=SYSTEM)
    db.session.commit()
    assert (project.name, project.milestones[0].title) == ("Old", "Trial")
    only_parts = changed(project, milestones=[{**milestone, "title": "Test"}])
    assert not only_parts.can_be_undone
    assert "Deliverables and milestones" in only_parts.kept


def agreed(project: Project, **values: Any) -> None:
    order = change_orders.create_change_order(project, ChangeOrderInput(title="More", **values), actor=SYSTEM)
    change_orders.propose_change_order(order, actor=SYSTEM)
    change_orders.approve_change_order(order, actor=SYSTEM)
    db.session.commit()


def test_what_the_client_agreed_to_is_not_undone() -> None:
    project = make_project(budget=Decimal(100))
    agreed(project, budget_change=Decimal(50), new_end_date=project.end_date + timedelta(days=7))
    change = latest(project)
    assert not change.can_be_undone
    assert change.kept.startswith("The client agreed to this in a change order.")
    found = undone(project, change)
    assert (found.state, found.rows_to_write, project.budget) == (State.PREVIEWED, 0, Decimal(150))


def test_an_edit_before_an_agreement_on_the_same_field_is_not_undone_past_it() -> None:
    project = make_project(name="Old", budget=Decimal(100))
    change = changed(project, name="New", budget="200")
    changed(project, budget="150")
    agreed(project, budget_change=Decimal(50))
    assert project.budget == Decimal(200)
    found = undone(project, change)
    assert found.state == State.PREVIEWED
    assert obstacles()["budget"].startswith("The client has agreed to change order 1 since.")
    undo.carry_out(db.session, found, actor=SYSTEM)
    assert (project.name, project.budget) == ("Old", Decimal(200))


def test_a_project_that_is_over_stays_as_it_is() -> None:
    project = make_project(name="Old")
    change = changed(project, name="New")
    operations.change_status(project, "completed", actor=SYSTEM)
    db.session.commit()
    found = undone(project, change)
    assert (found.state, found.rows_to_write) == (State.PREVIEWED, 0)
    assert obstacles()["name"] == "The project is completed, and no longer changes."


def test_a_team_that_is_gone_is_in_the_way() -> None:
    old = make_team()
    project = make_project(team=old)
    change = changed(project, team_id=make_team().id)
    old.archived_at = project.updated_at
    db.session.commit()
    assert undone(project, change).state == State.PREVIEWED
    assert obstacles()[None] == "There is no such team."


def test_after_thirty_days_it_is_too_late() -> None:
    project = make_project(name="Old")
    change = changed(project, name="New")
    with shifted(timedelta(days=30, minutes=1)), pytest.raises(undo.TooLateToUndo):
        undone(project, change)


def saved(browser: Any, project: Project, **values: Any) -> str:
    here = f"/admin/projects/{project.id}"
    data = web.changed(web.sent_by(browser.get(f"{here}/edit").text), _do="save", **values)
    answer = browser.post(f"{here}/edit", data=data)
    assert answer.status_code == 303
    return str(browser.get(answer.location).text)


def test_the_pages_undo_from_the_notice_and_from_the_history(as_manager: Any) -> None:
    project = make_project(name="Old", budget=Decimal(100), deliverables=[survey()])
    here = f"/admin/projects/{project.id}"
    page = saved(as_manager, project, name="New")
    change = re.findall(r'flash.*?name="change" value="([^"]+)".*?>Undo</button>', page, flags=re.DOTALL)[0]
    answer = as_manager.post(f"{here}/undo", data={"change": change})
    assert (answer.status_code, urlsplit(answer.location).path) == (303, here)
    page = as_manager.get(here).text
    assert "Undone. “Old” is as it was before that change." in page
    assert ">Redo</button>" in page
    history = as_manager.get(f"{here}/history").text
    assert "Edits of the last 30 days can be undone" in history
    assert "Undo this change" in history


def test_a_step_has_no_undo_and_its_history_says_why(as_manager: Any) -> None:
    project = make_project(status="planned")
    here = f"/admin/projects/{project.id}"
    as_manager.post(f"{here}/start")
    assert "flash-action" not in as_manager.get(here).text
    history = as_manager.get(f"{here}/history").text
    assert "A project’s state can’t be undone" in history
    assert "Undo this change" not in history


@pytest.mark.parametrize(("who", "status"), [("as_client", 403), ("as_expert", 403), ("as_admin", 303)])
def test_who_may_edit_may_undo(request: Any, who: str, status: int) -> None:
    project = make_project(name="Old")
    change = changed(project, name="New")
    answer = request.getfixturevalue(who).post(f"/admin/projects/{project.id}/undo", data={"change": change.id})
    assert answer.status_code == status


def test_home_offers_to_undo_an_edit_and_not_a_step(as_manager: Any) -> None:
    project = make_project(name="Old", status="planned")
    operations.change_status(project, "active", actor=as_manager.user)
    db.session.commit()
    undo_here = f'action="/admin/projects/{project.id}/undo"'
    assert undo_here not in as_manager.get("/admin/").text
    changed(project, name="New")
    assert as_manager.get("/admin/").text.count(undo_here) == 1


def test_of_two_who_undo_at_once_one_does_and_an_edit_beside_them_stays_whole(app: Any, committed_db: Any) -> None:
    project = make_project(team=make_team(members=[make_assistant()]), name="Old", hours_per_week=Decimal(10))
    change = changed(project, name="New", hours_per_week="20")
    key, barrier, outcomes = project.id, Barrier(3), []

    def attempt(act: Any) -> None:
        with app.app_context(), as_system("a test"):
            barrier.wait()
            try:
                outcomes.append(act())
                db.session.commit()
            except undo.UndoneAlready:
                db.session.rollback()
                outcomes.append("told")

    def take_back() -> Any:
        return undo.undo_change(db.session, change.id, actor=SYSTEM, kind=projects, record_id=key).state

    def edit() -> str:
        found = get_record(projects, key, for_update=True)
        operations.update_project(found, {"description": "Beside it"}, actor=SYSTEM)
        return "edited"

    threads = [Thread(target=attempt, args=[act]) for act in (take_back, take_back, edit)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["applied", "edited", "told"]
    db.session.expire_all()
    project = get_record(projects, key)
    assert (project.name, project.hours_per_week, project.description) == ("Old", 10, "Beside it")
    assert held(project).hours_per_week == 10
