"""Every run comes to an end, whatever its services answer and whatever goes wrong in the portal."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, scoped_session

from app.automations.effects import EFFECTS, StepFailed
from app.automations.models import Attempt, Run, Work
from app.automations.runs import runner as runners
from app.automations.runs import work
from app.automations.runs.runner import Runner, advance
from app.automations.runs.stepping import begin_try
from app.core.clock import shifted
from app.core.tenancy import as_system
from app.extensions import db
from tests.automations.running import drain, states
from tests.factories.automations import make_automation, make_run

HTTP = {"type": "http", "with": {"url": "https://shop.test/"}}
_EXPIRE = text("update automation_work set lease_until = clock_timestamp() - interval '1 s' where state = 'leased'")


@pytest.fixture(autouse=True)
def _as_the_runner(db_session: scoped_session[Session]) -> Iterator[None]:
    with as_system("a test of the runner"):
        yield


def ended(run: Run) -> Run:
    drain()
    db.session.refresh(run)
    return run


@pytest.mark.parametrize(
    ("body", "kept"),
    [("a\0b", "a\ufffdb"), (float("inf"), None), ({"\0": ["\0"]}, {"\ufffd": ["\ufffd"]})],
)
def test_an_answer_that_the_database_cannot_keep_is_kept_as_what_comes_nearest(
    body: Any, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EFFECTS, "http", lambda form, call: {"body": body})
    run = ended(make_run(make_automation([{"id": "a", **HTTP}])))

    assert (run.status, run.output) == ("succeeded", {"a": {"body": kept}})


def test_an_input_that_the_database_cannot_keep_begins_a_run_all_the_same() -> None:
    given = {"nul": "a\0b", "half": "\ud800", "huge": float("inf")}
    run = ended(
        make_run(make_automation([{"id": "a", "type": "transform", "with": {"n": "{{ trigger.nul }}"}}]), input=given)
    )

    assert run.input == {"nul": "a\ufffdb", "half": "\ufffd", "huge": None}
    assert (run.status, run.output) == ("succeeded", {"a": {"n": "a\ufffdb"}})


def test_tries_that_were_cut_off_leave_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that may be tried twenty times is, whoever died meanwhile."""
    calls = []

    def down(form: Any, call: Any) -> Any:
        calls.append(call.key)
        raise StepFailed("The service is down.")

    monkeypatch.setitem(EFFECTS, "http", down)
    step = {"id": "a", **HTTP, "retry": {"max_attempts": 20, "backoff_seconds": 0}}
    run = make_run(make_automation([step]))
    advance(work.claim_looks(1))
    for _ in range(3):
        [claim] = work.claim_steps(1)
        assert begin_try(claim) is not None
        db.session.execute(_EXPIRE)
        work.wake()
    db.session.commit()

    run = ended(run)

    assert (run.status, len(calls), len(set(calls))) == ("failed", 20, 1)
    assert run.error == {"step": "a", "message": "The service is down."}
    assert len(db.session.scalars(select(Attempt)).all()) == 23


def test_a_step_whose_workers_all_die_is_given_up() -> None:
    run = make_run(make_automation([{"id": "a", **HTTP}]))
    advance(work.claim_looks(1))
    for _ in range(work.MOST_CLAIMS):
        [claim] = work.claim_steps(1)
        assert begin_try(claim) is not None
        db.session.execute(_EXPIRE)
        work.wake()
    db.session.commit()

    run = ended(run)

    assert (run.status, states(run)) == ("failed", {"a": "failed"})
    assert run.error["message"] == "This step was given up because it repeatedly crashed its worker."


@pytest.mark.parametrize("broken", ["advance", "do_step"])
def test_what_fails_by_a_mistake_of_ours_each_time_is_given_up(
    broken: str, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    run = make_run(make_automation([{"id": "a", **HTTP}, {"id": "b", "type": "delay", "with": {"seconds": 60}}]))
    if broken == "do_step":
        advance(work.claim_looks(1))
    monkeypatch.setattr(runners, broken, fail)
    monkeypatch.setattr(runners, "IDLE", 0)
    runner = Runner(app, stopping=Never())
    for _ in range(work.MOST_CLAIMS + 1):
        db.session.execute(_EXPIRE)
        work.wake()
        [claim] = work.claim_looks(1) if broken == "advance" else work.claim_steps(1)
        db.session.commit()
        runner._advance([claim]) if broken == "advance" else runner._step(claim)
    monkeypatch.undo()
    drain()
    with shifted(timedelta(minutes=2)):
        run = ended(run)

    assert run.status == "failed"
    assert run.error["message"].endswith("it was given up.")
    assert db.session.scalars(select(Work)).all() == []


class Never:
    """An event that nobody sets, and for which nobody waits."""

    def wait(self, _seconds: float) -> bool:
        return False

    def is_set(self) -> bool:
        return False


def test_a_lease_of_a_clock_that_was_set_back_since_runs_out() -> None:
    make_run(make_automation())
    work.claim_looks(1)
    db.session.execute(text("update automation_work set lease_until = clock_timestamp() + interval '1 hour'"))

    assert work.wake() == 1
    assert len(work.claim_looks(1)) == 1
    assert work.wake() == 0
