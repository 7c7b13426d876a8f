"""OAuth 2.0 when things happen at the same moment, on committed data."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.extensions import db
from app.identity.models import Grant, UserSession
from tests.auth.oauth_party import code_for, exchange, get, make_application, request_for, tokens_for

pytestmark = pytest.mark.committed
ROUNDS = 5


@pytest.fixture
def program(app):
    """A client that leaves the test's own database session alone, as one in another thread must."""

    class Plain:
        def __init__(self, cookies=None):
            self._client = FlaskClient(app, app.response_class, use_cookies=cookies is not None)
            self._client._cookies = dict(cookies or {})

        def post(self, path, **options):
            return self._client.post(path, **options)

    return Plain


@pytest.fixture
def made(committed_db, db_session):
    return make_application()


def test_of_many_exchanges_of_one_code_at_once_one_gets_tokens_and_those_end(app, program, as_client, made):
    for _ in range(ROUNDS):
        code = code_for(as_client, made)
        with ThreadPoolExecutor(6) as threads:
            answers = list(threads.map(lambda _, code=code: exchange(program(), made, code), range(6)))
        given = [answer for answer in answers if answer.status_code == 200]
        assert len(given) == 1
        assert {answer.json["error"] for answer in answers if answer.status_code != 200} == {"invalid_grant"}
        assert get(app, "/api/auth/me", given[0].json["access_token"]).status_code == 401


def test_many_refreshes_of_one_token_at_once_give_one_successor(app, program, as_client, made):
    token = tokens_for(app, as_client, made)["refresh_token"]
    again = {"grant_type": "refresh_token", "refresh_token": token, "code_verifier": None, "redirect_uri": None}
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: exchange(program(), made, "", **again), range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json["refresh_token"] for answer in answers}) == 1
    assert get(app, "/api/auth/me", answers[0].json["access_token"]).status_code == 200


def test_two_decisions_at_once_make_one_grant(program, as_client, made):
    token = as_client._csrf_token()
    cookies = as_client._cookies

    def allow(scope):
        sent = {"decision": "allow", "csrf_token": token}
        return program(cookies).post(request_for(made, scope=scope), data=sent).status_code

    db.session.remove()
    with ThreadPoolExecutor(4) as threads:
        codes = list(threads.map(allow, ["products:read", "matches:read"] * 4))
    assert set(codes) == {303}
    grants = db.session.scalars(select(Grant).where(Grant.application_id == made.application.id)).all()
    assert len(grants) == 1
    assert grants[0].scopes == ["products:read", "matches:read"]


@pytest.mark.parametrize("how", ["person", "owner"])
def test_no_token_outlives_the_taking_away_that_came_at_the_same_time(app, program, as_client, as_admin, made, how):
    for _ in range(ROUNDS):
        application = make_application() if how == "owner" else made
        id_ = application.application.id
        codes = [code_for(as_client, application) for _ in range(4)]
        away = {
            "person": (as_client, f"/account/applications/{id_}/revoke"),
            "owner": (as_admin, f"/admin/applications/{id_}/delete"),
        }[how]
        token = away[0]._csrf_token()
        with ThreadPoolExecutor(5) as threads:
            exchanges = [threads.submit(exchange, program(), application, code) for code in codes]
            sent = {"csrf_token": token}
            ended = threads.submit(program(away[0]._cookies).post, away[1], data=sent)
        assert ended.result().status_code == 303
        for one in exchanges:
            told = one.result()
            if told.status_code == 200:
                assert get(app, "/api/auth/me", told.json["access_token"]).status_code == 401
        still = select(func.count()).where(UserSession.application_id == id_, UserSession.ended_at.is_(None))
        assert db.session.scalar(still) == 0
