"""Deliveries to webhooks, as senders make them."""

import hmac
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits import parse
from sqlalchemy import func, select

from app.automations.models import Automation, Run, Work
from app.automations.operations import token_hash
from app.core.clock import now
from app.core.tenancy import as_system
from app.extensions import db
from app.web import limits
from app.web.limit_store import MappedStorage
from tests.automations.running import drain
from tests.factories.automations import make_automation

TOKEN, SECRET = "t0ken", "s3cret"
STEPS = ({"id": "a", "type": "transform", "with": {"x": "{{ trigger.body.x }}"}},)


def hook(*, signed: bool = False, token: str = TOKEN, **values: Any) -> Automation:
    secret = SECRET if signed else None
    values = {"token": token, "token_hash": token_hash(token), "signing_secret": secret} | values
    return make_automation(STEPS, trigger={"type": "webhook", "signed": signed}, **values)


def signature(body: bytes, *, secret: str = SECRET, timestamp: str | None = None) -> dict[str, str]:
    signed = body if timestamp is None else timestamp.encode() + b"." + body
    headers = {"X-Signature-256": f"sha256={hmac.digest(secret.encode(), signed, 'sha256').hex()}"}
    return headers if timestamp is None else {**headers, "X-Timestamp": timestamp}


def runs() -> list[Run]:
    db.session.expire_all()
    return list(db.session.scalars(select(Run).order_by(Run.id)))


def test_a_delivery_is_answered_with_its_run_before_anything_runs(client: FlaskClient) -> None:
    automation = hook()

    answer = client.post(f"/api/hooks/{TOKEN}?source=shop&tag=a&tag=b", json={"x": 7}, headers={"X-Event": "order"})

    assert answer.status_code == 202
    (run,) = runs()
    assert answer.json == {"run_id": str(run.id)}
    assert (run.status, run.trigger, run.automation_id, run.version_number) == ("queued", "webhook", automation.id, 1)
    assert run.input is not None
    assert run.input["body"] == {"x": 7}
    assert run.input["query"] == {"source": "shop", "tag": ["a", "b"]}
    assert run.input["headers"]["x-event"] == "order"
    with as_system("a test of the runner"):
        drain()
        db.session.refresh(run)
        assert (run.status, run.output) == ("succeeded", {"a": {"x": 7}})


def test_workflows_dont_see_what_opens_something(client: FlaskClient) -> None:
    hook(signed=True)
    headers = {"Authorization": "Bearer stale", "Cookie": "a=b", "X-Forwarded-For": "203.0.113.7", **signature(b"{}")}

    answer = client.post(f"/api/hooks/{TOKEN}", data=b"{}", content_type="application/json", headers=headers)

    assert answer.status_code == 202
    (run,) = runs()
    assert run.input is not None
    assert set(run.input["headers"]) <= {"content-type", "content-length", "user-agent"}


@pytest.mark.parametrize(
    ("body", "kind", "seen"),
    [
        (b'{"x": [1, 2.5]}', "application/json", {"x": [1, 2.5]}),
        (b"[1]", "application/cloudevents+json", [1]),
        (b'"text"', "application/json; charset=utf-8", "text"),
        (b"x=1&y=a+b&y=c", "application/x-www-form-urlencoded", {"x": "1", "y": ["a b", "c"]}),
        ("Grüße ".encode("latin-1"), "text/plain; charset=latin-1", "Grüße "),
        (b"<a/>", "application/xml", "<a/>"),
        (b'{"x": 1}', None, {"x": 1}),
        (b"plain", None, "plain"),
        (b"", None, None),
        (b"", "application/json", None),
        (b'{"x": "\\\\u0000"}', "application/json", {"x": "\\u0000"}),
    ],
)
def test_bodies_are_read_by_their_type(client: FlaskClient, body: bytes, kind: str | None, seen: Any) -> None:
    hook()
    assert client.post(f"/api/hooks/{TOKEN}", data=body, content_type=kind).status_code == 202
    (run,) = runs()
    assert run.input is not None
    assert run.input["body"] == seen


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"x": ', "application/json", 400),
        (b'{"x": "\\ud800"}', "application/json", 400),
        (b'{"x": "\\u0000"}', "application/json", 422),
        (b"x=%00", "application/x-www-form-urlencoded", 422),
        (b'{"x": 1e999}', "application/json", 422),
        (b"\xff\xfe", "text/plain", 415),
        (b"x" * ((1 << 20) + 1), "text/plain", 413),
    ],
)
def test_what_cant_be_read_is_refused_and_nothing_kept(
    client: FlaskClient, body: bytes, kind: str, status: int
) -> None:
    hook()
    answer = client.post(f"/api/hooks/{TOKEN}", data=body, content_type=kind)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert runs() == []


