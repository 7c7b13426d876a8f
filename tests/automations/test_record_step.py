"""Workflows that read and write business objects: by whose rights, exactly once, and as the audit names it."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, scoped_session

from app.automations.definitions.checking import Surroundings, problems_of
from app.automations.definitions.schemas import WorkflowInput
from app.automations.models import Run
from app.automations.runs import work
from app.automations.runs.runner import advance
from app.core.audit import AuditEntry
from app.core.events.models import PublishedEvent
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import User
from app.projects.models import Project
from tests.automations.running import drain, states, steps_of
from tests.factories.accounts import make_client_company, make_user
from tests.factories.automations import make_automation, make_run
from tests.factories.projects import make_project

SOME = "019aa8f0-6d3e-7c41-9a3b-2f6f0f5a1c10"


@pytest.fixture(autouse=True)
def _as_the_runner(db_session: scoped_session[Session]) -> Iterator[None]:
    with as_system("a test of the runner"):
        yield


def record(action: str, kind: str = "project", **given: Any) -> dict[str, Any]:
    return {"id": "a", "type": "record", "with": {"kind": kind, "action": action, **given}}


def ran(step: Mapping[str, Any], owner: User | None, client: Any = None, **values: Any) -> Run:
    """The run of a workflow of one step."""
    client = client or owner.client  # type: ignore[union-attr]
    run = make_run(make_automation([step], client=client, owner_id=owner.id if owner else None), **values)
    drain()
    db.session.refresh(run)
    return run


def test_a_workflow_reads_its_companys_records() -> None:
    anna = make_user("client")
    project = make_project(client=anna.client, name="Website", deliverables=["Design"])

    got = ran(record("get", id="{{ trigger.id }}"), anna, input={"id": str(project.id)})
    found = ran(record("find", where={"status": "active"}), anna)
    listed = ran(record("list", where={"status": "active"}, limit=5), anna)

    assert got.status == found.status == listed.status == "succeeded"
    assert got.output["a"]["name"] == "Website"
    assert [one["title"] for one in got.output["a"]["deliverables"]] == ["Design"]
    assert found.output["a"] == got.output["a"]
    assert listed.output["a"] == {"items": [got.output["a"]], "total": 1, "more": False}
    assert ran(record("find", where={"status": "on_hold"}), anna).output["a"] is None


@pytest.mark.parametrize("role", ["client", "manager"])
def test_another_companys_record_is_not_there(role: str) -> None:
    """Staff, too, act within the automation's company alone."""
    company = make_client_company()
    owner = make_user(role, **({"client_id": company.id} if role == "client" else {}))
    other = make_project()

    run = ran(record("get", id=str(other.id)), owner, company)
    listed = ran(record("list"), owner, company)

    assert run.status == "failed"
    assert run.error == {"step": "a", "message": "There is no such project.", "code": "not-found"}
    assert listed.output["a"]["items"] == []


def test_what_staff_own_writes_for_the_company_and_the_audit_names_the_run() -> None:
    manager, company = make_user("manager"), make_client_company()
    values = {"name": "{{ trigger.name }}", "budget": "{{ trigger.budget }}", "deliverables": [{"title": "Plan"}]}

    run = ran(record("create", values=values), manager, company, input={"name": "Shop", "budget": 1200})

    assert run.status == "succeeded", run.error
    project = db.session.scalars(select(Project)).one()
    assert (project.client_id, project.name, str(project.budget)) == (company.id, "Shop", "1200.00")
    assert run.output["a"]["id"] == str(project.id)
    assert run.output["a"]["deliverables"][0]["title"] == "Plan"
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.record_id == project.id)).one()
    assert (entry.actor_id, entry.via, entry.request_id) == (manager.id, "automation", str(run.id))
    assert entry.action == "create"


def test_steps_of_records_are_taken_with_their_rules_and_events() -> None:
    manager = make_user("manager")
    project = make_project(status="active")

    run = ran(record("complete", id=str(project.id)), manager, project.client)
    again = ran(record("complete", id=str(project.id)), manager, project.client)

    assert run.output["a"]["status"] == "completed"
    assert again.error == {
        "step": "a", "message": f"“{project.name}” is completed already.", "code": "wrong-step",
    }  # fmt: skip
    events = db.session.execute(select(PublishedEvent.type, PublishedEvent.request_id, PublishedEvent.actor_id)).all()
    assert ("project.completed", str(run.id), manager.id) in events
    assert str(again.id) not in {event.request_id for event in events}


def test_update_changes_what_is_named_alone() -> None:
    manager = make_user("manager")
    project = make_project(status="active", name="Old", description="Stays")

    run = ran(record("update", id=str(project.id), values={"name": "New"}), manager, project.client)

    assert run.status == "succeeded", run.error
    assert (run.output["a"]["name"], run.output["a"]["description"]) == ("New", "Stays")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "suspended"}, "is suspended."),
        ({"client_id": "other"}, "doesn’t belong to this company."),
        ({"limits": ["automations:write"]}, "may not read projects (projects:read)."),
    ],
)
def test_the_owners_present_rights_count(change: dict[str, Any], reason: str) -> None:
    anna = make_user("client")
    company = anna.client
    if "client_id" in change:
        change = {"client_id": make_client_company().id}
    automation = make_automation([record("list")], client=company, owner_id=anna.id)
    db.session.execute(update(User).where(User.id == anna.id).values(**change))
    run = make_run(automation)

    drain()

    db.session.refresh(run)
    assert run.status == "failed"
    assert run.error == {
        "step": "a", "message": f"{anna.username}, who owns this automation, {reason}", "code": "owner-lacks-rights",
    }  # fmt: skip


