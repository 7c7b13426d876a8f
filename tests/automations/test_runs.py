"""Runs, driven step by step on a real database."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, scoped_session

from app.automations.effects import EFFECTS, Call, StepFailed
from app.automations.models import Attempt, Month, Run, RunStep, Work
from app.automations.runs import work, writing
from app.automations.runs.ending import end_overdue
from app.automations.runs.operations import cancel_run
from app.automations.runs.runner import advance, do_step
from app.core.audit import SYSTEM
from app.core.clock import shifted
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import Client
from app.notifications.models import Notification
from tests.automations.running import drain, states, statuses, steps_of
from tests.factories import make_user
from tests.factories.automations import make_automation, make_run
from tests.factories.events import deliver

HTTP = {"type": "http", "with": {"url": "https://shop.test/"}}


class Service:
    """What an outside service heard, and what it answers."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, Call]] = []
        self.failures = 0

    def __call__(self, form: Any, call: Call) -> Any:
        self.heard.append((form, call))
        if len(self.heard) <= self.failures:
            raise StepFailed("The service is down.", status=503)
        return {"status": 200, "headers": {}, "body": {"n": len(self.heard)}}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    service = Service()
    monkeypatch.setitem(EFFECTS, "http", service)
    return service


@pytest.fixture(autouse=True)
def _as_the_runner(db_session: scoped_session[Session]) -> Iterator[None]:
    with as_system("a test of the runner"):
        yield


def test_a_run_computes_its_steps_in_their_order() -> None:
    automation = make_automation(
        [
            {"id": "valid", "type": "condition", "with": {"if": "trigger.amount > 0"}},
            {"id": "total", "type": "transform", "needs": ["valid"], "if": "steps.valid.output.result",
             "with": {"total": "{{ round(trigger.amount * 1.2, 2) }}"}},
            {"id": "note", "type": "transform", "needs": ["total"],
             "with": {"note": "{{ upper(trim(trigger.client)) }}: {{ steps.total.output.total }}"}},
            {"id": "never", "type": "transform", "needs": ["valid"], "if": "not steps.valid.output.result"},
        ]
    )  # fmt: skip
    run = make_run(automation, input={"amount": 99.99, "client": "  acme "})

    drain()

    db.session.refresh(run)
    assert run.status == "succeeded"
    assert run.output == {"note": {"note": "ACME: 119.99"}}
    assert states(run) == {"valid": "succeeded", "total": "succeeded", "note": "succeeded", "never": "skipped"}
    assert db.session.scalars(select(Work)).all() == []


def test_a_service_that_fails_twice_is_asked_three_times_under_one_key(service: Service) -> None:
    service.failures = 2
    step = {"id": "a", **HTTP, "retry": {"max_attempts": 3, "backoff_seconds": 60}}
    run = make_run(make_automation([step]))

    drain()
    assert states(run) == {"a": "waiting"}
    with shifted(timedelta(seconds=61)):
        drain()
    with shifted(timedelta(seconds=190)):
        drain()

    db.session.refresh(run)
    assert (run.status, run.output) == ("succeeded", {"a": {"status": 200, "headers": {}, "body": {"n": 3}}})
    assert len({call.key for _, call in service.heard}) == 1
    errors = list(db.session.scalars(select(Attempt.error).order_by(Attempt.number)))
    assert errors == [{"message": "The service is down.", "status": 503}] * 2 + [None]


def test_what_needs_a_failed_step_is_skipped_unless_it_says_continue(service: Service) -> None:
    service.failures = 99
    steps = [
        {"id": "a", **HTTP},
        {"id": "b", "type": "transform", "needs": ["a"]},
        {"id": "c", "type": "transform", "needs": ["b"]},
        {"id": "d", **HTTP, "on_error": "continue"},
        {"id": "e", "type": "transform", "needs": ["d"], "with": {"why": "{{ steps.d.error.message }}"}},
    ]
    run = make_run(make_automation(steps))

    drain()

    assert states(run) == {"a": "failed", "b": "skipped", "c": "skipped", "d": "failed", "e": "succeeded"}
    db.session.refresh(run)
    assert (run.status, run.error) == ("failed", {"step": "a", "message": "The service is down.", "status": 503})
    assert run.output == {"e": {"why": "The service is down."}}


def test_a_delay_waits_without_work_to_do() -> None:
    steps = [
        {"id": "a", "type": "delay", "with": {"seconds": 3600}},
        {"id": "b", "type": "transform", "needs": ["a"]},
    ]
    run = make_run(make_automation(steps))

    drain()
    db.session.refresh(run)
    assert (run.status, states(run)) == ("waiting", {"a": "waiting"})
    with shifted(timedelta(seconds=3601)):
        drain()

    db.session.refresh(run)
    assert (run.status, states(run)) == ("succeeded", {"a": "succeeded", "b": "succeeded"})


