"""Each workflow of the gallery can be deployed, rehearsed and run, with stand-ins for what is outside."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from app.automations.definitions.schemas import WorkflowInput
from app.automations.effects import EFFECTS, Call
from app.automations.gallery import Template, list_templates
from app.automations.models import Automation, Run, RunStep, Secret
from app.automations.operations import deploy
from app.automations.runs.operations import begin_run, decide
from app.automations.tables.models import DataRow
from app.core.audit import SYSTEM, audit_as
from app.core.clock import frozen, now, shifted, today
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.identities import Identity, picture_of
from app.identity.models import User
from tests.automations.effects_of_runs import effects_of
from tests.automations.running import drain, states
from tests.factories.accounts import make_user
from tests.factories.assistants import make_assistant
from tests.factories.data_tables import make_data_row, make_data_table
from tests.factories.engagements import make_match, make_request
from tests.factories.projects import make_project

TEMPLATES = list_templates()


@pytest.fixture(autouse=True)
def _as_the_runner(db_session: scoped_session[Session]) -> Iterator[None]:
    with as_system("a test of the runner"):
        yield


def test_there_are_twelve_ready_workflows() -> None:
    assert len(TEMPLATES) == len({template.slug for template in TEMPLATES}) == 12
    for template in TEMPLATES:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", template.slug)
        assert re.fullmatch(r"[A-Z][^.]+\.( [A-Z][^.]+\.)?", template.summary)  # one sentence, or two
        assert 0 < template.minutes_saved < 60
        assert template.why.endswith(".")


class World:
    """A company with what the workflows of the gallery need, and the outside as their authors think of it."""

    def __init__(self, template: Template, monkeypatch: pytest.MonkeyPatch) -> None:
        self.template = template
        self.anna: User = make_user("client", username="anna")
        self.moment = now()
        self.sent: list[tuple[str, str]] = []
        self._add_what_is_needed()
        for step_type in ("http", "email", "sms", "chat", "language_model"):
            monkeypatch.setitem(EFFECTS, step_type, self._stand_in(step_type))
        person = Identity(**picture_of(self.anna), kind="portal", session_id=None)
        workflow = WorkflowInput.model_validate(template.workflow)
        self.automation: Automation = deploy(
            template.name,
            workflow,
            client_id=self.anna.client_id,
            actor=person,  # type: ignore[arg-type]
        )
        db.session.commit()

    def _add_what_is_needed(self) -> None:
        for name in self.template.needs_secrets:
            audit_as(db.session, actor=SYSTEM, action="create")
            db.session.add(Secret(client_id=self.anna.client_id, name=name, value="https://hooks.example/T1/secret"))
        for name, columns in self.template.needs_tables.items():
            types = {one["name"]: one["type"] + ("!" if one["required"] else "") for one in columns}
            table = make_data_table(self.anna.client, types, name=name)
            if name == "contracts":
                make_data_row(table, "C-1", partner="Acme", ends_on=str(today() + timedelta(9)), owner_email="a@b.test")
                make_data_row(table, "C-2", partner="Far", ends_on=str(today() + timedelta(99)), owner_email="a@b.test")
        late = [{"title": "Design", "due_date": today() - timedelta(1)}, {"title": "Move"}]
        self.project = make_project(client=self.anna.client, name="Shop", status="active", deliverables=late)
        asked = make_request(client=self.anna.client)
        self.match = make_match("accepted", request=asked, assistant=make_assistant(name="Ana Pérez"))

    def _stand_in(self, step_type: str) -> Any:
        def answer(form: Any, call: Call) -> Any:
            self.sent.append((step_type, call.step_id))
            steps = {step["id"]: step for step in self.template.workflow["steps"]}
            step = steps[call.step_id]
            return step["with"]["step"]["example"] if step["type"] == "for_each" else step["example"]

        return answer

    @property
    def given(self) -> dict[str, Any]:
        """The template's example, about records that are there."""
        about = {"project.requested": self.project, "match.accepted": self.match}
        record = about.get(self.template.workflow["trigger"].get("event", ""))
        example = dict(self.template.example_input)
        return {**example, "record": {"id": str(record.id)}} if record is not None else example

    def ran(self, *, dry_run: bool) -> Run:
        """A run at a moment that all of them share, so that what they write of it is the same."""
        with frozen(self.moment):
            return self._ran(dry_run=dry_run)

    def _ran(self, *, dry_run: bool) -> Run:
        run_id, _ = begin_run(self.automation, trigger="manual", given=self.given, actor=SYSTEM, dry_run=dry_run)
        db.session.commit()
        drain()
        run = db.session.get_one(Run, run_id)
        asked = select(RunStep).where(RunStep.run_id == run.id, RunStep.type == "approval", RunStep.status == "waiting")
        for step in db.session.scalars(asked).all():
            decide(run, step.step_id, approve=True, comment="", actor=self.anna)
            db.session.commit()
        drain()
        with shifted(timedelta(days=4)):
            drain()
        db.session.refresh(run)
        return run


@pytest.fixture(params=TEMPLATES, ids=[template.slug for template in TEMPLATES])
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(request.param, monkeypatch)


def test_it_is_rehearsed_and_run_with_the_same_effects(world: World) -> None:
    rehearsal = world.ran(dry_run=True)
    assert (rehearsal.status, world.sent) == ("succeeded", []), rehearsal.error
    told = db.session.scalars(select(DataRow.key).where(DataRow.key.not_in(["C-1", "C-2"]))).all()
    assert told == []

    run = world.ran(dry_run=False)

    assert run.status == "succeeded", (run.error, states(run))
    assert effects_of(rehearsal) == effects_of(run)
    assert effects_of(run)
    skipped = {one for one, state in states(run).items() if state == "skipped"}
    assert states(rehearsal) == states(run)
    assert skipped <= {"small", "incomplete", "alarm"}
    assert "secret" not in str(effects_of(run))


def test_an_invoice_is_kept_once_and_approved_by_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(next(one for one in TEMPLATES if one.slug == "invoice-intake"), monkeypatch)
    world.ran(dry_run=False)
    world.ran(dry_run=False)

    kept = db.session.scalars(select(DataRow)).one()
    assert kept.key == "2026-0815"
    assert kept.values["state"] == "approved"
    assert kept.values["decided_by"] == world.anna.username


def test_programs_read_the_gallery(api: Any) -> None:
    program = api(make_user("client"))

    found = program.get("/api/ai-automation/templates")

    by_slug = {one["slug"]: one for one in found.json}
    assert list(by_slug) == sorted(template.slug for template in TEMPLATES)
    assert by_slug["invoice-intake"]["workflow"]["trigger"] == {"type": "webhook", "signed": True}
    assert by_slug["web-lead"]["needs_secrets"] == ["CHAT_URL"]
    assert by_slug["web-lead"]["needs_tables"][0]["name"] == "leads"
    assert program.get("/api/ai-automation/templates?limit=2").headers["X-Total-Count"] == "12"
    assert api(make_user("expert")).get("/api/ai-automation/templates").status_code == 403


def test_every_step_of_a_template_has_a_name_of_its_own() -> None:
    """An id alone says little on a drawing, and many steps are of one type."""
    for template in TEMPLATES:
        names = [step.get("name") for step in template.workflow["steps"]]
        assert all(names), template.slug
        assert len(set(names)) == len(names), template.slug
