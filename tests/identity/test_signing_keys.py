"""The keys that sign access tokens: made once, published, replaced without anybody noticing, forgotten."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from sqlalchemy import select, text

from app.core.clock import shifted
from app.core.sealing import EXTENSION as SEALING
from app.core.sealing import Seals
from app.core.tenancy import as_system
from app.extensions import db
from app.identity import sessions
from app.identity.access_tokens import AccessTokens
from app.identity.cache.counters import SIGNING_KEYS
from app.identity.cache.invalidation import counters
from app.identity.queries import get_user
from app.identity.sessions import Device
from app.identity.signing_keys import jobs, keyring, operations
from app.identity.signing_keys.keyring import KeyRing
from app.identity.signing_keys.models import SigningKey


def header_of(program_or_token):
    token = getattr(program_or_token, "environ_base", {}).get("HTTP_AUTHORIZATION", program_or_token)
    return json.loads(base64.urlsafe_b64decode(token.removeprefix("Bearer ").split(".")[0] + "=="))


def published(client):
    return client.get("/api/auth/jwks.json").json["keys"]


def kids():
    return list(db.session.scalars(select(SigningKey.kid).order_by(SigningKey.created_at)))


def test_everybody_may_check_a_token_with_what_is_published(client, api, make_user):
    user = make_user()
    token = api(user).environ_base["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    answer = client.get("/api/auth/jwks.json")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert "ETag" in answer.headers
    (key,) = answer.json["keys"]
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")
    claims = jwt.decode(token, KeySet.import_key_set(answer.json), algorithms=["ES256"]).claims
    assert claims["sub"] == str(user.id)


def test_the_private_half_is_nowhere_to_be_read(client):
    (key,) = published(client)
    assert "d" not in key
    stored = db.session.execute(text("select private_key, public_key::text from signing_keys")).one()
    assert b'"d"' not in bytes(stored[0])
    assert '"d"' not in stored[1]


def test_the_first_look_makes_the_first_key(client):
    assert kids() == []
    (key,) = published(client)
    assert kids() == [key["kid"]]
    assert published(client) == [key]


def test_a_name_is_the_keys_thumbprint(client):
    (key,) = published(client)
    assert ECKey.import_key(key).thumbprint() == key["kid"]


def test_after_a_rotation_the_new_key_signs_and_the_old_one_checks(app, client, api, make_user):
    user = make_user()
    before = api(user)
    answer = app.test_cli_runner().invoke(args=["keys", "rotate"])
    assert answer.exit_code == 0, answer.output
    after = api(user)
    assert header_of(after)["kid"] != header_of(before)["kid"]
    assert header_of(after)["kid"] in answer.output
    for program in (before, after):
        assert program.get("/api/auth/me").status_code == 200
    assert [key["kid"] for key in published(client)] == [header_of(after)["kid"], header_of(before)["kid"]]


def test_a_retired_key_goes_when_its_last_token_is_over(client, api, make_user):
    old = header_of(api(make_user()))["kid"]
    operations.rotate_keys()
    db.session.commit()
    with shifted(timedelta(minutes=15)):
        operations.forget_retired_keys()
        assert old in {key["kid"] for key in published(client)}
    with shifted(timedelta(minutes=21)):
        assert old not in {key["kid"] for key in published(client)}
        operations.forget_retired_keys()
        assert old not in kids()
        assert len(kids()) == 1


def test_a_key_is_replaced_after_ninety_days(client):
    (first,) = published(client)
    with shifted(timedelta(days=89)):
        jobs.rotate_old_keys()
        assert kids() == [first["kid"]]
    with shifted(timedelta(days=91)):
        jobs.rotate_old_keys()
        jobs.rotate_old_keys()
        assert len(kids()) == 2
        assert published(client)[0]["kid"] != first["kid"]


def test_before_the_first_need_the_job_makes_none(db_session):
    jobs.rotate_old_keys()
    assert kids() == []


def test_a_key_that_was_taken_away_checks_no_more(app, client, api, make_user):
    """After a key was copied, deleting its row ends what it signed."""
    program = api(make_user())
    assert program.get("/api/auth/me").status_code == 200
    db.session.delete(db.session.scalars(select(SigningKey)).one())
    db.session.commit()
    assert program.get("/api/auth/me").status_code == 401


def test_with_another_secret_a_new_key_is_made_and_old_tokens_still_hold(app, api, make_user, monkeypatch):
    user = make_user()
    before = api(user)
    monkeypatch.setitem(app.extensions, SEALING, Seals("another secret of more than thirty-two characters"))
    ring = KeyRing(counters(app))
    monkeypatch.setitem(app.extensions, "access_tokens", AccessTokens(ring, None))
    after = api(user)
    assert header_of(after)["kid"] != header_of(before)["kid"]
    assert [program.get("/api/auth/me").status_code for program in (before, after)] == [200, 200]


def test_made_up_names_of_keys_cost_no_query_each(app, client, monkeypatch):
    published(client)
    ring = KeyRing(counters(app))
    reads = []
    read = ring._read
    monkeypatch.setattr(ring, "_read", lambda: (reads.append(1), read()))
    for number in range(200):
        assert ring.checking(f"made-up-{number}") is None
    assert len(reads) <= 1 + keyring._SEARCHES


@pytest.mark.committed
def test_two_at_once_make_one_key(app, committed_db, make_user):
    user_id = make_user().id

    def sign(_):
        with app.app_context(), as_system("a test"):
            session = sessions.start_session(get_user(user_id), kind="api", device=Device("", ""))
            token = AccessTokens(KeyRing(counters(app)), None).issue(session.session)
            db.session.commit()
            return header_of(token)["kid"]

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(sign, range(12)))) == 1
    assert len(kids()) == 1


@pytest.mark.committed
def test_another_process_signs_with_the_new_key_at_once(app, committed_db, make_user):
    one, other = (AccessTokens(KeyRing(counters(app)), None) for _ in range(2))
    session = sessions.start_session(make_user(), kind="api", device=Device("", "")).session
    old = one.issue(session)
    other.issue(session)
    db.session.commit()
    operations.rotate_keys()
    db.session.commit()
    new = other.issue(session)
    assert header_of(new)["kid"] == header_of(one.issue(session))["kid"] != header_of(old)["kid"]
    for tokens in (one, other):
        assert tokens.read(old).session_id == tokens.read(new).session_id == session.id


@pytest.mark.committed
def test_a_key_that_another_machine_made_is_found(app, committed_db, make_user, tmp_path):
    """Its counters are its own; the unknown name is looked for in the database."""
    here = AccessTokens(KeyRing(counters(app)), None)
    session = sessions.start_session(make_user(), kind="api", device=Device("", "")).session
    body = json.loads(base64.urlsafe_b64decode(here.issue(session).split(".")[1] + "=="))
    db.session.commit()
    made = ECKey.generate_key("P-256")
    names = {"kid": "elsewhere", "alg": "ES256", "use": "sig"}
    with psycopg.connect(committed_db, autocommit=True) as connection:
        connection.execute(
            "insert into signing_keys (kid, algorithm, private_key, public_key, created_at)"
            " values ('elsewhere', 'ES256', '', %s, now())",
            [json.dumps(made.as_dict(private=False) | names)],
        )
    token = jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": "elsewhere"}, body, made, algorithms=["ES256"])
    assert here.read(token).session_id == session.id


def test_a_rotation_moves_the_counter_of_keys(app, db_session):
    slots = counters(app).slots_of([SIGNING_KEYS])
    before = counters(app).read(slots)
    operations.rotate_keys()
    db.session.commit()
    assert counters(app).read(slots) != before