def test_a_result_counts_only_with_the_newest_lease(service: Service) -> None:
    run = make_run(make_automation([{"id": "a", **HTTP}]))
    [first] = work.claim_looks(1)
    advance([first])
    [frozen] = work.claim_steps(1)
    db.session.execute(work.text("update automation_work set state = 'ready'"))
    [second] = work.claim_steps(1)
    db.session.commit()

    do_step(second)
    with pytest.raises(work.LeaseLost):
        do_step(frozen)

    drain()
    db.session.refresh(run)
    assert run.status == "succeeded"
    assert len(service.heard) == 1


def test_a_loop_does_each_item_and_a_few_at_a_time(service: Service) -> None:
    loop = {"items": "{{ trigger.urls }}", "concurrency": 2, "step": {"type": "http", "with": {"url": "{{ item }}"}}}
    run = make_run(
        make_automation([{"id": "all", "type": "for_each", "with": loop}]), input={"urls": ["u1", "u2", "u3"]}
    )
    work.wake()
    advance(work.claim_looks(1))
    assert len(db.session.scalars(select(RunStep).where(RunStep.item >= 0)).all()) == 2

    drain()

    db.session.refresh(run)
    assert run.status == "succeeded"
    assert sorted(form.url for form, _ in service.heard) == ["u1", "u2", "u3"]
    assert run.output["all"]["succeeded"] == 3
    assert len({call.key for _, call in service.heard}) == 3


def test_a_workflow_waits_for_the_one_that_it_calls() -> None:
    inner = make_automation([{"id": "x", "type": "transform", "with": {"double": "{{ trigger.input.n * 2 }}"}}])
    call = {"workflow_id": str(inner.id), "input": {"n": "{{ trigger.n }}"}}
    steps = [
        {"id": "call", "type": "workflow", "with": call},
        {"id": "b", "type": "transform", "needs": ["call"], "with": {"n": "{{ steps.call.output.output.x.double }}"}},
    ]
    outer = make_automation(steps, client=db.session.get(Client, inner.client_id))
    run = make_run(outer, input={"n": 21})

    drain()

    db.session.refresh(run)
    assert (run.status, run.output) == ("succeeded", {"b": {"n": 42}})


def test_a_rehearsal_lets_nothing_out_and_says_what_it_would_do(service: Service) -> None:
    steps = [
        {
            "id": "a",
            "type": "http",
            "with": {"url": "https://shop.test/{{ trigger.n }}"},
            "example": {"body": {"id": 7}},
        },
        {"id": "b", "type": "transform", "needs": ["a"], "with": {"id": "{{ steps.a.output.body.id }}"}},
    ]
    run = make_run(make_automation(steps), dry_run=True, input={"n": 5})

    drain()

    db.session.refresh(run)
    assert service.heard == []
    assert (run.status, run.output) == ("succeeded", {"b": {"id": 7}})
    assert steps_of(run)["a"].would == {"url": "https://shop.test/5"}


def test_companies_take_turns() -> None:
    one, other = make_automation(), make_automation()
    for _ in range(30):
        make_run(one)
    late = make_run(other)

    claims = work.claim_looks(8)

    assert late.id in {claim.run_id for claim in claims}
    assert len(claims) == 5


def test_runs_are_looked_at_together() -> None:
    automation = make_automation()
    runs = [make_run(automation) for _ in range(10)]
    claims = work.claim_looks(20, share=20)
    assert len(claims) == 10

    advance(claims)

    db.session.expire_all()
    assert {run.status for run in db.session.scalars(select(Run))} == {"succeeded"}
    assert len(runs) == 10


@pytest.mark.parametrize("largest", [0, 700, 8 << 20])
def test_what_a_look_found_is_written_whole_in_one_document_or_several(
    largest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "LARGEST_DOCUMENT", largest)
    text = 'ü \\ " \n \U0001f600 {{ trigger.text }}'
    steps = [{"id": f"s{number}", "type": "transform", "with": {"t": text, "n": [number, None]}} for number in range(5)]
    automation = make_automation(steps)
    runs = [make_run(automation, input={"text": f"a{number}"}) for number in range(4)]

    advance(work.claim_looks(10))

    for number, run in enumerate(runs):
        kept = {f"s{one}": {"t": f'ü \\ " \n \U0001f600 a{number}', "n": [one, None]} for one in range(5)}
        assert statuses(run) == "succeeded"
        assert {name: step.output for name, step in steps_of(run).items()} == kept
        assert run.output == kept
        assert run.finished_at >= run.started_at >= run.created_at


def test_further_runs_wait_until_one_has_ended() -> None:
    pause = {"id": "a", "type": "delay", "with": {"seconds": 60}}
    automation = make_automation([pause], max_concurrent=1)
    first, second = make_run(automation), make_run(automation)

    drain()
    assert [statuses(first), statuses(second)] == ["waiting", "queued"]
    with shifted(timedelta(seconds=61)):
        drain()
    assert [statuses(first), statuses(second)] == ["succeeded", "waiting"]
    with shifted(timedelta(seconds=130)):
        drain()
    assert statuses(second) == "succeeded"


