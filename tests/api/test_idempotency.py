"""A POST that arrives twice is done once."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from threading import Barrier

import pytest

from app.catalog.models import Product
from app.core import clock
from app.core.sealing import Seals
from app.extensions import db
from app.web.idempotency import IdempotencyKey, forget_old_keys

BODY = {"name": "Invoice Intake", "category": "Automation", "price": "1499.00"}


@pytest.fixture
def manager(api, make_user):
    return api(make_user(role="manager"))


def post(program, body=BODY, key="key-1", path="/api/products"):
    return program.post(path, json=body, headers={"Idempotency-Key": key})


def count():
    return db.session.query(Product).count()


def test_same_key_gives_the_first_answer_again(manager):
    first = post(manager)
    again = post(manager, dict(reversed(BODY.items())))
    assert (first.status_code, again.status_code, count()) == (201, 201, 1)
    assert again.data == first.data
    for header in ("Location", "ETag", "Content-Type"):
        assert again.headers[header] == first.headers[header]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"


def test_same_key_for_another_request_is_refused(manager):
    made = post(manager).json
    for answer in (
        post(manager, BODY | {"price": "1"}),
        post(manager, {"name": "A", "industry": "B"}, path="/api/solutions"),
        manager.post(f"/api/products/{made['id']}/restore", headers={"Idempotency-Key": "key-1"}),
    ):
        assert answer.status_code == 422
        assert answer.json["type"].endswith("idempotency-key-reused")
    assert count() == 1


def test_keys_of_different_callers_are_different_keys(api, make_user, manager):
    assert post(manager).json["id"] != post(api(make_user(role="admin"))).json["id"]


def test_without_a_key_each_is_its_own(manager):
    assert manager.post("/api/products", json=BODY).json["id"] != manager.post("/api/products", json=BODY).json["id"]


def test_failed_request_leaves_the_key_free(manager):
    manager.post("/api/products", json=BODY | {"slug": "taken"})
    assert post(manager, BODY | {"slug": "taken"}).status_code == 409
    assert post(manager, BODY | {"price": "x"}).status_code == 422
    assert post(manager).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a" * 256, "ä", "a\tb"])
def test_odd_key_is_refused(manager, key):
    answer = post(manager, key=key.encode().decode("latin-1"))
    assert answer.status_code == 422
    assert answer.json["type"].endswith("bad-idempotency-key")


def test_key_is_forgotten_after_a_day(manager):
    first = post(manager)
    with clock.shifted(timedelta(hours=25)):
        db.session.execute(db.update(IdempotencyKey).values(created_at=clock.now() - timedelta(hours=25)))
        assert forget_old_keys() == 1
    assert post(manager).json["id"] != first.json["id"]


def test_key_past_its_day_is_used_anew_even_before_it_is_forgotten(manager):
    first = post(manager)
    db.session.execute(db.update(IdempotencyKey).values(created_at=clock.now() - timedelta(hours=25)))
    db.session.commit()
    assert post(manager, BODY | {"name": "Other"}).json["id"] != first.json["id"]


@pytest.mark.committed
def test_both_at_once_is_done_once(app, committed_db, api, make_user):
    """Eight at once: one does it, the others wait for it and hear the same."""
    token = api(make_user(role="manager")).environ_base["HTTP_AUTHORIZATION"]
    barrier = Barrier(8)

    def one(_):
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = token
        barrier.wait()
        with app.app_context():
            return post(client)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(one, range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 7
    assert count() == 1


@pytest.mark.committed
def test_second_does_the_work_when_the_first_fails(app, committed_db, api, make_user, monkeypatch):
    token = api(make_user(role="manager")).environ_base["HTTP_AUTHORIZATION"]
    barrier = Barrier(4)

    def one(number):
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = token
        barrier.wait()
        with app.app_context():
            return post(client, BODY | {"slug": "taken"})

    manager = app.test_client()
    manager.environ_base["HTTP_AUTHORIZATION"] = token
    taken = manager.post("/api/products", json=BODY | {"slug": "taken"})
    assert taken.status_code == 201
    with ThreadPoolExecutor(4) as threads:
        assert {answer.status_code for answer in threads.map(one, range(4))} == {409}
    assert count() == 1


def test_what_is_stored_tells_neither_request_nor_answer(manager):
    made = post(manager)
    (row,) = db.session.query(IdempotencyKey).all()
    assert made.json["id"].encode() not in row.body
    assert BODY["name"].encode() not in row.body
    asked = json.dumps(["POST", "/api/products", "", BODY], sort_keys=True)
    assert row.fingerprint != sha256(asked.encode()).digest()


def test_an_answer_outlives_a_new_secret(app, manager, monkeypatch):
    made = post(manager)
    settings = app.config["SETTINGS"]
    old, new = settings.secret_key, "another secret of at least thirty-two characters"
    changed = settings.model_copy(update={"secret_key": new, "secret_key_fallbacks": (old,)})
    monkeypatch.setitem(app.config, "SETTINGS", changed)
    monkeypatch.setitem(app.extensions, "sealing", Seals(new, old))
    assert post(manager).json == made.json
    monkeypatch.setitem(app.extensions, "sealing", Seals(new))
    lost = post(manager)
    assert (lost.status_code, count()) == (409, 1)
    assert lost.json["type"].endswith("idempotency-answer-lost")
