"""API keys when several ask at the same moment, on committed data."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread

import pytest
from sqlalchemy import select

from app.auth.api_keys import operations
from app.auth.api_keys.models import ApiKey
from app.extensions import db
from app.identity import authentication
from tests.factories import make_user

PATH = "/api/api-keys"
BODY = {"name": "Stock import", "scopes": ["products:read"]}


@pytest.fixture
def person(committed_db, api):
    return api(make_user(role="client"))


@pytest.fixture
def program(app, person):
    """`program(key)` calls the API with a key, or as the person without one."""
    authorization = person.environ_base["HTTP_AUTHORIZATION"]

    def call(method, path, key=None, **more):
        headers = {"Authorization": f"Bearer {key}" if key else authorization, **more.pop("headers", {})}
        with app.app_context():
            return app.test_client().open(path, method=method, headers=headers, **more)

    return call


def at_once(number, act):
    barrier = Barrier(number)

    def wait_and_act(which):
        barrier.wait()
        return act(which)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(wait_and_act, range(number)))


@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.parametrize("overlap", [0, 60])
def test_of_many_rotations_one_makes_a_key(person, program, attempt, overlap):
    old = person.post(PATH, json=BODY).json
    body = {"overlap_seconds": overlap}
    answers = at_once(6, lambda _: program("POST", f"{PATH}/{old['id']}/rotate", json=body))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] + [409 if overlap else 404] * 5
    keys = db.session.scalars(select(ApiKey)).all()
    assert len(keys) == 2
    (new,) = (answer.json["key"] for answer in answers if answer.status_code == 201)
    assert program("GET", "/api/auth/me", new).status_code == 200


def test_a_rotation_that_arrives_twice_gives_the_same_key(person, program):
    old = person.post(PATH, json=BODY).json
    headers = {"Idempotency-Key": "once"}
    answers = at_once(4, lambda _: program("POST", f"{PATH}/{old['id']}/rotate", json={}, headers=headers))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["key"] for answer in answers}) == 1


def test_the_bound_holds_for_many_at_once(person, program, monkeypatch):
    monkeypatch.setattr(operations, "MOST", 3)
    answers = at_once(8, lambda number: program("POST", PATH, json={**BODY, "name": f"Key {number}"}))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 5


@pytest.mark.parametrize("kept_in_memory", [False, True])
def test_a_key_that_is_revoked_in_use_opens_nothing_from_then_on(app, person, program, kept_in_memory):
    if kept_in_memory:
        authentication.switch_on(app)
    try:
        key = person.post(PATH, json=BODY).json
        stop, late = Event(), []
        revoked = Event()

        def use():
            while not stop.is_set():
                was_revoked = revoked.is_set()
                status = program("GET", "/api/auth/me", key["key"]).status_code
                if was_revoked:
                    late.append(status)

        users = [Thread(target=use) for _ in range(3)]
        for user in users:
            user.start()
        assert program("GET", "/api/auth/me", key["key"]).status_code == 200
        assert program("DELETE", f"{PATH}/{key['id']}").status_code == 204
        revoked.set()
        statuses = [program("GET", "/api/auth/me", key["key"]).status_code for _ in range(5)]
        stop.set()
        for user in users:
            user.join()
        assert set(statuses + late) == {401}
    finally:
        if kept_in_memory:
            authentication.switch_off(app)


def test_many_first_uses_at_once_are_noted_once(person, program):
    key = person.post(PATH, json=BODY).json
    answers = at_once(8, lambda _: program("GET", "/api/auth/me", key["key"]))
    assert {answer.status_code for answer in answers} == {200}
    assert person.get(f"{PATH}/{key['id']}").json["last_used_at"]
