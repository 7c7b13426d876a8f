"""Automations that begin on events, as the worker brings events to their consumer."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session, scoped_session

from app.automations.models import Automation, Run, Version, Work
from app.automations.operations import archive_automation, change_workflow, deploy, restore_automation, take_step
from app.automations.runs.inside import DEEPEST
from app.automations.steps import AUTOMATION
from app.automations.triggers import consumer, listening
from app.automations.triggers.event_types import beginning_events
from app.core.audit import SYSTEM, using_audit_context
from app.core.clock import now, shifted
from app.core.events import Event, publish
from app.core.ids import new_id
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import Client
from app.jobs.caller import Caller
from app.projects.models import Project
from app.projects.steps import PROJECT
from tests import factories
from tests.automations.running import drain
from tests.factories.automations import make_automation
from tests.factories.events import deliver
from tests.factories.projects import make_project

COMPLETED = {"type": "event", "event": "project.completed"}
STEPS = (
    {"id": "a", "type": "transform", "with": {"name": "{{ trigger.record.name }}", "to": "{{ trigger.data.project }}"}},
)


@pytest.fixture(autouse=True)
def _as_the_worker(db_session: scoped_session[Session]) -> Iterator[None]:
    with as_system("a test of the worker"):
        deliver()  # The consumer's place: what was before is nobody's business.
        yield


def waiting(client: Client, **values: Any) -> Automation:
    return make_automation(STEPS, client=client, trigger=COMPLETED, event_type=COMPLETED["event"], **values)


@pytest.fixture
def project() -> Project:
    return make_project(name="Portal")


def announce(project: Project) -> None:
    publish("project.completed", about=project, actor=SYSTEM, project=project.name)
    db.session.commit()


def happen(project: Project) -> None:
    announce(project)
    deliver()
    db.session.expire_all()


def runs() -> list[Run]:
    return list(db.session.scalars(select(Run).order_by(Run.id)))


def test_an_event_begins_a_run_that_sees_it(project: Project) -> None:
    automation = waiting(project.client)
    happen(project)
    (run,) = runs()
    event = db.session.scalars(select(Event).order_by(Event.id.desc())).first()
    assert event is not None
    assert run.input is not None
    assert (run.automation_id, run.trigger, run.depth, run.delivery) == (automation.id, "event", 0, f"event:{event.id}")
    assert run.input["event"]["type"] == "project.completed"
    assert run.input["record"] == {"type": "project", "id": str(project.id), "name": "Portal"}
    assert consumer.effects(event)[0].whom == automation.name
    drain()
    db.session.refresh(run)
    assert run.output == {"a": {"name": "Portal", "to": "Portal"}}


def test_others_events_begin_nothing(project: Project) -> None:
    waiting(factories.make_client_company())
    happen(project)
    publish("automation.deployed", about=waiting(project.client), actor=SYSTEM, name="x")
    db.session.commit()
    deliver()
    assert runs() == []


def test_who_is_off_hears_nothing_and_makes_nothing_up(project: Project) -> None:
    paused, archived, suspended = waiting(project.client), waiting(project.client), waiting(project.client)
    take_step(paused, step=AUTOMATION["pause"], actor=SYSTEM)
    archive_automation(archived, actor=SYSTEM)
    suspended.trigger_type = "manual"
    happen(project)
    assert runs() == []
    announce(project)
    with shifted(timedelta(seconds=1)):
        take_step(paused, step=AUTOMATION["resume"], actor=SYSTEM)
        restore_automation(archived, actor=SYSTEM)
        db.session.commit()
        deliver()
        assert runs() == []
        happen(project)
    assert {run.automation_id for run in runs()} == {paused.id, archived.id}


def test_a_suspended_company_begins_nothing(project: Project) -> None:
    waiting(project.client)
    project.client.status = "suspended"
    happen(project)
    assert runs() == []


def test_an_automation_hears_what_happens_after_it_was_deployed(project: Project) -> None:
    announce(project)
    with shifted(timedelta(seconds=1)):
        workflow = {"trigger": COMPLETED, "steps": list(STEPS)}
        owner = factories.make_user(role="client", client=project.client)
        automation = deploy("Waits", workflow, client_id=project.client_id, actor=owner)
        db.session.commit()
        deliver()
        assert runs() == []
        since = automation.listens_since
        happen(project)
    with shifted(timedelta(seconds=2)):
        other = {"trigger": COMPLETED, "steps": [{"id": "b", "type": "transform"}]}
        change_workflow(automation, other, actor=owner)
        db.session.commit()
        assert automation.listens_since == since
        happen(project)
    assert [run.version_number for run in runs()] == [1, 2]


def test_a_schedule_is_due_as_soon_as_it_is_deployed() -> None:
    owner = factories.make_user(role="client", client=factories.make_client_company())
    workflow = {"trigger": {"type": "schedule", "cron": "* * * * *"}, "steps": [{"id": "a", "type": "transform"}]}
    automation = deploy("Each minute", workflow, client_id=owner.client_id, actor=owner)
    assert automation.next_run_at is not None
    assert now() < automation.next_run_at <= now() + timedelta(minutes=1)


def test_an_event_counts_once_however_often_it_is_brought(project: Project) -> None:
    waiting(project.client)
    happen(project)
    event = db.session.scalars(select(Event).order_by(Event.id.desc())).first()
    assert event is not None
    listening.begin_runs_on(event)
    db.session.commit()
    assert len(runs()) == 1
    assert db.session.scalar(select(func.count()).select_from(Work)) == 1


def test_a_thousand_automations_begin_on_one_event(project: Project) -> None:
    first = waiting(project.client)
    rows = [
        {
            "id": new_id(), "client_id": first.client_id, "name": f"A {number}", "description": "", "status": "active",
            "version_number": 1, "trigger_type": "event", "event_type": first.event_type, "max_concurrent": 10,
        }
        for number in range(999)
    ]  # fmt: skip
    db.session.execute(insert(Automation), rows)
    workflow = {"trigger": COMPLETED, "steps": list(STEPS)}
    versions = [{"automation_id": row["id"], "number": 1, "workflow": workflow, "author_name": "x"} for row in rows]
    db.session.execute(insert(Version), versions)
    db.session.commit()
    happen(project)
    assert db.session.scalar(select(func.count()).select_from(Run)) == 1000
    assert db.session.scalar(select(func.count()).select_from(Work)) == 1000


def test_only_types_that_somebody_waits_for_wake_the_consumer(project: Project) -> None:
    assert listening.types_waited_for() == []
    automation = waiting(project.client)
    assert listening.types_waited_for() == ["project.completed"]
    automation.status = "paused"
    db.session.commit()
    assert listening.types_waited_for() == []


def test_workflows_that_set_each_other_off_are_stopped(project: Project) -> None:
    automation = waiting(project.client)
    happen(project)
    for _ in range(DEEPEST + 3):
        last = runs()[-1]
        if last.status == "failed":
            break
        with using_audit_context(caused_by=last.id):  # As its record step would.
            happen(project)
    found = runs()
    assert [run.depth for run in found] == [0, 1, 2, 3, 4, 5, 5]
    assert [run.status for run in found] == ["queued"] * 6 + ["failed"]
    stopped = found[-1]
    assert stopped.error is not None
    assert stopped.error["code"] == "loop"
    assert stopped.input is not None
    assert stopped.input["event"]["caused_by"] == str(found[-2].id)
    event = db.session.scalars(select(Event).order_by(Event.id.desc())).first()
    assert event is not None
    assert consumer.effects(event)[0].state == "failed"
    stopped.error = {**stopped.error, "message": "An earlier release said it in other words."}
    db.session.commit()
    assert consumer.effects(event)[0].error == "An earlier release said it in other words."
    happen(project)  # What a person does begins a chain of its own.
    assert runs()[-1].depth == 0
    assert automation.id == runs()[-1].automation_id


def test_the_cause_travels_with_jobs_and_through_consumers(project: Project) -> None:
    run = new_id()
    with using_audit_context(caused_by=run):
        kept = Caller.present().to_json()
        happen(project)
    with Caller.from_json(kept).resumed():
        assert Caller.present().caused_by == run
        announce(project)
    deliver()
    assert list(db.session.scalars(select(Event.caused_by).where(Event.type == "project.completed"))) == [run, run]


def test_a_loop_through_records_ends_by_itself() -> None:
    project = make_project()
    steps = [
        {"id": "stop", "type": "record", "if": "trigger.data.status == 'active'",
         "with": {"kind": "project", "action": "hold", "id": "{{ trigger.record.id }}"}},
        {"id": "go", "type": "record", "if": "trigger.data.status == 'on_hold'",
         "with": {"kind": "project", "action": "resume", "id": "{{ trigger.record.id }}"}},
    ]  # fmt: skip
    event = "project.status_changed"
    owner = factories.make_user(role="manager")
    make_automation(
        steps, client=project.client, trigger={"type": "event", "event": event}, event_type=event, owner_id=owner.id
    )
    PROJECT.take(project, "hold", None, actor=owner)
    db.session.commit()
    for _ in range(20):
        deliver()
        if not drain():
            break
    db.session.expire_all()
    assert [(run.depth, run.status) for run in runs()] == [(depth, "succeeded") for depth in range(6)] + [(5, "failed")]
    assert project.status == "on_hold"


def test_every_event_that_begins_runs_says_what_it_is_with_an_example() -> None:
    for one in beginning_events():
        assert one.says.endswith(".") or one.name.startswith("test."), one.name
        assert set(one.example["data"]) == set(one.values), one.name


def test_the_examples_have_the_form_of_what_runs_are_given(project: Project) -> None:
    waiting(project.client)
    happen(project)
    (run,) = runs()
    assert run.input is not None
    example = next(one.example for one in beginning_events() if one.name == "project.completed")

    def form(value: Any) -> Any:
        return {name: form(one) for name, one in value.items()} if isinstance(value, dict) else None

    assert form(example) == form(run.input)
    assert example["record"]["type"] == run.input["record"]["type"]
