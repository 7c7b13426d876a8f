"""POST /api/auth/refresh: a token works once, tabs may race, a copy gives itself away."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.auth import sessions
from app.auth.models import RefreshToken, User, UserSession
from app.core.clock import shifted
from app.extensions import db
from tests.factories import PASSWORD


def login(client, user, delivery="body"):
    sent = {"username": user.username, "password": PASSWORD, "token_delivery": delivery}
    return client.post("/api/auth/login", json=sent)


def refresh(client, token):
    return client.post("/api/auth/refresh", json={"refresh_token": token})


@pytest.fixture
def first(client, make_user):
    return login(client, make_user()).json["refresh_token"]


def me(client, answer):
    return client.get("/api/auth/me", headers={"Authorization": f"Bearer {answer.json['access_token']}"}).status_code


def test_a_refresh_gives_a_new_pair(client, first):
    answer = refresh(client, first)
    assert answer.status_code == 200
    assert answer.json["refresh_token"] != first
    assert me(client, answer) == 200


def test_the_chain_goes_on(client, first):
    token = first
    for _ in range(5):
        token = refresh(client, token).json["refresh_token"]
    assert refresh(client, token).status_code == 200


def test_the_cookie_goes_on_as_a_cookie(client, make_user):
    login(client, make_user(), "cookie")
    before = client.get_cookie("diglit_refresh", path="/api").value
    answer = client.post("/api/auth/refresh")
    assert answer.status_code == 200
    assert "refresh_token" not in answer.json
    assert client.get_cookie("diglit_refresh", path="/api").value != before


def test_within_ten_seconds_the_same_token_gives_the_same_successor(client, first):
    once = refresh(client, first).json["refresh_token"]
    with shifted(timedelta(seconds=9)):
        assert refresh(client, first).json["refresh_token"] == once
        assert refresh(client, once).status_code == 200


def test_later_its_use_ends_the_whole_sign_in(client, first):
    answer = refresh(client, first)
    with shifted(timedelta(seconds=11)):
        reused = refresh(client, first)
        assert reused.status_code == 401
        assert reused.json["type"].endswith("sign-in-ended")
        assert refresh(client, answer.json["refresh_token"]).status_code == 401
        assert me(client, answer) == 401
    assert db.session.scalars(select(UserSession)).one().ended_at is not None


def test_a_reuse_leaves_the_users_other_sign_ins_alone(app, make_user):
    user = make_user()
    here, there = app.test_client(), app.test_client()
    stolen, other = login(here, user).json["refresh_token"], login(there, user)
    refresh(here, stolen)
    with shifted(timedelta(seconds=11)):
        refresh(here, stolen)
        assert me(there, other) == 200


@pytest.mark.parametrize("token", ["x", "\0", "é", "a" * 200, "'--"])
def test_an_unknown_token_is_refused(client, token):
    assert refresh(client, token).status_code == 401


def test_a_missing_token_is_refused_kindly(client):
    answer = client.post("/api/auth/refresh")
    assert answer.status_code == 401
    assert "refresh token" in answer.json["detail"]


def test_nothing_is_refreshed_after_sign_out(client, first):
    client.post("/api/auth/logout", json={"refresh_token": first})
    assert refresh(client, first).status_code == 401


def test_nothing_is_refreshed_for_the_suspended(client, first):
    db.session.scalars(select(User)).one().status = "suspended"
    db.session.commit()
    assert refresh(client, first).status_code == 401


def test_a_sign_in_ends_after_thirty_days(client, first):
    with shifted(timedelta(days=30, seconds=1)):
        assert refresh(client, first).status_code == 401


def test_the_database_knows_only_hashes(client, first):
    successor = refresh(client, first).json["refresh_token"]
    stored = set(db.session.scalars(select(RefreshToken.token_hash)))
    assert stored == {sessions.hash_of(first), sessions.hash_of(successor)}


def test_sixty_refreshes_a_minute(limited, client, first):
    token = first
    for _ in range(60):
        token = refresh(client, token).json["refresh_token"]
    assert refresh(client, token).status_code == 429


@pytest.mark.committed
def test_twenty_tabs_at_once_get_one_successor(app, committed_db, make_user):
    first = login(app.test_client(), make_user()).json["refresh_token"]
    db.session.remove()

    def tab(_):
        with app.test_client() as client:
            sent = {"refresh_token": first}
            return super(type(client), client).open("/api/auth/refresh", method="POST", json=sent).json["refresh_token"]

    with ThreadPoolExecutor(8) as pool:
        successors = set(pool.map(tab, range(20)))
    assert len(successors) == 1
    assert db.session.scalar(select(func.count()).select_from(RefreshToken)) == 2
    assert refresh(app.test_client(), successors.pop()).status_code == 200