def test_a_body_of_one_mebibyte_is_taken(client: FlaskClient) -> None:
    hook()
    assert client.post(f"/api/hooks/{TOKEN}", data=b"x" * (1 << 20), content_type="text/plain").status_code == 202


def test_files_are_refused(client: FlaskClient) -> None:
    hook()
    form = {"x": "1", "file": (BytesIO(b"x"), "a.txt")}
    assert client.post(f"/api/hooks/{TOKEN}", data=form).status_code == 415
    assert client.post(f"/api/hooks/{TOKEN}", data={"x": "1"}, content_type="multipart/form-data").status_code == 202
    (run,) = runs()
    assert run.input is not None
    assert run.input["body"] == {"x": "1"}


def test_signed_deliveries(client: FlaskClient) -> None:
    hook(signed=True)
    body, moment = b'{"x": 1}', str(int(now().timestamp()))
    early, late = (str(int((now() + timedelta(seconds=seconds)).timestamp())) for seconds in (-301, 302))
    whole = signature(body)["X-Signature-256"]

    def post(body: bytes = body, **headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = client.post(f"/api/hooks/{TOKEN}", data=body, content_type="application/json", headers=named)
        if answer.status_code == 401:
            assert "WWW-Authenticate" in answer.headers
        return answer.status_code

    refused = [
        post(),
        post(body=b'{"x": 2}', **signature(body)),
        post(X_Signature_256=whole.removeprefix("sha256=")),
        post(X_Signature_256=whole[:-1]),
        post(X_Signature_256="sha256=ü"),
        post(**signature(body, secret="other")),
        post(**signature(body), X_Timestamp=moment),
        post(X_Timestamp=str(int(moment) + 1), X_Signature_256=signature(body, timestamp=moment)["X-Signature-256"]),
        post(**signature(body, timestamp=early)),
        post(**signature(body, timestamp=late)),
        post(**signature(body, timestamp="soon")),
        post(**signature(body, timestamp="-1")),
        post(**signature(body, timestamp="")),
    ]
    assert refused == [401] * len(refused)
    assert runs() == []
    assert db.session.scalar(select(func.count()).select_from(Work)) == 0

    accepted = [
        post(**signature(body)),
        post(X_Signature_256=whole.upper().replace("SHA256", "sha256")),
        post(**signature(body, timestamp=moment)),
    ]
    assert accepted == [202, 202, 202]


def test_an_earlier_secret_is_good_until_its_time_is_over(client: FlaskClient) -> None:
    automation = hook(signed=True, previous_secret="old", previous_secret_until=now() + timedelta(minutes=1))
    old = signature(b"x", secret="old")

    def post() -> int:
        return client.post(f"/api/hooks/{TOKEN}", data=b"x", content_type="text/plain", headers=old).status_code

    assert post() == 202
    automation.previous_secret_until = now()
    db.session.commit()
    assert post() == 401
    # Not signed any more: nothing is left to be signed with, either.
    automation.signing_secret, automation.previous_secret_until = None, now() + timedelta(minutes=1)
    db.session.commit()
    assert client.post(f"/api/hooks/{TOKEN}", data=b"x", content_type="text/plain").status_code == 202


@pytest.mark.parametrize("header", ["Idempotency-Key", "X-Delivery-ID"])
def test_a_delivery_counts_once_whatever_it_brings_the_second_time(client: FlaskClient, header: str) -> None:
    hook()
    first, again, other = (
        client.post(f"/api/hooks/{TOKEN}", json={"x": x}, headers={header: key})
        for x, key in ((1, "k1"), (2, "k1"), (1, "k" * 3000))
    )
    assert [answer.status_code for answer in (first, again, other)] == [202, 202, 202]
    assert first.json == again.json != other.json
    assert (first.headers.get("Idempotency-Replayed"), again.headers.get("Idempotency-Replayed")) == (None, "true")
    assert [run.input["body"] for run in runs() if run.input] == [{"x": 1}, {"x": 1}]
    assert db.session.scalar(select(func.count()).select_from(Work)) == 2


def test_a_delivery_without_a_key_counts_each_time(client: FlaskClient) -> None:
    hook()
    for _ in range(2):
        client.post(f"/api/hooks/{TOKEN}", json={}, headers={"Idempotency-Key": " "})
    assert len(runs()) == 2


def test_the_same_key_at_two_webhooks_is_two_deliveries(client: FlaskClient) -> None:
    hook()
    hook(token="other")
    answers = [client.post(f"/api/hooks/{one}", json={}, headers={"X-Delivery-ID": "1"}) for one in (TOKEN, "other")]
    assert answers[0].json != answers[1].json


def test_who_cant_be_delivered_to(client: FlaskClient) -> None:
    automation = hook()

    def post() -> int:
        return client.post(f"/api/hooks/{TOKEN}", json={}).status_code

    assert client.post("/api/hooks/wrong", json={}).status_code == 404
    assert client.post("/api/hooks/stripe", json={}).status_code == 404
    assert client.get(f"/api/hooks/{TOKEN}").status_code == 405
    automation.status = "paused"
    db.session.commit()
    assert post() == 409
    automation.status, automation.client.status = "active", "suspended"
    db.session.commit()
    assert post() == 409
    automation.client.status, automation.trigger_type = "active", "manual"
    db.session.commit()
    assert post() == 404
    automation.trigger_type, automation.archived_at = "webhook", now()
    db.session.commit()
    assert post() == 404
    automation.archived_at, automation.token_hash = None, token_hash("new")
    db.session.commit()
    assert post() == 404
    assert runs() == []
    assert client.post("/api/v1/hooks/new", json={}).status_code == 202


def test_a_paused_one_still_wants_the_signature(client: FlaskClient) -> None:
    hook(signed=True, status="paused")
    assert client.post(f"/api/hooks/{TOKEN}", json={}).status_code == 401


def test_each_delivery_begins_the_version_of_its_moment(client: FlaskClient) -> None:
    automation = hook()
    client.post(f"/api/hooks/{TOKEN}", json={})
    automation.version_number = 2
    db.session.commit()
    client.post(f"/api/hooks/{TOKEN}", json={})
    assert [run.version_number for run in runs()] == [1, 2]


@pytest.fixture
def counted(app: Flask, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, limits.EXTENSION, limits.Limiter(MappedStorage(tmp_path / "limits")))
    for name, limit in (("deliveries", "3/minute"), ("refused-deliveries", "2/minute"), (limits.REQUESTS, "1/minute")):
        monkeypatch.setitem(limits.LIMITS, name, parse(limit))


def test_deliveries_have_a_limit_of_their_own(client: FlaskClient, counted: None) -> None:
    hook()
    hook(token="other")
    statuses = [client.post(f"/api/hooks/{TOKEN}", json={}).status_code for _ in range(4)]
    assert statuses == [202, 202, 202, 429]
    answer = client.post(f"/api/hooks/{TOKEN}", json={})
    assert int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["RateLimit-Limit"] == "3"
    assert client.post("/api/hooks/other", json={}).status_code == 202


def test_what_is_refused_doesnt_use_up_the_limit_of_the_webhook(client: FlaskClient, counted: None) -> None:
    hook(signed=True)
    wrong = [client.post(f"/api/hooks/{TOKEN}", data=b"x").status_code for _ in range(3)]
    assert wrong == [401, 401, 429]
    for _ in range(3):
        assert client.post(f"/api/hooks/{TOKEN}", data=b"x", headers=signature(b"x")).status_code == 202


@pytest.mark.committed
def test_twenty_times_at_once_is_one_run(app: Flask, committed_db: str, client: FlaskClient) -> None:
    hook(signed=True)
    body = b'{"x": 1}'
    headers = {**signature(body), "Idempotency-Key": "order-17"}
    begin = threading.Barrier(20)

    def send(_number: int) -> tuple[int, Any]:
        with app.app_context():
            begin.wait()
            answer = app.test_client().post(
                f"/api/hooks/{TOKEN}", data=body, content_type="application/json", headers=headers
            )
            return answer.status_code, answer.json

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(send, range(20)))
    (run,) = runs()
    assert answers == [(202, {"run_id": str(run.id)})] * 20
    assert db.session.scalar(select(func.count()).select_from(Work)) == 1


@pytest.mark.committed
def test_a_storm_is_taken_without_loss(app: Flask, committed_db: str, client: FlaskClient) -> None:
    hook()

    def send(number: int) -> int:
        with app.app_context():
            return app.test_client().post(f"/api/hooks/{TOKEN}", json={"x": number}).status_code

    with ThreadPoolExecutor(8) as threads:
        statuses = set(threads.map(send, range(400)))
    assert statuses == {202}
    assert sorted(run.input["body"]["x"] for run in runs() if run.input) == list(range(400))
