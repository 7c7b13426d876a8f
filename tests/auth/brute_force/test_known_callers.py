"""Public reads for callers with a token: out of memory like anybody's, counted as theirs, refused when it has ended."""

from datetime import timedelta

import pytest
from limits import parse
from sqlalchemy import event

from app.api import cached
from app.auth.api_keys import key_format
from app.auth.api_keys.models import ApiKey
from app.core.clock import shifted
from app.extensions import db
from app.identity import authentication, sessions
from app.identity import queries as users
from app.identity.cache.invalidation import counters
from app.identity.cache.store import IDENTITIES, IdentityCache
from app.web import limits
from app.web.limit_store import MappedStorage

pytestmark = pytest.mark.committed


@pytest.fixture
def kept(app, committed_db, db_session, monkeypatch):
    monkeypatch.setitem(app.extensions, IDENTITIES, IdentityCache(counters(app)))
    yield cached.switch_on(app)
    app.extensions.pop(cached.EXTENSION).lookout.close()


@pytest.fixture
def counted(app, monkeypatch, tmp_path):
    monkeypatch.setitem(app.extensions, limits.EXTENSION, limits.Limiter(MappedStorage(tmp_path / "limits")))


@pytest.fixture
def asked(app, db_session):
    statements = []

    def note(_connection, _cursor, statement, *_):
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield statements
    event.remove(db.engine, "before_cursor_execute", note)


def key_of(app, user, **more):
    """A program with an API key of the user."""
    made = key_format.new_key()
    key = ApiKey(
        user_id=user.id, client_id=user.client_id, name="test", prefix=key_format.prefix_of(made),
        secret_hash=key_format.hash_of(made),
        scopes=["products:read"], **more,
    )  # fmt: skip
    db.session.add(key)
    db.session.commit()
    program = app.test_client()
    program.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {made}"
    return program, key


def without_id(answer):
    told = {
        name: value
        for name, value in answer.headers
        if not name.lower().startswith(("x-request-id", "ratelimit", "x-rate", "cache-control"))
    }
    return answer.status_code, told, answer.data


@pytest.mark.parametrize("role", ["client", "expert", "manager", "admin"])
def test_a_known_caller_gets_what_anybody_gets(app, kept, client, api, asked, make_user, make_product, role):
    product = make_product()
    program = api(make_user(role=role))
    for path in ("/api/products", f"/api/products/{product.id}", "/api/v1/products?limit=1"):
        anonymous = client.get(path)
        program.get(path)
        db.session.remove()
        asked.clear()
        assert without_id(program.get(path)) == without_id(anonymous)
        assert asked == []


def test_a_clients_first_question_is_kept_for_others(app, kept, client, api, asked, make_user, make_product):
    make_product()
    program = api(make_user(role="client"))
    program.get("/api/auth/me")
    first = program.get("/api/products")
    db.session.remove()
    asked.clear()
    assert client.get("/api/products").data == first.data
    assert asked == []


def test_what_staff_see_is_not_kept(kept, client, api, make_user, make_product):
    product = make_product(archived=True)
    manager = api(make_user(role="manager"))
    for _ in range(3):
        assert manager.get(f"/api/products/{product.id}").status_code == 200
        assert manager.get("/api/products?include_archived=true").json
        assert client.get(f"/api/products/{product.id}").status_code == 404
        assert client.get("/api/products?include_archived=true").status_code == 401
        assert manager.get("/api/products").json == []


def test_an_ended_token_is_refused_at_once(kept, api, make_user, make_product):
    make_product()
    user = make_user(role="client")
    program = api(user)
    assert [program.get("/api/products").status_code for _ in range(3)] == [200] * 3
    sessions.end_other_sessions(user.id, keep=None, reason="ended")
    db.session.commit()
    answer = program.get("/api/products")
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert "invalid_token" in answer.headers["WWW-Authenticate"]


