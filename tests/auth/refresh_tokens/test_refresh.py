"""POST /api/auth/refresh: a token works once, tabs may race, a copy gives itself away."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.auth.refresh_tokens.models import RefreshToken
from app.core.audit import AuditEntry
from app.core.clock import shifted
from app.extensions import db
from app.identity import sessions
from app.identity.models import Application, Grant, User, UserSession
from app.identity.sessions import Device
from tests.factories import PASSWORD
from tests.factories.events import published


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


NO_TOKENS = ["", " ", "x", "a" * 200, "\0", "a\nb", "\x1b", "é", "💡" * 50, "null", "2yvHhbXv0Zl3"]


@pytest.mark.parametrize("token", NO_TOKENS, ids=lambda token: repr(token[:12]))
def test_what_is_no_live_refresh_token_is_unauthorized(client, token):
    for path in ("/api/auth/refresh", "/api/auth/logout"):
        answer = client.post(path, json={"refresh_token": token})
        assert answer.status_code == 401, answer.text
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_of_the_body_is_the_one_that_is_tried(client, make_user):
    """A cookie that is good doesn't stand in for a token in the body that isn't."""
    login(client, make_user(), "cookie")
    for path in ("/api/auth/refresh", "/api/auth/logout"):
        assert client.post(path, json={"refresh_token": ""}).status_code == 401
    assert client.post("/api/auth/refresh", json={"refresh_token": None}).status_code == 200


def test_a_live_token_with_something_around_it_is_none(client, first):
    for broken in (f" {first}", f"{first}\n", f"{first} "):
        assert refresh(client, broken).status_code == 401
    assert refresh(client, first).status_code == 200


def test_a_token_of_another_kind_is_unauthorized(client, make_user):
    answer = login(client, make_user())
    assert refresh(client, answer.json["access_token"][:200]).status_code == 401
    too_long = refresh(client, "a" * 201)
    assert too_long.status_code == 422
    assert too_long.json["errors"][0]["pointer"] == "/refresh_token"
    for odd in (7, True, [], {}):
        assert refresh(client, odd).status_code == 422
    client.set_cookie("diglit_refresh", "a" * 300, path="/api")
    assert client.post("/api/auth/refresh").status_code == 401


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


def test_a_theft_is_told_to_the_owner_and_written_down(client, make_user):
    user = make_user()
    stolen = login(client, user).json["refresh_token"]
    refresh(client, stolen)
    with shifted(timedelta(seconds=11)):
        client.post(
            "/api/auth/refresh", json={"refresh_token": stolen}, environ_overrides={"REMOTE_ADDR": "198.51.100.9"}
        )
    session = db.session.scalars(select(UserSession)).one()
    assert session.end_reason == "theft"
    thefts = published("user.token_theft_detected")
    assert [(who, values["device"]) for who, _, values in thefts] == [(user.id, session.device)]
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "token-theft")).one()
    assert (entry.table_name, entry.record_id, entry.after["sent_from"]) == ("users", user.id, "198.51.100.9")
    assert stolen not in str(entry.after)


def test_a_theft_is_told_once(client, first):
    refresh(client, first)
    with shifted(timedelta(seconds=11)):
        for _ in range(3):
            assert refresh(client, first).status_code == 401
    assert len(published("user.token_theft_detected")) == 1


def test_a_lost_answer_is_given_again(client, first):
    """A program that didn't hear the answer asks again; after its successor was used, too."""
    lost = refresh(client, first).json["refresh_token"]
    with shifted(timedelta(seconds=5)):
        assert refresh(client, first).json["refresh_token"] == lost
        onward = refresh(client, lost).json["refresh_token"]
    with shifted(timedelta(seconds=9)):
        assert refresh(client, first).json["refresh_token"] == lost
        assert refresh(client, lost).json["refresh_token"] == onward
        assert refresh(client, onward).status_code == 200


def test_no_second_chain_comes_of_a_token(client, first):
    once = refresh(client, first).json["refresh_token"]
    for seconds in (1, 5, 9):
        with shifted(timedelta(seconds=seconds)):
            assert refresh(client, first).json["refresh_token"] == once
    assert db.session.scalar(select(func.count()).select_from(RefreshToken)) == 2


def test_the_cookie_never_goes_back_behind_another_tab(app, make_user):
    """Slow tab, quick tab: the answer that comes last must not leave a spent token in the jar that they share."""
    quick = app.test_client()
    login(quick, make_user(), "cookie")
    path = {"path": "/api"}
    slow = quick.get_cookie("diglit_refresh", **path).value
    quick.post("/api/auth/refresh")
    quick.post("/api/auth/refresh")
    newest = quick.get_cookie("diglit_refresh", **path).value
    quick.set_cookie("diglit_refresh", slow, **path)
    assert quick.post("/api/auth/refresh").status_code == 200
    assert quick.get_cookie("diglit_refresh", **path).value == newest
    with shifted(timedelta(minutes=15)):
        assert quick.post("/api/auth/refresh").status_code == 200