def test_a_client_cannot_do_what_is_for_staff() -> None:
    anna = make_user("client")

    run = ran(record("create", values={"name": "Mine"}), anna)

    assert run.error["code"] == "owner-lacks-rights"
    assert run.error["message"].endswith("may not make projects (projects:manage).")
    assert db.session.scalar(select(func.count()).select_from(Project)) == 0


def test_an_automation_without_an_owner_uses_no_records() -> None:
    run = ran(record("list"), None, make_client_company())

    assert run.error["message"].startswith("This automation has no owner")


def test_a_manager_names_no_other_company() -> None:
    manager, other = make_user("manager"), make_client_company()

    run = ran(
        record("create", values={"name": "X", "client_id": str(other.id)}), manager, make_client_company()
    )  # fmt: skip

    assert run.error["message"] == "An automation can only change records of its company."
    assert run.error["errors"][0]["pointer"] == "/values/client_id"


def test_bad_values_say_where() -> None:
    run = ran(record("create", values={"name": "", "budget": "much"}), make_user("manager"), make_client_company())

    assert run.error["code"] == "invalid"
    assert {one["pointer"] for one in run.error["errors"]} == {"/values/name", "/values/budget"}


def test_a_refusal_undoes_only_its_own_step() -> None:
    """Other runs of the same transaction, and other steps of the run, keep what they did."""
    manager, company = make_user("manager"), make_client_company()
    steps = [
        {**record("create", values={"name": "Good"}), "id": "good"},
        {**record("create", values={"name": "Bad", "start_date": "2026-12-02", "end_date": "2026-12-01"}), "id": "bad"},
        {"id": "why", "type": "transform", "needs": ["good"], "with": {"name": "{{ steps.good.output.name }}"}},
    ]
    automation = make_automation(steps, client=company, owner_id=manager.id)
    runs = [make_run(automation) for _ in range(3)]

    advance(work.claim_looks(20, share=20))
    db.session.commit()

    assert states(runs[0]) == {"good": "succeeded", "bad": "failed", "why": "succeeded"}
    assert steps_of(runs[0])["bad"].error == {
        "message": "The last day is before the first.", "code": "dates-reversed",
        "errors": [{"pointer": "/end_date", "message": "The last day is before the first.", "code": "reversed"}],
    }  # fmt: skip
    assert list(db.session.scalars(select(Project.name))) == ["Good"] * 3
    entries = select(AuditEntry).where(AuditEntry.table_name == "projects")
    assert len({entry.change_id for entry in db.session.scalars(entries)}) == 3


def test_what_is_written_is_written_exactly_once() -> None:
    """A worker that dies before its commit leaves nothing; one that was frozen past its lease changes nothing."""
    manager, company = make_user("manager"), make_client_company()
    run = make_run(make_automation([record("create", values={"name": "Once"})], client=company, owner_id=manager.id))
    frozen = work.claim_looks(1)
    db.session.execute(work.text("update automation_work set state = 'ready'"))
    dying = work.claim_looks(1)
    db.session.commit()
    advance(dying)
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Project)) == 0

    advance(dying)
    db.session.commit()
    advance(frozen)
    db.session.commit()
    drain()

    db.session.refresh(run)
    assert run.status == "succeeded"
    assert list(db.session.scalars(select(Project.name))) == ["Once"]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"kind": "projekt", "action": "get"}, ("/kind", "There is no kind of record projekt. Did you mean project?")),
        ({"kind": "project", "action": "delete", "id": "x"}, ("/action", "There is no action of a project delete.")),
        ({"kind": "project", "action": "get"}, ("/id", "Enter the ID of the project.")),
        ({"kind": "project", "action": "list", "where": {"state": "active"}},
         ("/where/state", "There is no field state.")),
        ({"kind": "project", "action": "list", "where": {"status": "gone"}}, ("/where/status", "Input should be")),
        ({"kind": "project", "action": "create", "values": {}}, ("/values", "name is missing.")),
        ({"kind": "project", "action": "create", "values": {"name": "x", "buget": 1}},
         ("/values/buget", "There is no field buget. Did you mean budget?")),
        ({"kind": "project", "action": "create", "values": {"name": "x", "budget": "much"}}, ("/values/budget", "")),
        ({"kind": "project", "action": "complete", "id": SOME, "values": {"a": 1}},
         ("/values", "complete takes no values.")),
        ({"kind": "match", "action": "decline", "id": SOME, "values": {"why": "no"}},
         ("/values/why", "There is no field why.")),
    ],
)  # fmt: skip
def test_a_record_step_is_checked_when_it_is_deployed(
    db_session: Any, given: dict[str, Any], problem: tuple[str, str]
) -> None:
    step = {"id": "a", "type": "record", "with": given}
    workflow = WorkflowInput.model_validate({"trigger": {"type": "manual"}, "steps": [step]})

    [found] = problems_of(workflow, Surroundings())

    assert found.pointer == f"/workflow/steps/0/with{problem[0]}"
    assert found.message.startswith(problem[1])


def test_a_record_step_with_expressions_is_checked_as_far_as_it_goes(db_session: Any) -> None:
    steps = [
        record("create", values={"name": "{{ trigger.name }}", "budget": "{{ trigger.budget }}"}),
        {**record("create", values="{{ trigger.project }}"), "id": "b"},
        {**record("update", id="{{ trigger.id }}", values={"name": "New"}), "id": "c"},
    ]
    workflow = WorkflowInput.model_validate({"trigger": {"type": "manual"}, "steps": steps})

    assert problems_of(workflow, Surroundings()) == []
