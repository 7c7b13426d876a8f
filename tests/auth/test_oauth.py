"""OAuth 2.0 for third parties: what is given, and to whom."""

from datetime import timedelta

import pytest

from app.core.clock import now
from tests.auth.oauth_party import (
    CALLBACK,
    answer_of,
    code_for,
    decide,
    exchange,
    get,
    make_application,
    request_for,
    tokens_for,
)


@pytest.fixture
def made(db_session):
    return make_application()


def test_a_person_lets_an_application_in_and_it_gets_tokens(app, as_client, made):
    answer = decide(as_client, request_for(made))
    told = answer_of(answer)
    assert answer.location.startswith(CALLBACK + "?")
    assert told["state"] == "xyz"
    assert told["iss"] == "http://localhost"
    tokens = exchange(app.test_client(), made, told["code"])
    assert tokens.status_code == 200
    assert tokens.headers["Cache-Control"] == "no-store"
    assert tokens.json["token_type"] == "Bearer"
    assert tokens.json["expires_in"] == 900
    assert tokens.json["scope"] == "products:read"
    assert tokens.json["refresh_token"]
    me = get(app, "/api/auth/me", tokens.json["access_token"])
    assert me.status_code == 200
    assert me.json["permissions"] == ["products:read"]
