"""Rehearsals: what they say that would happen is what then happens, and they change nothing."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import func, select
from sqlalchemy.orm import Session, scoped_session

from app.automations.effects import EFFECTS, Call
from app.automations.models import Automation, Run, RunStep
from app.automations.runs.operations import decide
from app.automations.tables.models import DataRow
from app.core.clock import frozen
from app.core.db import Base
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import User
from tests.automations.effects_of_runs import all_runs_of, effects_of
from tests.automations.running import drain, states
from tests.factories.accounts import make_user
from tests.factories.automations import make_automation, make_run
from tests.factories.data_tables import make_data_row, make_data_table

AT = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
RUNS = {"automation_runs", "automation_steps", "automation_work", "automation_attempts"}
OUTSIDE = ("http", "email", "chat", "language_model")
GIVEN = {"n": 3, "items": [1, 2, 3], "none": [], "name": "Acme"}


@pytest.fixture(autouse=True)
def _as_the_runner(db_session: scoped_session[Session]) -> Iterator[None]:
    with as_system("a test of the runner"):
        yield


# Random workflows

Steps = list[dict[str, Any]]


@st.composite
def workflows(draw: st.DrawFn, depth: int = 1) -> Steps:
    """Steps of all kinds, each with an example; a step that calls another workflow holds its steps in `calls`."""
    steps: Steps = []
    for number in range(draw(st.integers(1, 6 if depth else 3))):
        known = [step["id"] for step in steps]
        needs = draw(st.lists(st.sampled_from(known), max_size=2, unique=True)) if known else []
        step = draw(_inner(f"{depth}{number}", needs, loops=False))
        kind = draw(st.sampled_from(["plain", "plain", "plain", "loop", "approval", "delay", *(["workflow"] * depth)]))
        if kind == "loop":
            inner = draw(_inner(f"{depth}{number}", needs, loops=True))
            items = draw(st.sampled_from(["{{ trigger.items }}", "{{ trigger.none }}"]))
            step = {"type": "for_each", "with": {"items": items, "step": inner, "concurrency": draw(st.integers(1, 3))}}
        elif kind == "approval":
            step = {"type": "approval", "with": {"ask": f"{{{{ trigger.name }}}}, {draw(_read(needs))}?"}}
            step["example"] = {"decision": "approve", "comment": "", "by": "boss", "at": "2026-12-01T09:30:00Z"}
        elif kind == "delay":
            step = {"type": "delay", "with": {"seconds": draw(st.sampled_from([0, 60, "{{ trigger.n * 10 }}"]))}}
        elif kind == "workflow":
            step = {
                "type": "workflow",
                "with": {"input": {"n": draw(_read(needs))}},
                "calls": draw(workflows(depth - 1)),
            }
        only_if = draw(st.sampled_from([None, None, None, "trigger.n > 2", "trigger.n > 5"]))
        step |= {"id": f"s{number}", "needs": needs} | ({"if": only_if} if only_if else {})
        steps.append(step)
    return steps


@st.composite
def _inner(draw: st.DrawFn, name: str, needs: list[str], *, loops: bool) -> dict[str, Any]:
    """A step that may also stand in a loop."""
    value = draw(st.sampled_from(["{{ item }}", "{{ index * 2 }}"])) if loops else draw(_read(needs))
    key = f"{name}-{{{{ item }}}}" if loops else name
    answer = {"answer": draw(st.integers(0, 9))}
    match draw(
        st.sampled_from(["http", "email", "chat", "language_model", "upsert", "create", "find", "list", "transform"])
    ):
        case "http":
            return {"type": "http", "with": {"url": "https://shop.test/", "json": {"value": value}}, "example": answer}
        case "email":
            return {
                "type": "email",
                "with": {"to": "a@b.test", "subject": f"No {value}", "text": ""},
                "example": answer,
            }
        case "chat":
            return {"type": "chat", "with": {"url": "https://chat.test", "text": f"No {value}"}, "example": answer}
        case "language_model":
            return {"type": "language_model", "with": {"prompt": f"No {value}"}, "example": answer}
        case "upsert" | "create" as action:
            given = {"kind": "row", "action": action, "table": "rows", "key": key, "values": {"value": value}}
            return {"type": "record", "with": given}
        case "find" | "list" as action:
            return {"type": "record", "with": {"kind": "row", "action": action, "table": "known"}}
    return {"type": "transform", "with": {"answer": value}}


@st.composite
def _read(draw: st.DrawFn, needs: list[str]) -> str:
    """An expression; of the steps before, what a rehearsal knows as well as the run: not the answer of a write."""
    known = ["{{ trigger.n }}", "{{ trigger.name }}", "{{ length(trigger.items) }}", "{{ today() }}"]
    return draw(st.sampled_from([*known, *(f"{{{{ steps.{need}.status }}}}" for need in needs)]))


class World:
    """A company with an automation and what it calls; the outside answers as the examples of the steps say."""

    def __init__(self, steps: Steps) -> None:
        self.anna: User = make_user("client")
        make_data_table(self.anna.client, name="rows")
        known = make_data_table(self.anna.client, name="known")
        make_data_row(known, "K-1", value=7)
        self.sent: list[str] = []
        self.examples: dict[UUID, Mapping[str, Any]] = {}
        self.automation = self._deployed(steps)

    def _deployed(self, steps: Steps) -> Automation:
        written = []
        for step in steps:
            calls = step.get("calls")
            kept = {name: value for name, value in step.items() if name != "calls"}
            if calls is not None:
                kept["with"] = {**kept["with"], "workflow_id": str(self._deployed(calls).id)}
            written.append(kept)
        automation = make_automation(written, client=self.anna.client, owner_id=self.anna.id)
        self.examples[automation.id] = {step["id"]: step for step in written}
        return automation

    def answer(self, _form: Any, call: Call) -> Any:
        automation_id = db.session.scalar(select(Run.automation_id).where(Run.id == call.run_id))
        step = self.examples[automation_id][call.step_id]  # type: ignore[index]
        self.sent.append(call.step_id)
        return step["with"]["step"]["example"] if step["type"] == "for_each" else step["example"]

    def ran(self, *, dry_run: bool) -> Run:
        run = make_run(self.automation, input=GIVEN, dry_run=dry_run)
        for number in range(40):
            with frozen(AT + timedelta(minutes=2 * number)):
                drain()
                self._approve_all()
                drain()
            db.session.refresh(run)
            if run.finished_at is not None:
                return run
        raise AssertionError(states(run))

    def _approve_all(self) -> None:
        asked = select(RunStep).where(RunStep.type == "approval", RunStep.status == "waiting")
        for step in db.session.scalars(asked).all():
            decide(db.session.get_one(Run, step.run_id), step.step_id, approve=True, comment="", actor=self.anna)
        db.session.commit()


def rows_of_all_tables() -> dict[str, int]:
    counts = {
        table.name: select(func.count()).select_from(table).scalar_subquery()
        for table in Base.metadata.sorted_tables
        if table.name not in RUNS
    }
    return dict(zip(counts, db.session.execute(select(*counts.values())).one(), strict=True))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=workflows())
def test_a_run_does_what_its_rehearsal_said(db_session: Any, steps: Steps) -> None:
    """The same effects with the same values in the same order, and the same ends of all steps. What no rehearsal can
    know, such as a rule that refuses a record, is left out of these workflows."""
    with pytest.MonkeyPatch.context() as patch, as_system("a test of the runner"):
        world = World(steps)
        for step_type in OUTSIDE:
            patch.setitem(EFFECTS, step_type, world.answer)
        before = rows_of_all_tables()

        rehearsal = world.ran(dry_run=True)

        assert rows_of_all_tables() == before
        assert world.sent == []
        run = world.ran(dry_run=False)
        assert effects_of(rehearsal) == effects_of(run)
        assert [states(one) for one in all_runs_of(rehearsal)] == [states(one) for one in all_runs_of(run)]
        assert all(one.dry_run for one in all_runs_of(rehearsal))
        assert (rehearsal.status, len(world.sent)) == (run.status, sum(one[2] in OUTSIDE for one in effects_of(run)))


def _world(patch: pytest.MonkeyPatch, *steps: dict[str, Any]) -> World:
    world = World(list(steps))
    for step_type in OUTSIDE:
        patch.setitem(EFFECTS, step_type, world.answer)
    return world


def test_a_rehearsal_really_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    read = {"id": "a", "type": "record", "with": {"kind": "row", "action": "get", "table": "known", "key": "K-1"}}
    use = {"id": "b", "type": "transform", "needs": ["a"], "with": {"value": "{{ steps.a.output.values.value }}"}}

    run = _world(monkeypatch, read, use).ran(dry_run=True)

    assert run.output == {"b": {"value": 7}}
    assert effects_of(run) == []


def test_a_rehearsal_waits_for_nothing_and_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    wait = {"id": "a", "type": "delay", "with": {"seconds": 86400}}
    ask = {"id": "b", "type": "approval", "needs": ["a"], "with": {"ask": "Well?"}}
    tell = {"id": "c", "type": "transform", "needs": ["b"],
            "with": {"waited": "{{ steps.a.output.seconds }}", "said": "{{ steps.b.output.decision }}"}}  # fmt: skip
    world = _world(monkeypatch, wait, ask, tell)

    run = make_run(world.automation, dry_run=True)
    drain()

    db.session.refresh(run)
    assert (run.status, run.output) == ("succeeded", {"c": {"waited": 86400, "said": None}})
    assert effects_of(run) == [("0.b", -1, "approval", {"ask": "Well?", "of": "company", "expires_in_seconds": None})]


def test_what_could_not_be_sent_fails_in_the_rehearsal_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    step = {"id": "a", "type": "email", "with": {"to": "a@b.test", "subject": "{{ trigger.items }}", "text": ""}}
    world = _world(monkeypatch, step)

    rehearsal, run = world.ran(dry_run=True), world.ran(dry_run=False)

    assert (rehearsal.status, rehearsal.error) == (run.status, run.error)
    assert run.error == {"step": "a", "message": "subject: Input should be a valid string."}


def test_a_called_workflow_is_rehearsed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = {"id": "x", "type": "http", "with": {"url": "https://shop.test/{{ trigger.input.n }}"}, "example": {"n": 1}}
    call = {"id": "a", "type": "workflow", "with": {"input": {"n": "{{ trigger.n }}"}}, "calls": [inner]}
    world = _world(monkeypatch, call)

    run = world.ran(dry_run=True)

    assert run.output["a"]["output"] == {"x": {"n": 1}}
    assert effects_of(run) == [("1.x", -1, "http", {"url": "https://shop.test/3"})]
    assert world.sent == []


def test_each_item_of_a_loop_says_what_it_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = {"type": "record", "with": {"kind": "row", "action": "create", "table": "rows", "key": "{{ item }}"}}
    world = _world(
        monkeypatch, {"id": "a", "type": "for_each", "with": {"items": "{{ trigger.items }}", "step": inner}}
    )

    run = world.ran(dry_run=True)

    assert [(item, would["key"]) for _, item, _, would in effects_of(run)] == [(0, 1), (1, 2), (2, 3)]
    assert db.session.scalar(select(func.count()).select_from(DataRow)) == 1
