"""The outbox: a row for each call, before it is made, whatever becomes of the worker."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session, scoped_session

from app.automations.effects import EFFECTS, Call
from app.automations.outbox import jobs
from app.automations.runs import work
from app.automations.runs.runner import advance, do_step
from app.automations.runs.stepping import begin_try
from app.core.clock import shifted
from app.core.outbox import OutgoingMessage
from app.core.tenancy import as_system
from app.extensions import db
from tests.automations.effects import add_secret, outbox_of, run_step, use_settings
from tests.automations.running import drain
from tests.factories.automations import make_automation, make_run
from tests.integrations.web import Web, answers, web


@pytest.fixture(autouse=True)
def _as_the_runner(app: Flask, db_session: scoped_session[Session], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    use_settings(app, monkeypatch)
    with as_system("a test of the runner"):
        yield


@pytest.fixture
def shop() -> Iterator[Web]:
    with web(ok=answers(200, "fine")) as told:
        yield told


def test_a_call_shows_where_it_went_and_what_was_answered(shop: Web) -> None:
    url = f"http://ann:pw@127.0.0.1:{shop.port}/ok?token=abc#part"
    run, step = run_step("http", {"method": "POST", "url": url})
    [row] = outbox_of(run)
    assert (row.channel, row.provider, row.recipient, row.summary) == ("http", "direct", f"{shop.url}/ok", "POST")
    assert (row.status, row.answer, row.attempt, row.key, row.client_id) == ("sent", "200", 1, step.key, run.client_id)
    assert row.duration_ms is not None
    assert 0 <= row.duration_ms < 10_000
    assert row.finished_at is not None


def test_each_try_has_its_row(shop: Web) -> None:
    shop.does["/no"] = answers(503)
    run, _ = run_step("http", {"url": shop.url + "/no"}, retry={"max_attempts": 3, "backoff_seconds": 0})
    assert [(row.attempt, row.status, row.answer) for row in outbox_of(run)] == [
        (number, "failed", "The service answered with 503.") for number in (1, 2, 3)
    ]


def test_texts_are_cut_and_of_one_line() -> None:
    given = {"to": "+49301234567", "text": "a\n  b " + "x" * 1_000}
    run, _ = run_step("sms", given)
    [row] = outbox_of(run)
    assert row.summary.startswith("a b xxx")
    assert len(row.summary) == 500


def test_steps_that_reach_nobody_leave_nothing() -> None:
    run, _ = run_step("transform", {"a": 1})
    assert outbox_of(run) == []


def test_a_rehearsal_leaves_nothing(shop: Web) -> None:
    automation = make_automation([{"id": "a", "type": "http", "with": {"url": shop.url + "/ok"}}])
    run = make_run(automation, dry_run=True)
    drain()
    assert outbox_of(run) == []
    assert shop.heard == []


def claimed(run: Any) -> Any:
    advance(work.claim_looks(1))
    [claim] = work.claim_steps(1)
    db.session.commit()
    return claim


def test_a_call_whose_worker_died_is_shown_as_unknown(shop: Web) -> None:
    run = make_run(make_automation([{"id": "a", "type": "http", "with": {"url": shop.url + "/ok"}}]))
    begin_try(claimed(run))
    db.session.commit()
    assert [row.status for row in outbox_of(run)] == ["sending"]

    db.session.execute(text("update automation_work set state = 'ready'"))
    drain()

    assert [(row.attempt, row.status) for row in outbox_of(run)] == [(1, "unknown"), (2, "sent")]


def test_a_call_whose_worker_lost_its_lease_is_shown_with_its_answer(
    shop: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(make_automation([{"id": "a", "type": "http", "with": {"url": shop.url + "/ok"}}]))
    claim = claimed(run)
    real = EFFECTS["http"]

    def frozen(form: Any, call: Call) -> Any:
        monkeypatch.setitem(EFFECTS, "http", real)
        db.session.execute(text("update automation_work set state = 'ready'"))
        drain()
        return real(form, call)

    monkeypatch.setitem(EFFECTS, "http", frozen)
    with pytest.raises(work.LeaseLost):
        do_step(claim)

    db.session.refresh(run)
    assert run.status == "succeeded"
    assert [(row.attempt, row.status, row.answer) for row in outbox_of(run)] == [(1, "sent", "200"), (2, "sent", "200")]
    assert len({one.headers["Idempotency-Key"] for one in shop.heard}) == 1


def test_no_secret_is_in_a_row(shop: Web) -> None:
    secret = "sk_live_4242"
    shop.does[f"/{secret}"] = answers(500, secret)
    run, _ = run_step("http", {"url": shop.url + "/{{ secrets.KEY }}"}, secrets={"KEY": secret})
    [row] = outbox_of(run)
    assert row.recipient == f"{shop.url}/•••"
    run, _ = run_step(
        "email", {"to": "a@example.com", "subject": "{{ secrets.KEY }}", "text": "x"}, secrets={"KEY": secret}
    )
    assert outbox_of(run)[0].summary == "•••"
    assert not any(secret in f"{vars(row)}" for row in db.session.scalars(select(OutgoingMessage)))


def test_items_of_a_loop_are_listed_each(shop: Web) -> None:
    loop = {"items": [1, 2], "step": {"type": "http", "with": {"url": shop.url + "/ok?n={{ item }}"}}}
    automation = make_automation([{"id": "all", "type": "for_each", "with": loop}])
    add_secret(automation.client_id, "A", "unused-value")
    run = make_run(automation)
    drain()
    assert sorted((row.item, row.status) for row in outbox_of(run)) == [(0, "sent"), (1, "sent")]


def test_staff_find_what_went_out_and_companies_do_not(shop: Web, as_manager: Any, as_client: Any) -> None:
    run, _ = run_step("http", {"url": shop.url + "/ok"})
    [row] = outbox_of(run)
    page = as_manager.get("/admin/outbox").text
    assert f"{shop.url}/ok" in page
    assert "direct" in page
    for query in ("channel=http", "status=sent", f"client_id={run.client_id}", f"run={run.id}", "from=2020-01-01"):
        assert f"/admin/outbox/{row.id}" in as_manager.get(f"/admin/outbox?{query}").text, query
    for query in ("channel=sms", "status=failed", "to=2020-01-01"):
        assert f"/admin/outbox/{row.id}" not in as_manager.get(f"/admin/outbox?{query}").text, query
    assert as_manager.get("/admin/outbox?status=nonsense").status_code == 422
    shown = as_manager.get(f"/admin/outbox/{row.id}").text
    assert f"/admin/automations/{run.automation_id}/runs/{run.id}" in shown
    assert str(row.key) in shown
    assert as_manager.get(f"/admin/outbox/{run.id}").status_code == 404
    assert as_client.get("/admin/outbox").status_code == 403


def test_rows_go_after_thirty_days(shop: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "report", lambda *_: None)
    run, _ = run_step("http", {"url": shop.url + "/ok"})
    with shifted(timedelta(days=29)):
        jobs.forget_outgoing()
        assert len(outbox_of(run)) == 1
    with shifted(timedelta(days=31)):
        jobs.forget_outgoing()
        assert outbox_of(run) == []
