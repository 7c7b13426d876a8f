"""Workflows that nobody should make, and somebody will: each ends as failed, soon, and says why."""

import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.automations.models import Automation, Run, RunStep, Version
from app.automations.runs import inside
from app.core.tenancy import as_system
from app.extensions import db
from tests.automations.running import drain, statuses, steps_of
from tests.factories.automations import make_automation, make_run
from tests.integrations.web import Web, answers, web


@pytest.fixture(autouse=True)
def _as_the_runner(app: Flask, db_session: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    changed = app.config["SETTINGS"].model_copy(update={"automation_private_targets": ("127.0.0.0/8",)})
    monkeypatch.setitem(app.config, "SETTINGS", changed)
    with as_system("a test of the runner"):
        yield


def _drip(handler: Any) -> None:
    """A byte a second, for an hour."""
    handler.send_response(200)
    handler.send_header("Content-Length", "3600")
    handler.end_headers()
    for _ in range(3600):
        handler.wfile.write(b"x")
        time.sleep(1)


def _on(handler: Any) -> None:
    handler.send_response(302)
    handler.send_header("Location", "/on")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


@pytest.fixture
def shop() -> Iterator[Web]:
    many = json.dumps(list(range(100_000)))
    with web(drip=_drip, on=_on, many=answers(200, many, Content_Type="application/json")) as told:
        yield told


def call(path: str, **more: Any) -> dict[str, Any]:
    return {"id": "call", "type": "http", "with": {"url": path}, **more}


def loop(items: Any, step: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "loop", "type": "for_each", "with": {"items": items, "step": step}, **more}


def calling(automation: Automation) -> dict[str, Any]:
    return {"type": "workflow", "with": {"workflow_id": str(automation.id)}}


def redefine(automation: Automation, *steps: dict[str, Any]) -> None:
    workflow = {"trigger": {"type": "manual"}, "steps": list(steps)}
    automation.version_number += 1
    number = automation.version_number
    db.session.add(Version(automation_id=automation.id, number=number, workflow=workflow, author_name="system"))
    db.session.commit()


def count(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_loop_over_100_000_items_of_an_answer_fails_at_once(shop: Web) -> None:
    inner = {"type": "http", "with": {"url": shop.url}}
    steps = [call(f"{shop.url}/many"), loop("{{ steps.call.output.body }}", inner, needs=["call"])]
    run = make_run(make_automation(steps))

    drain()

    assert statuses(run) == "failed"
    assert steps_of(run)["loop"].error["message"] == "items: These are 100,000 items; a loop takes 1,000 at most."
    assert (count(RunStep), len(shop.heard)) == (2, 1)


def test_a_loop_over_100_000_items_of_a_delivery_fails_at_once() -> None:
    run = make_run(
        make_automation([loop("{{ trigger.body }}", {"type": "transform", "with": {"x": "{{ item }}"}})]),
        input={"body": list(range(100_000))},
    )

    drain()

    assert statuses(run) == "failed"
    assert "100,000 items" in steps_of(run)["loop"].error["message"]
    assert count(RunStep) == 1


def test_a_service_that_drips_a_byte_a_second_is_left(shop: Web) -> None:
    retry = {"max_attempts": 2, "backoff_seconds": 0}
    run = make_run(make_automation([call(f"{shop.url}/drip", timeout_seconds=1, retry=retry)]))

    began = time.monotonic()
    drain()

    assert statuses(run) == "failed"
    assert "after 1 seconds" in steps_of(run)["call"].error["message"]
    assert len(shop.heard) == 2
    assert time.monotonic() - began < 30, "it would take an hour"


def test_a_service_that_leads_on_for_ever_is_left(shop: Web) -> None:
    run = make_run(make_automation([call(f"{shop.url}/on")]))

    drain()

    assert statuses(run) == "failed"
    assert steps_of(run)["call"].error["message"] == "More than 5 redirects."
    assert len(shop.heard) == 6


def test_a_workflow_that_calls_itself_ends() -> None:
    automation = make_automation()
    redefine(automation, {"id": "again", **calling(automation)})
    run = make_run(automation)

    drain()

    assert statuses(run) == "failed"
    assert db.session.execute(select(Run.depth, Run.status).order_by(Run.depth)).all() == [
        (depth, "failed") for depth in range(6)
    ]
    deepest = db.session.scalars(select(RunStep).order_by(RunStep.run_id.desc()).limit(1)).one()
    assert deepest.error is not None
    assert deepest.error["message"] == "Workflows can call each other at most 5 levels deep."


def test_workflows_that_call_each_other_end() -> None:
    first = make_automation()
    second = make_automation([{"id": "back", **calling(first)}], client=first.client)
    redefine(first, {"id": "there", **calling(second)})
    run = make_run(first)

    drain()

    assert (statuses(run), count(Run)) == ("failed", 6)


def test_loops_of_workflows_that_call_themselves_make_no_more_runs_than_are_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Four at each of five depths would be 1,365."""
    monkeypatch.setattr(inside, "MOST_CALLED", 20)
    automation = make_automation()
    redefine(automation, loop(list(range(4)), calling(automation)))
    run = make_run(automation)

    drain()

    assert statuses(run) == "failed"
    assert db.session.execute(select(Run.depth, func.count()).group_by(Run.depth).order_by(Run.depth)).all() == [
        (0, 1), (1, 4), (2, 16),
    ]  # fmt: skip
    first = db.session.scalars(select(Run).where(Run.depth == 2)).first()
    assert first is not None
    assert first.error is not None
    assert first.error["message"] == "Too many called workflows: one run can start at most 20, directly or indirectly."


def test_many_steps_that_call_share_what_a_run_may_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "MOST_CALLED", 20)
    automation = make_automation()
    redefine(automation, *({"id": f"s{number}", **calling(automation)} for number in range(4)))
    run = make_run(automation)

    drain()

    assert statuses(run) == "failed"
    assert count(Run) == 1 + 4 + 4 * 4


def test_a_workflow_that_is_not_there_fails_its_step() -> None:
    run = make_run(make_automation([{"id": "a", "type": "workflow", "with": {"workflow_id": str(uuid4())}}]))

    drain()

    assert statuses(run) == "failed"
    assert steps_of(run)["a"].error == {"message": "The company has no workflow with this ID."}
