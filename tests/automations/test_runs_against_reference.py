"""Random workflows, failing services and dying workers: a run comes to what a plain computation of it says."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, scoped_session

from app.automations.effects import EFFECTS
from app.automations.models import WHOLE, Attempt, Run, RunStep, Work
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import Client
from tests.automations.mishaps import Service, World
from tests.automations.plans import definition_of, plans
from tests.automations.reference import Done, Outcome, Plan, play
from tests.factories.accounts import make_client_company
from tests.factories.automations import make_automation, make_run

OFTEN = settings(
    max_examples=60,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(autouse=True)
def _as_the_runner(db_session: scoped_session[Session]) -> Iterator[None]:
    with as_system("a test of the runner"):
        yield


@OFTEN
@given(plan=plans(), n=st.integers(-3, 5), data=st.data())
def test_a_run_comes_to_what_its_plan_says(
    plan: Plan, n: int, data: st.DataObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.session.execute(delete(Work))
    deployed: dict[UUID, Plan] = {}
    run = make_run(deploy(plan, make_client_company(), deployed), input={"n": n})
    service = Service(deployed)
    monkeypatch.setitem(EFFECTS, "http", service)

    World(service, lambda options: data.draw(st.sampled_from(options)), data.draw(st.integers(0, 8))).work()

    db.session.expire_all()
    compare(run, plan, play(plan, n), service)
    assert db.session.scalars(select(Work)).all() == []
    assert all(len(keys) == 1 for keys in service.keys.values())
    used = [key for keys in service.keys.values() for key in keys]
    assert len(used) == len(set(used))


def deploy(plan: Plan, client: Client, deployed: dict[UUID, Plan]) -> Any:
    called = {step.id: str(deploy(step.calls, client, deployed).id) for step in plan.steps if step.calls is not None}
    automation = make_automation(definition_of(plan, called), client=client)
    deployed[automation.id] = plan
    return automation


def compare(run: Run, plan: Plan, wanted: Outcome, service: Service) -> None:
    assert (run.status, (run.error or {}).get("step")) == (wanted.status, wanted.failed_at)
    assert plainly(run.output) == plainly(wanted.output)
    rows = {(row.step_id, row.item): row for row in db.session.scalars(select(RunStep).where(RunStep.run_id == run.id))}
    expected = {(one, WHOLE): end for one, end in wanted.steps.items()}
    expected |= {(one, item): end for one, loop in wanted.steps.items() for item, end in enumerate(loop.items)}
    assert {key: row.status for key, row in rows.items()} == {key: end.status for key, end in expected.items()}
    for key, end in expected.items():
        compare_step(rows[key], end, service)
    for step in plan.steps:
        if (called := wanted.steps[step.id].run) is not None:
            assert step.calls is not None
            child = db.session.scalars(select(Run).where(Run.id == UUID(rows[step.id, WHOLE].output["run_id"]))).one()
            compare(child, step.calls, called, service)


def compare_step(row: RunStep, end: Done, service: Service) -> None:
    assert plainly(row.output) == plainly(end.output), row.step_id
    assert row.finished_at is not None
    assert (row.error is None) == (end.status == "succeeded")
    if row.type == "delay" and end.status == "succeeded":
        assert (row.finished_at - row.started_at).total_seconds() >= end.output["seconds"]
    if row.type == "http":
        compare_attempts(row, end, service)


def compare_attempts(row: RunStep, end: Done, service: Service) -> None:
    """Each try is written down, in its order, with how it ended; the next one comes after a pause."""
    here = (Attempt.run_id == row.run_id, Attempt.position == row.position, Attempt.item == row.item)
    tries = db.session.scalars(select(Attempt).where(*here).order_by(Attempt.number)).all()
    assert [one.number for one in tries] == list(range(1, row.attempts + 1))
    assert all(one.finished_at is not None for one in tries)
    own = [one for one in tries if not (one.error or {}).get("cut_off")]
    assert len(own) == end.tries
    assert [one.error is None for one in own] == [False] * (end.tries - 1) + [end.status == "succeeded"] * bool(own)
    assert service.calls.get(row.key, 0) >= end.tries
    for number, (before, after) in enumerate(pairwise(own)):
        waited = (after.started_at - before.finished_at).total_seconds()
        assert waited >= 10 * 2**number * 0.5


def plainly(value: Any) -> Any:
    """Without what nobody can foretell."""
    if isinstance(value, Mapping):
        return {name: plainly(one) for name, one in value.items() if name not in ("run_id", "comment", "by", "at")}
    return [plainly(one) for one in value] if isinstance(value, list) else value
