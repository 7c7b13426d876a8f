"""Steps of the type http, against a server that really listens."""

import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from app.automations.effects import answers as meaning
from app.automations.effects.answers import retry_after, storable
from app.automations.models import Attempt, Run, RunStep, Secret
from app.core.audit import SYSTEM, audit_as
from app.core.clock import now, shifted
from app.core.tenancy import as_system
from app.extensions import db
from tests.automations.running import drain, steps_of
from tests.factories.automations import make_automation, make_run
from tests.integrations.web import Web, answers, web


@pytest.fixture(autouse=True)
def _as_the_runner(app: Flask, db_session: scoped_session[Session], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    changed = app.config["SETTINGS"].model_copy(update={"automation_private_targets": ("127.0.0.0/8",)})
    monkeypatch.setitem(app.config, "SETTINGS", changed)
    with as_system("a test of the runner"):
        yield


@pytest.fixture
def shop() -> Iterator[Web]:
    with web(ok=answers(200, '{"id": 7}', Content_Type="application/json", X_A="b")) as told:
        yield told


def run_http(given: dict[str, Any], **step: Any) -> tuple[Run, RunStep]:
    run = make_run(make_automation([{"id": "a", "type": "http", "with": given, **step}]), input={"n": 5})
    drain()
    db.session.refresh(run)
    return run, steps_of(run)["a"]


def test_the_output_is_the_status_the_headers_and_the_body(shop: Web) -> None:
    run, step = run_http(
        {"method": "POST", "url": shop.url + "/ok?n={{ trigger.n }}", "headers": {"X-N": "{{ trigger.n }}"},
         "json": {"n": "{{ trigger.n }}"}},
    )  # fmt: skip

    assert run.status == "succeeded"
    assert step.output["status"] == 200
    assert step.output["headers"]["x-a"] == "b"
    assert step.output["body"] == {"id": 7}
    [heard] = shop.heard
    assert (heard.method, heard.path, json.loads(heard.body)) == ("POST", "/ok?n=5", {"n": 5})
    assert heard.headers["X-N"] == "5"
    assert heard.headers["Idempotency-Key"] == str(step.key)


def test_an_author_cannot_replace_the_key(shop: Web) -> None:
    _, step = run_http({"url": shop.url + "/ok", "headers": {"idempotency-key": "mine"}})
    keys = [value for name, value in shop.heard[0].headers.items() if name.lower() == "idempotency-key"]
    assert keys == [str(step.key)]


@pytest.mark.parametrize("status", [400, 401, 404, 409, 410, 422])
def test_a_refusal_is_an_answer(shop: Web, status: int) -> None:
    shop.does["/no"] = answers(status, "no")
    run, step = run_http({"url": shop.url + "/no"}, retry={"max_attempts": 3})
    assert (run.status, step.attempts, step.output["status"], step.output["body"]) == ("succeeded", 1, status, "no")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_trouble_of_the_service_fails_the_try(shop: Web, status: int) -> None:
    shop.does["/no"] = answers(status, '{"why": "busy"}')
    run, step = run_http({"url": shop.url + "/no"})
    assert run.status == "failed"
    assert step.error == {"message": f"The service answered with {status}.", "status": status, "body": {"why": "busy"}}


def test_each_try_has_the_same_key_and_waits_as_long_as_the_service_asks(shop: Web) -> None:
    shop.does["/no"] = answers(503, Retry_After="120")
    step = {"id": "a", "type": "http", "with": {"url": shop.url + "/no"}, "retry": {"max_attempts": 2}}
    run = make_run(make_automation([step]))
    drain()
    row = steps_of(run)["a"]
    assert row.status == "waiting"
    assert timedelta(seconds=110) < row.due_at - now() <= timedelta(seconds=120)

    with shifted(timedelta(seconds=121)):
        drain()

    db.session.refresh(run)
    assert run.status == "failed"
    assert [heard.headers["Idempotency-Key"] for heard in shop.heard] == [str(row.key)] * 2


def test_how_long_a_service_may_have_us_wait() -> None:
    assert retry_after({"Retry-After": "7"}) == 7
    assert retry_after({"retry-after": "0.25"}) == 0.25
    assert retry_after({"retry-after": "99999999"}) == meaning.LONGEST_WAIT
    assert retry_after({"retry-after": "-5"}) == 0
    later = retry_after({"retry-after": format_datetime(now() + timedelta(seconds=90), usegmt=True)})
    assert later is not None
    assert 85 < later <= 90
    for odd in ("", "soon", "nan", "inf", "Mon, 99 Foo 2026"):
        assert retry_after({"retry-after": odd}) is None


def test_what_can_never_go_is_not_tried_again() -> None:
    for url in ("http://10.0.0.1/", "file:///etc/passwd", "http://127.0.0.1:25/"):
        run, step = run_http({"url": url}, retry={"max_attempts": 3, "backoff_seconds": 0})
        assert (run.status, step.attempts) == ("failed", 1), url


def test_a_service_that_is_away_is_tried_again() -> None:
    closed = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    closed.close()
    run, step = run_http({"url": url}, retry={"max_attempts": 3, "backoff_seconds": 0})
    assert (run.status, step.attempts) == ("failed", 3)
    assert step.error["message"] == "The connection failed: nothing is listening at this address and port."


@pytest.mark.parametrize(
    ("body", "kind", "kept"),
    [
        (b'{"a": [1]}', "application/json", {"a": [1]}),
        (b"[1]", "text/plain", [1]),
        (b"{no json", "application/json", "{no json"),
        (b"7", "application/problem+json", 7),
        (b"7", "text/plain", "7"),
        (b"", "application/json", ""),
        ("Grüße".encode(), "text/plain", "Grüße"),
        ("Grüße".encode("latin-1"), "text/plain; charset=iso-8859-1", "Grüße"),
        ("Grüße".encode(), "text/plain; charset=nonsense", "Grüße"),
        (b"x", 'text/plain; charset="\\x00"', "x"),
        (b"\xff\xfe\x00", "image/png", {"bytes": 3}),
        (b'"\\u0000"', "application/json", "�"),
        (b'{"\\ud800": "\\udfff"}', "application/json", {"�": "�"}),
        (b"[NaN, Infinity, 1e999]", "application/json", [None, None, None]),
        (b'{"n": 123456789012345678901234567890}', "application/json", {"n": 123456789012345678901234567890}),
        (b"9" * 5_000, "application/json", "9" * 5_000),
    ],
)
def test_any_body_is_kept_in_a_form_that_the_database_takes(shop: Web, body: bytes, kind: str, kept: Any) -> None:
    shop.does["/odd"] = answers(200, body, Content_Type=kind)
    run, step = run_http({"url": shop.url + "/odd"})
    assert run.status == "succeeded"
    assert step.output["body"] == kept


def test_a_body_of_deep_lists_is_kept_as_far_as_it_can_be_read(shop: Web) -> None:
    for depth in (150, 900, 100_000):
        shop.does["/deep"] = answers(200, b"[" * depth + b"]" * depth, Content_Type="application/json")
        run, step = run_http({"url": shop.url + "/deep"})
        assert run.status == "succeeded"
        assert step.output["status"] == 200


def test_an_answer_of_50_mb_is_cut_and_says_so(shop: Web) -> None:
    def flood(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/plain; charset=utf-8")
        handler.end_headers()
        for _ in range(50):
            handler.wfile.write("€".encode() * 333_333)

    shop.does["/flood"] = flood
    run, step = run_http({"url": shop.url + "/flood"})
    assert run.status == "succeeded"
    assert step.output["truncated"] is True
    assert set(step.output["body"]) == {"€"}


def test_a_secret_at_the_end_of_what_was_cut_is_not_half_kept(shop: Web) -> None:
    secret = "sk_live_0123456789abcdef"
    shop.does["/err"] = answers(500, "x" * 490 + secret)
    automation = make_automation([{"id": "a", "type": "http", "with": {"url": shop.url + "/err"}}])
    audit_as(db.session, actor=SYSTEM, action="create")
    db.session.add(Secret(client_id=automation.client_id, name="KEY", value=secret))
    db.session.commit()
    run = make_run(automation)
    drain()
    assert steps_of(run)["a"].error["body"] == "x" * 490 + "•••"


def test_values_are_made_storable() -> None:
    deep: Any = []
    for _ in range(300):
        deep = [deep]
    json.dumps(storable(deep))
    assert storable({"a": float("nan"), 1: "\ud800x"}) == {"a": None, "1": "�x"}
    assert storable("ok ünï") == "ok ünï"


def test_each_attempt_is_listed_with_its_error(shop: Web) -> None:
    shop.does["/no"] = answers(500, "secret-free")
    run, _ = run_http({"url": shop.url + "/no"}, retry={"max_attempts": 2, "backoff_seconds": 0})
    attempts = db.session.scalars(select(Attempt).where(Attempt.run_id == run.id).order_by(Attempt.number)).all()
    assert [(one.number, one.error["status"]) for one in attempts] == [(1, 500), (2, 500)]
