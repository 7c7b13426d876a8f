"""Decisions on time are undone: the entries wait again, and nothing of them is spent."""

import re
from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.core.audit import SYSTEM, change_id
from app.core.changes.history import history_of
from app.core.changes.models import ChangeRow, ChangeSet, State
from app.core.changes.undo import TooLateToUndo, UndoneAlready
from app.core.clock import shifted, today
from app.core.tenancy import as_system
from app.extensions import db
from app.notifications.models import Notification
from app.projects.kinds import projects
from app.projects.models import Project
from app.projects.timesheets import operations as time
from app.projects.timesheets.models import TimeEntry
from app.projects.timesheets.schemas import TimeInput
from app.projects.undoing import undo_decision
from tests.factories import make_user
from tests.factories.assistants import make_assistant
from tests.factories.events import deliver
from tests.factories.projects import make_project, make_team

pytestmark = pytest.mark.usefixtures("db_session")


def made(**values: Any) -> Project:
    ana = make_assistant(name="Ana Pérez", user=make_user(role="expert"), rate=40, currency="EUR")
    start = today() - timedelta(days=30)
    return make_project(team=make_team(members=[ana]), currency="EUR", start_date=start, **values)


def logged(project: Project, hours: int = 2, days_ago: int = 1) -> TimeEntry:
    member = project.team_id and db.session.scalar(
        text("select user_id from team_members where team_id = :id"), {"id": project.team_id}
    )
    values = TimeInput(worked_on=today() - timedelta(days=days_ago), minutes=60 * hours)
    entry = time.log_time(project, values, user_id=member, actor=SYSTEM)
    db.session.commit()
    return entry


def approved(*entries: TimeEntry, **values: Any) -> Any:
    time.approve_time([entry.id for entry in entries], actor=SYSTEM, **values)
    change = change_id(db.session)
    db.session.commit()
    return change


def undone(change: Any, entry: TimeEntry | None = None) -> ChangeSet:
    found = undo_decision(change, entry.id if entry else None, actor=SYSTEM)
    db.session.commit()
    return found


def spent(*of: Project) -> list[Decimal]:
    db.session.expire_all()
    return [project.spent for project in of]


def test_all_of_it_waits_again_and_nothing_is_spent_in_any_project() -> None:
    one, other = made(name="Atlas"), made()
    entries = [logged(one), logged(one, 3, days_ago=2), logged(other)]
    before = [(entry.hourly_rate, entry.amount) for entry in entries]
    change = approved(*entries, hourly_rate=Decimal(50))
    assert spent(one, other) == [Decimal(250), Decimal(100)]
    found = undone(change)
    assert (found.state, found.rows_done, found.rows_conflict) == (State.APPLIED, 3, 0)
    assert spent(one, other) == [0, 0]
    assert [(e.status, e.decided_at, e.decided_by_id) for e in entries] == [("submitted", None, None)] * 3
    assert [(entry.hourly_rate, entry.amount) for entry in entries] == before
    again = undone(history_of(db.session, projects, one.id)[0].id)
    assert (again.title, spent(one, other)) == (found.title.replace("Undo", "Redo"), [Decimal(250), Decimal(100)])


def test_one_of_them_alone() -> None:
    project = made()
    one, other = logged(project), logged(project, 3, days_ago=2)
    change = approved(one, other)
    assert undone(change, one).rows_done == 1
    assert (spent(project), one.status, other.status) == ([Decimal(120)], "submitted", "approved")
    assert undone(change).rows_done == 1
    assert spent(project) == [0]


def test_it_is_told_in_the_history_of_the_project_and_undone_from_there(as_manager: Any) -> None:
    project = made()
    entry = logged(project)
    change = approved(entry)
    line = history_of(db.session, projects, project.id)[0]
    assert (line.action, line.can_be_undone) == ("approve-time", True)
    answer = as_manager.post(f"/admin/projects/{project.id}/undo", data={"change": change})
    assert answer.status_code == 303
    assert spent(project) == [0]
    last = history_of(db.session, projects, project.id)[0]
    assert (last.action, last.actor_name) == ("undo", as_manager.user.username)


def test_whoever_logged_it_hears_of_it() -> None:
    entry = logged(made())
    undone(approved(entry))
    deliver()
    kinds = db.session.scalars(select(Notification.kind).where(Notification.user_id == entry.user_id))
    assert sorted(kinds) == ["time_entry.approved", "time_entry.reopened"]


def test_a_rejection_is_undone_unless_it_was_corrected_since() -> None:
    project = made()
    entry, corrected = logged(project), logged(project, days_ago=2)
    changes = []
    for one in (entry, corrected):
        time.reject_time(one, "What was it?", actor=SYSTEM)
        changes.append(change_id(db.session))
        db.session.commit()
    time.update_time(corrected, {"note": "Survey"}, actor=SYSTEM)
    db.session.commit()
    assert undone(changes[0]).rows_done == 1
    assert (entry.status, entry.decision_note) == ("submitted", "")
    with pytest.raises(UndoneAlready):
        undone(changes[1])
    db.session.rollback()
    time.reject_time(corrected, "Still not clear.", actor=SYSTEM)
    db.session.commit()
    found = undone(changes[1])
    assert (found.state, found.rows_to_write, corrected.status) == (State.PREVIEWED, 0, "rejected")
    assert db.session.scalars(select(ChangeRow.problems)).one()[0]["message"] == "It has been changed again since."


