"""How long runs are known: data goes, then the runs; figures stay, and nothing of what isn't over is touched."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, scoped_session

from app.automations.effects import EFFECTS, Call, StepFailed
from app.automations.errors import RunDataIsGone
from app.automations.models import Attempt, Run, RunStep
from app.automations.monitoring import jobs, retention
from app.automations.runs.operations import retry_run
from app.core.audit import SYSTEM
from app.core.clock import now, shifted
from app.core.tenancy import as_system
from app.extensions import db
from tests.automations.running import drain, steps_of
from tests.factories.automations import make_automation, make_run

COPY = {"id": "copy", "type": "transform", "with": {"name": "{{ trigger.name }}"}}
HTTP = {"id": "fetch", "type": "http", "with": {"url": "https://shop.test/?of={{ trigger.name }}"}, "needs": ["copy"]}
GIVEN = {"name": "Ana Pérez"}


@pytest.fixture(autouse=True)
def _as_the_system(db_session: scoped_session[Session], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def fails(_form: Any, _call: Call) -> Any:
        raise StepFailed("Nobody is called Ana Pérez.", again=False)

    monkeypatch.setitem(EFFECTS, "http", fails)
    with as_system("tests drive the runner"):
        yield


def ran(*steps: dict[str, Any], **values: Any) -> Run:
    run = make_run(make_automation(steps or (COPY, HTTP)), input=GIVEN, **values)
    drain()
    db.session.expire_all()
    return db.session.get_one(Run, run.id)


def everything_about(run: Run) -> str:
    query = text("""
        select (select json_agg(r) from automation_runs r where id = :id)::text
            || coalesce((select json_agg(s) from automation_steps s where run_id = :id)::text, '')
            || coalesce((select json_agg(a) from automation_attempts a where run_id = :id)::text, '')""")
    return str(db.session.scalar(query, {"id": run.id}))


def test_after_its_days_a_run_is_figures_alone() -> None:
    run = ran()
    assert "Ana" in everything_about(run)
    with shifted(timedelta(days=29)):
        jobs.remove_old_data()
    assert "Ana" in everything_about(run)
    with shifted(timedelta(days=31)):
        jobs.remove_old_data()
    db.session.expire_all()
    assert "Ana" not in everything_about(run)
    assert (run.status, run.error, run.data_removed_at is not None) == ("failed", {"step": "fetch"}, True)
    step = steps_of(run)["fetch"]
    assert (step.status, step.attempts, step.finished_at is not None) == ("failed", 1, True)
    assert db.session.scalar(select(func.count()).where(Attempt.run_id == run.id)) == 1


def test_what_is_not_over_keeps_its_data_however_old_it_is() -> None:
    run = ran({"id": "ask", "type": "approval", "with": {"ask": "Pay {{ trigger.name }}?"}})
    with shifted(timedelta(days=3_000)):
        jobs.remove_old_data()
        jobs.delete_old_runs()
    assert "Ana" in everything_about(run)


def test_a_run_is_deleted_with_all_below_it_after_its_own_days() -> None:
    run, kept = ran(), ran()
    run_id = run.id
    again_id = retry_run(run, actor=SYSTEM).id
    kept.finished_at = now() + timedelta(days=10)
    db.session.commit()
    drain()
    with shifted(timedelta(days=401)):
        jobs.delete_old_runs()
    db.session.expire_all()
    assert db.session.get(Run, run_id) is None
    assert db.session.scalar(select(func.count()).where(RunStep.run_id == run_id)) == 0
    assert db.session.get(Run, again_id) is None
    assert db.session.get(Run, kept.id) is not None


def test_batches_are_bounded_and_say_what_they_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        ran(COPY)
    removed = retention.Removed()
    before = now() + timedelta(seconds=1)
    assert [retention.remove_data(before, removed, 2) for _ in range(4)] == [2, 2, 1, 0]
    assert (removed.runs, removed.steps) == (5, 5)
    assert removed.bytes > 5 * len("Ana Pérez")
    told: list[Any] = []
    monkeypatch.setattr(jobs, "report", lambda *values: told.append(values))
    ran(COPY)
    with shifted(timedelta(days=31)):
        jobs.remove_old_data()
    assert told[-1][:2] == (1, 1)
    assert told[-1][2].startswith("Runs: 1, steps: 1, removed: ")


def test_a_run_without_data_is_only_run_again_as_a_whole(as_manager: FlaskClient) -> None:
    run = ran()
    with shifted(timedelta(days=31)):
        jobs.remove_old_data()
    db.session.expire_all()
    with pytest.raises(RunDataIsGone):
        retry_run(run, actor=SYSTEM)
    with pytest.raises(RunDataIsGone):
        retry_run(run, actor=SYSTEM, from_step="fetch", given={})
    address = f"/admin/automations/{run.automation_id}/runs/{run.id}"
    assert "Run data removed" in as_manager.get(address).text
    assert "No results can be kept" in as_manager.get(f"{address}/retry").text
    answer = as_manager.post(f"{address}/retry", data={"from_step": "*", "input": '{"name": "Bo"}'})
    assert answer.status_code == 303
    drain()
    db.session.expire_all()
    again = db.session.scalars(select(Run).where(Run.parent_run_id == run.id)).one()
    assert steps_of(again)["copy"].output == {"name": "Bo"}