def test_what_ended_is_counted_in_its_month_and_rehearsals_never(service: Service) -> None:
    service.failures = 99
    good = make_automation(minutes_saved=Decimal("2.5"))
    bad = make_automation([{"id": "a", **HTTP}])
    for _ in range(3):
        make_run(good)
    make_run(good, dry_run=True)
    make_run(bad)

    drain()

    rows = {row.automation_id: row for row in db.session.scalars(select(Month))}
    counted = {one: (row.runs, row.succeeded, row.failed, row.minutes_saved) for one, row in rows.items()}
    assert counted == {good.id: (3, 3, 0, Decimal("7.5")), bad.id: (1, 0, 1, Decimal(0))}


def test_a_failure_is_told_once_an_hour(service: Service) -> None:
    service.failures = 99
    automation = make_automation([{"id": "a", **HTTP}])
    for _ in range(3):
        make_run(automation)

    drain()

    told = db.session.execute(text("select data ->> 'reason' from event_outbox where type = 'automation.run_failed'"))
    assert list(told.scalars()) == ["The service is down."]


def test_a_called_workflow_that_is_cancelled_fails_the_step_that_called_it() -> None:
    inner = make_automation([{"id": "x", "type": "delay", "with": {"seconds": 600}}])
    steps = [{"id": "call", "type": "workflow", "with": {"workflow_id": str(inner.id)}}]
    outer = make_automation(steps, client=db.session.get(Client, inner.client_id))
    run = make_run(outer)
    drain()
    [child] = db.session.scalars(select(Run).where(Run.parent_run_id == run.id))

    cancel_run(child, actor=SYSTEM)
    db.session.commit()
    drain()

    db.session.refresh(run)
    assert (run.status, run.error) == (
        "failed",
        {"step": "call", "message": "The called workflow was cancelled."},
    )


def test_a_rehearsed_loop_lets_nothing_out(service: Service) -> None:
    loop = {"items": [1, 2, 3], "step": {"type": "http", "with": {"url": "https://shop.test/{{ item }}"}, "example": 7}}
    run = make_run(make_automation([{"id": "all", "type": "for_each", "with": loop}]), dry_run=True)

    drain()

    assert service.heard == []
    rows = db.session.scalars(select(RunStep).where(RunStep.item >= 0).order_by(RunStep.item))
    assert [row.would for row in rows] == [{"url": f"https://shop.test/{n}"} for n in (1, 2, 3)]
    db.session.refresh(run)
    assert run.output == {"all": {"items": [7, 7, 7], "succeeded": 3, "failed": 0}}


def test_a_loop_calls_a_workflow_for_each_item() -> None:
    inner = make_automation([{"id": "x", "type": "transform", "with": {"double": "{{ trigger.input.n * 2 }}"}}])
    call = {"type": "workflow", "with": {"workflow_id": str(inner.id), "input": {"n": "{{ item }}"}}}
    steps = [{"id": "all", "type": "for_each", "with": {"items": [1, 2, 3], "step": call, "concurrency": 2}}]
    run = make_run(make_automation(steps, client=db.session.get(Client, inner.client_id)))

    drain()

    db.session.refresh(run)
    assert run.status == "succeeded"
    assert [item["output"]["x"]["double"] for item in run.output["all"]["items"]] == [2, 4, 6]


def test_a_run_ends_after_30_days() -> None:
    steps = [{"id": "a", "type": "approval", "with": {"ask": "Pay it?"}}]
    run = make_run(make_automation(steps))
    drain()

    with shifted(timedelta(days=29)):
        assert end_overdue() == 0
    with shifted(timedelta(days=31)):
        assert end_overdue() == 1
    db.session.commit()

    assert (statuses(run), states(run)) == ("failed", {"a": "cancelled"})
    assert run.error == {"step": "", "message": "The run was stopped because it took longer than 30 days."}
    assert db.session.scalars(select(Work)).all() == []


@pytest.mark.parametrize(("of", "told"), [("company", "client"), ("staff", "manager")])
def test_whoever_is_asked_for_approval_is_told(of: str, told: str) -> None:
    owner, manager = make_user("client"), make_user("manager")
    step = {"id": "pay", "type": "approval", "with": {"ask": "Pay R-1?", "of": of}}
    automation = make_automation([step], client=owner.client, name="Invoices")
    run = make_run(automation)
    drain()

    deliver()

    notices = db.session.scalars(select(Notification)).all()
    person, base = (owner, "/dashboard") if told == "client" else (manager, "/admin")
    assert [(one.user_id, one.title, one.body) for one in notices] == [
        (person.id, "Invoices asks for your approval", "Pay R-1?")
    ]
    assert notices[0].url == f"{base}/automations/{automation.id}/runs/{run.id}"


def test_the_company_is_told_of_a_failed_run(service: Service) -> None:
    service.failures = 99
    owner = make_user("client")
    make_run(make_automation([{"id": "a", **HTTP}], client=owner.client, name="Invoices"))
    drain()

    deliver()

    [notice] = db.session.scalars(select(Notification))
    assert (notice.title, notice.body) == ("Run failed: Invoices", "Failed at step a: The service is down.")