def test_a_redo_in_another_currency_is_refused() -> None:
    project = made()
    entry = logged(project)
    undone(approved(entry))
    undoing = history_of(db.session, projects, project.id)[0].id
    project.currency = "USD"
    db.session.commit()
    found = undone(undoing)
    assert (found.state, entry.status) == (State.PREVIEWED, "submitted")


def test_not_after_thirty_days_and_not_twice() -> None:
    entry = logged(made())
    change = approved(entry)
    with shifted(timedelta(days=30, minutes=1)), pytest.raises(TooLateToUndo):
        undone(change)
    db.session.rollback()
    with shifted(timedelta(days=29)):
        undone(change)
    with pytest.raises(UndoneAlready, match="system has undone this"):
        undone(change)


@pytest.mark.parametrize(
    "change",
    ["status = 'submitted', decided_at = null", "status = 'rejected'", "minutes = 1", "hourly_rate = 0"],
)
def test_the_database_keeps_what_is_approved(change: str) -> None:
    approved(logged(made()))
    with pytest.raises(DBAPIError) as refused:
        db.session.execute(text(f"update time_entries set {change}"))
    assert refused.value.orig.sqlstate == "DL409"


def test_of_two_who_undo_and_approve_at_once_each_is_whole(app: Any, committed_db: Any) -> None:
    project = made()
    entries = [logged(project), logged(project, 3, days_ago=2)]
    change = approved(*entries)
    barrier, outcomes = Barrier(3), []

    def attempt() -> None:
        with app.app_context(), as_system("a test"):
            barrier.wait()
            try:
                outcomes.append(undo_decision(change, None, actor=SYSTEM).state)
                db.session.commit()
            except UndoneAlready:
                db.session.rollback()
                outcomes.append("told")

    threads = [Thread(target=attempt) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["applied", "told", "told"]
    assert spent(project) == [0]


def notice(page: str, label: str = "Undo") -> dict[str, str]:
    form = re.search(rf'<form class="inline-form"((?:(?!</form>).)*)>{label}</button>', page, flags=re.DOTALL)
    assert form is not None, page
    assert 'action="/admin/time/undo' in form[1]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[1]))


def test_the_notice_of_approving_undoes_and_redoes(as_manager: Any) -> None:
    project = made()
    ids = [str(logged(project).id), str(logged(project, 3, days_ago=2).id)]
    answer = as_manager.post("/admin/time/approve", data={"ids": ids, "query": "status=submitted"})
    answer = as_manager.post("/admin/time/undo", data=notice(as_manager.get(answer.location).text))
    assert answer.location == "/admin/time?status=submitted"
    page = as_manager.get(answer.location).text
    assert "Undone. 2 entries are waiting for approval again." in page
    assert spent(project) == [0]
    as_manager.post("/admin/time/undo", data=notice(page, "Redo"))
    assert spent(project) == [Decimal(200)]


@pytest.mark.parametrize(("act", "data"), [("approve", {}), ("reject", {"note": "What was it?"})])
def test_the_page_of_an_entry_undoes_a_decision(as_manager: Any, act: str, data: dict[str, str]) -> None:
    entry = logged(made())
    here = f"/admin/time/{entry.id}"
    as_manager.post(f"{here}/{act}", data=data)
    as_manager.get(here)  # what is told is told once: the button in the history stays
    form = as_manager.get(here).text.split('<form class="inline-form" method="post" action="/admin/time/undo"')[1]
    given = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form.partition("</form>")[0]))
    answer = as_manager.post("/admin/time/undo", data=given)
    assert (answer.location, entry.status) == (here, "submitted")
    page = as_manager.get(here).text
    assert "undid a change" in page
    assert "Send back" in page


@pytest.mark.parametrize(("who", "status"), [("as_client", 403), ("as_expert", 403), ("as_manager", 303)])
def test_only_who_may_approve_may_undo(request: Any, who: str, status: int) -> None:
    change = approved(logged(made()))
    assert request.getfixturevalue(who).post("/admin/time/undo", data={"change": change}).status_code == status


@pytest.mark.parametrize("change", ["", "x", "00000000-0000-0000-0000-000000000007"])
def test_no_such_decision(as_manager: Any, change: str) -> None:
    assert as_manager.post("/admin/time/undo", data={"change": change}).status_code == 404


def test_other_changes_are_not_undone_there(as_manager: Any) -> None:
    project = made()
    entry = logged(project)
    change = history_of(db.session, projects, project.id)[0].id
    for data in ({"change": change}, {"change": change, "entry": entry.id}):
        assert as_manager.post("/admin/time/undo", data=data).status_code == 404