def test_who_is_suspended_meanwhile_gains_nothing(client, make_user):
    user = make_user()
    answer = refresh(client, login(client, user).json["refresh_token"])
    user.status = "suspended"
    db.session.commit()
    assert me(client, answer) == 401
    assert refresh(client, answer.json["refresh_token"]).status_code == 401


def test_three_tabs_work_for_an_hour_from_another_origin(app, make_user, monkeypatch):
    """Each refreshes when its access token is about to end, all at the same moment, with the cookie that they share."""
    jar = app.test_client()
    login(jar, make_user(), "cookie")
    access = ["", "", ""]
    for minute in range(0, 61, 14):
        with shifted(timedelta(minutes=minute)):
            sent = jar.get_cookie("diglit_refresh", path="/api").value
            for tab in range(3):
                with shifted(timedelta(seconds=3 * tab)):
                    jar.set_cookie("diglit_refresh", sent, path="/api")
                    answer = jar.post("/api/auth/refresh", headers={"Origin": "https://app.example.com"})
                    assert answer.status_code == 200
                    access[tab] = answer.json["access_token"]
        for later in (1, 7, 13):
            with shifted(timedelta(minutes=minute + later)):
                for token in access:
                    assert jar.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert db.session.scalars(select(UserSession)).one().ended_at is None


def test_a_third_partys_refresh_token_is_refused_here(app, client, make_user):
    application = Application(
        name="Reports", identifier="reports", secret_hash=b"x", grant_types=["authorization_code"], scopes=[]
    )
    user = make_user()
    db.session.add(application)
    db.session.flush()
    db.session.add(Grant(user_id=user.id, application_id=application.id, scopes=["products:read"]))
    session = sessions.start_session(
        user, kind="oauth", device=Device("", ""), application_id=application.id, scopes=["products:read"]
    ).session
    token = app.extensions["refresh_tokens"].start(session)
    db.session.commit()
    assert refresh(client, token).status_code == 401
    rotated = app.extensions["refresh_tokens"].rotate(token, kind="oauth")
    assert rotated.session.id == session.id


@pytest.mark.committed
@pytest.mark.parametrize("round_", range(3))
def test_fifty_at_once_get_one_successor_and_nobody_is_signed_out(app, committed_db, make_user, round_):
    answer = login(app.test_client(), make_user()).json
    db.session.remove()

    def tab(_):
        with app.test_client() as client:
            sent = {"refresh_token": answer["refresh_token"]}
            return super(type(client), client).open("/api/auth/refresh", method="POST", json=sent)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(tab, range(50)))
    assert {one.status_code for one in answers} == {200}
    successors = {one.json["refresh_token"] for one in answers}
    assert len(successors) == 1
    assert db.session.scalar(select(func.count()).select_from(RefreshToken)) == 2
    for one in (answers[0], answers[-1]):
        assert me(app.test_client(), one) == 200
    assert refresh(app.test_client(), successors.pop()).status_code == 200


@pytest.mark.committed
def test_a_stolen_token_that_is_sent_many_times_at_once_tells_once(app, committed_db, make_user):
    stolen = login(app.test_client(), make_user()).json["refresh_token"]
    refresh(app.test_client(), stolen)
    db.session.execute(update(RefreshToken).values(used_at=RefreshToken.used_at - timedelta(seconds=11)))
    db.session.commit()
    db.session.remove()

    def thief(_):
        with app.test_client() as client:
            sent = {"refresh_token": stolen}
            return super(type(client), client).open("/api/auth/refresh", method="POST", json=sent).status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(thief, range(12))) == {401}
    assert len(published("user.token_theft_detected")) == 1
    assert db.session.scalars(select(UserSession.end_reason)).one() == "theft"


@pytest.mark.committed
def test_a_suspension_during_refreshes_ends_them_all(app, committed_db, make_user):
    user = make_user()
    user_id, token = user.id, login(app.test_client(), user).json["refresh_token"]
    db.session.remove()
    answers = []

    def go_on():
        with app.test_client() as client:
            mine = token
            for _ in range(30):
                answer = super(type(client), client).open(
                    "/api/auth/refresh", method="POST", json={"refresh_token": mine}
                )
                answers.append(answer)
                if answer.status_code != 200:
                    return
                mine = answer.json["refresh_token"]

    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(go_on)
        while len(answers) < 3 and not going.done():
            time.sleep(0.01)
        db.session.execute(update(User).where(User.id == user_id).values(status="suspended"))
        db.session.commit()
        db.session.remove()
        going.result()
    assert answers[-1].status_code == 401
    assert {me(app.test_client(), one) for one in answers[:-1]} == {401}
