"""POST /api/auth/login, /logout and GET /me."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select

from app.core.clock import shifted
from app.extensions import db
from app.identity.models import User, UserSession
from app.identity.policy import permissions_of, permissions_of_role
from tests.factories import PASSWORD


def login(client, user, **more):
    return client.post("/api/auth/login", json={"username": user.username, "password": PASSWORD, **more})


def bearer(answer):
    return {"Authorization": f"Bearer {answer.json['access_token']}"}


def test_login_answers_as_agreed(client, make_user):
    user = make_user(role="client")
    answer = login(client, user)
    assert answer.status_code == 200
    assert set(answer.json) == {"access_token", "token_type", "expires_in", "user"}
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 900)
    assert answer.json["user"]["id"] == str(user.id)
    assert answer.json["user"]["client_id"] == str(user.client_id)
    assert "password_hash" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("change", [str, str.upper, lambda name: f" {name} "])
def test_name_and_address_are_taken_in_any_case(client, make_user, change):
    user = make_user()
    for name in (user.username, user.email):
        assert client.post("/api/auth/login", json={"username": change(name), "password": PASSWORD}).status_code == 200


def test_the_refresh_token_is_in_a_cookie_for_the_api_alone(client, make_user):
    answer = login(client, make_user())
    (cookie,) = (set_ for set_ in answer.headers.getlist("Set-Cookie") if set_.startswith("diglit_refresh="))
    for part in ("diglit_refresh=", "HttpOnly", "SameSite=Strict", "Path=/api"):
        assert part in cookie


def test_or_in_the_body_on_demand(client, make_user):
    answer = login(client, make_user(), token_delivery="body")
    assert len(answer.json["refresh_token"]) >= 43
    assert answer.headers.getlist("Set-Cookie") == []


def test_me_tells_who_and_what_is_allowed(client, make_user):
    user = make_user(role="client")
    answer = client.get("/api/auth/me", headers=bearer(login(client, user)))
    assert answer.status_code == 200
    assert answer.json["username"] == user.username
    assert answer.json["client_id"] == str(user.client_id)
    assert answer.json["permissions"] == sorted(permissions_of(user))


def test_wrong_name_and_wrong_password_look_and_work_the_same(client, make_user, hashings):
    body = {"username": make_user().username, "password": "wrong horse battery"}
    known = client.post("/api/auth/login", json=body)
    work = list(hashings)
    hashings.clear()
    unknown = client.post("/api/auth/login", json={**body, "username": "nobody-here"})
    assert known.status_code == unknown.status_code == 401
    assert len(work) == len(hashings) == 1
    differing = {name for name in known.json if known.json[name] != unknown.json[name]}
    assert differing <= {"request_id"}
    assert known.headers["WWW-Authenticate"] == unknown.headers["WWW-Authenticate"]


def test_a_suspended_user_cannot_sign_in(client, make_user):
    answer = login(client, make_user(status="suspended"))
    assert answer.status_code == 401
    assert answer.json["type"].endswith("account-suspended")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"password": "x"}, "/username"),
        ({"username": "x"}, "/password"),
        ({"username": "", "password": "x"}, "/username"),
        ({"username": "a\0b", "password": "x"}, "/username"),
        ({"username": "x" * 300, "password": "x"}, "/username"),
        ({"username": 1, "password": "x"}, "/username"),
        ({"username": "x", "password": "x" * 2000}, "/password"),
        ({"username": "x", "password": ["x"]}, "/password"),
        ({"username": "x", "password": "x", "token_delivery": "pigeon"}, "/token_delivery"),
        ({"username": "x", "password": "x", "role": "admin"}, "/role"),
    ],
)
def test_a_bad_body_is_answered_at_the_field(client, body, pointer):
    answer = client.post("/api/auth/login", json=body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_a_code_is_passed_over_for_those_without_a_second_factor(client, make_user):
    assert login(client, make_user(), otp="123456").status_code == 200


def test_tokens_stop_at_sign_out(client, make_user):
    headers = bearer(login(client, make_user()))
    assert client.post("/api/auth/logout", headers=headers).status_code == 204
    answer = client.get("/api/auth/me", headers=headers)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert client.get("/api/products", headers=headers).status_code == 401
    assert db.session.scalars(select(UserSession)).one().ended_at is not None


def test_sign_out_ends_one_sign_in_and_no_other(app, make_user):
    user = make_user()
    one, other = app.test_client(), app.test_client()
    first, second = bearer(login(one, user)), bearer(login(other, user))
    one.post("/api/auth/logout", headers=first)
    assert other.get("/api/auth/me", headers=second).status_code == 200


def test_sign_out_takes_the_refresh_token_as_well(app, make_user):
    answer = login(app.test_client(), make_user(), token_delivery="body")
    program = app.test_client()
    sent = {"refresh_token": answer.json["refresh_token"]}
    assert program.post("/api/auth/logout", json=sent).status_code == 204
    assert program.get("/api/auth/me", headers=bearer(answer)).status_code == 401


def test_sign_out_clears_the_cookie(client, make_user):
    headers = bearer(login(client, make_user()))
    assert "Max-Age=0" in client.post("/api/auth/logout", headers=headers).headers["Set-Cookie"]
    assert client.get_cookie("diglit_refresh", path="/api") is None


def test_nobody_cannot_sign_out(client):
    assert client.post("/api/auth/logout").status_code == 401


@pytest.mark.parametrize("change", ["suspended", "role", "company"])
def test_a_change_of_the_user_counts_at_the_next_request(client, make_user, change):
    user = make_user(role="client")
    headers = bearer(login(client, user))
    before = client.get("/api/auth/me", headers=headers).json["permissions"]
    changed = db.session.get(User, user.id)
    if change == "suspended":
        changed.status = "suspended"
    elif change == "company":
        changed.client.status = "suspended"
    else:
        changed.role, changed.client_id, changed.company_role = "expert", None, None
    db.session.commit()
    after = client.get("/api/auth/me", headers=headers)
    if change == "role":
        assert set(after.json["permissions"]) == permissions_of_role("expert") != set(before)
    else:
        assert after.status_code == 401


def test_a_token_ends_after_fifteen_minutes(client, make_user):
    headers = bearer(login(client, make_user()))
    with shifted(timedelta(minutes=14, seconds=50)):
        assert client.get("/api/auth/me", headers=headers).status_code == 200
    with shifted(timedelta(minutes=15, seconds=5)):
        assert client.get("/api/auth/me", headers=headers).status_code == 401


def test_the_scheme_is_read_in_any_case(client, make_user):
    token = login(client, make_user()).json["access_token"]
    assert client.get("/api/auth/me", headers={"Authorization": f"bearer {token}"}).status_code == 200


def test_a_portal_session_is_no_api_sign_in(client, make_user, sign_in, app):
    sign_in(client, make_user())
    session = db.session.scalars(select(UserSession)).one()
    token = app.extensions["access_tokens"].issue(session)
    assert client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_cookie_is_not_needed_and_not_set_by_reading(client, api, make_user):
    answer = api(make_user()).get("/api/auth/me")
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_portal_and_api_share_the_limits(limited, client, make_user):
    user = make_user()
    for _ in range(5):
        client.post("/login", data={"username": user.username, "password": "wrong horse"})
        client.post("/api/auth/login", json={"username": user.email, "password": "wrong horse"})
    answer = login(client, user)
    assert answer.status_code == 429
    assert answer.json["type"].endswith("too-many-requests")
    assert 0 < int(answer.headers["Retry-After"]) <= 60


def test_a_sign_in_is_not_kept_under_an_idempotency_key(client, make_user):
    user = make_user()
    key = {"Idempotency-Key": "11112222"}
    body = {"username": user.username, "password": PASSWORD}
    tokens = {client.post("/api/auth/login", json=body, headers=key).json["access_token"] for _ in range(2)}
    assert len(tokens) == 2


def test_knowing_who_asks_costs_one_query(client, make_user):
    headers = bearer(login(client, make_user()))
    asked = []
    connection = db.session.connection()
    event.listen(connection, "before_cursor_execute", lambda *query: asked.append(query[2]))
    client.get("/api", headers=headers)
    assert sum("users" in query for query in asked) == 1