def test_a_suspended_persons_token_is_refused_at_once(kept, api, make_user, make_product):
    make_product()
    user = make_user(role="client")
    program = api(user)
    for _ in range(3):
        program.get("/api/products")
    users.get_user(user.id).status = "suspended"
    db.session.commit()
    assert program.get("/api/products").status_code == 401


def test_a_late_token_is_refused(kept, api, make_user, make_product):
    make_product()
    program = api(make_user(role="client"))
    for _ in range(3):
        program.get("/api/products")
    with shifted(timedelta(minutes=15, seconds=1)):
        assert program.get("/api/products").status_code == 401


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer ", "Basic YTpi", "Bearer dlk_wrong", "x"])
def test_bad_credentials_are_refused_though_the_answer_is_kept(kept, client, make_product, header):
    make_product()
    for _ in range(2):
        client.get("/api/products")
    answer = client.get("/api/products", headers={"Authorization": header})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


def test_callers_are_counted_each_for_themselves(app, kept, counted, monkeypatch, client, api, make_user, make_product):
    make_product()
    monkeypatch.setitem(limits.LIMITS, "requests", parse("7/minute"))
    one, other = api(make_user(role="client")), api(make_user(role="client"))
    for program in (one, other, client):
        program.get("/api/products")
    left = [int(program.get("/api/products").headers["RateLimit-Remaining"]) for program in (one, other, one, one)]
    assert left == [5, 5, 4, 3]
    for _ in range(3):
        assert one.get("/api/products").status_code == 200
    refused = one.get("/api/products")
    assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")
    assert other.get("/api/products").status_code == 200


def test_a_key_has_its_own_limit(app, kept, counted, make_user, make_product):
    make_product()
    program, _ = key_of(app, make_user(role="client"), requests_per_minute=4)
    answers = [program.get("/api/products") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    assert answers[2].headers["RateLimit-Limit"] == "4"


def test_a_key_from_elsewhere_is_refused_each_time(app, kept, make_user, make_product):
    make_product()
    program, _ = key_of(app, make_user(role="client"), allowed_addresses=["203.0.113.0/24"])
    program.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    assert [program.get("/api/products").status_code for _ in range(3)] == [200] * 3
    program.environ_base["REMOTE_ADDR"] = "198.51.100.1"
    for _ in range(2):
        answer = program.get("/api/products")
        assert answer.status_code in (401, 403)
        assert answer.mimetype == "application/problem+json"
    program.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    assert program.get("/api/products").status_code == 200


def test_a_revoked_key_is_refused_at_once(app, kept, make_user, make_product):
    make_product()
    program, key = key_of(app, make_user(role="client"))
    assert [program.get("/api/products").status_code for _ in range(3)] == [200] * 3
    key.revoked_at = key.created_at
    db.session.commit()
    assert program.get("/api/products").status_code == 401


def test_an_unmodified_answer_is_not_sent_again(kept, api, make_user, make_product):
    make_product()
    program = api(make_user(role="client"))
    etag = program.get("/api/products").headers["ETag"]
    for _ in range(2):
        assert program.get("/api/products", headers={"If-None-Match": etag}).status_code == 304


def test_a_shared_cache_may_not_keep_it_for_others(kept, api, make_user, make_product):
    """RFC 9111 section 3.5: an answer to a request with `Authorization` is nobody else's, unless it says so."""
    make_product()
    program = api(make_user(role="client"))
    for _ in range(3):
        answer = program.get("/api/products")
        assert "Authorization" in answer.headers["Vary"]
        assert answer.headers.getlist("Cache-Control") == ["private, no-cache"]
        assert authentication.SIGN_IN.full_name not in str(answer.headers)
    anonymous = program.application.test_client()
    for _ in range(2):
        assert anonymous.get("/api/products").headers.getlist("Cache-Control") == ["no-cache"]
    assert program.get("/api/products").headers.getlist("Cache-Control") == ["private, no-cache"]
