"""/login and /logout, and the session that is between them."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from app.auth.jobs import sweep
from app.core.clock import now, shifted
from app.extensions import db
from app.identity import sessions
from app.identity.models import User, UserSession
from tests.factories import PASSWORD

COOKIE = "diglit_session"


def post_login(client, user, password=PASSWORD, **more):
    return client.post("/login", data={"username": user.username, "password": password, **more})


def only_session():
    return db.session.scalars(select(UserSession)).one()


def test_the_sign_in_page_is_for_everyone(client):
    page = client.get("/login")
    assert page.status_code == 200
    assert 'autocomplete="username"' in page.text
    assert 'autocomplete="current-password"' in page.text
    assert 'name="csrf_token"' in page.text


@pytest.mark.parametrize(("role", "home"), [("admin", "/admin/"), ("manager", "/admin/"), ("client", "/dashboard/")])
def test_each_role_lands_at_home(client, make_user, role, home):
    answer = post_login(client, make_user(role=role))
    assert (answer.status_code, answer.headers["Location"]) == (303, home)


@pytest.mark.parametrize("change", [str, str.upper, lambda name: f" {name} "])
def test_name_and_address_are_taken_in_any_case(app, make_user, change):
    user = make_user()
    for name in (user.username, user.email):
        browser = app.test_client()
        assert browser.post("/login", data={"username": change(name), "password": PASSWORD}).status_code == 303


def test_the_cookie_is_closed_to_scripts_and_other_sites(client, make_user):
    answer = post_login(client, make_user())
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith(f"{COOKIE}="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


def test_the_database_knows_only_the_hash_of_the_token(client, make_user):
    post_login(client, make_user())
    token = client.get_cookie(COOKIE).value
    assert len(token) >= 43
    assert only_session().token_hash == sessions.hash_of(token)
    assert token.encode() not in only_session().token_hash


def test_a_session_says_what_it_was_begun_with(client, make_user):
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    client.post("/login", data={"username": make_user().username, "password": PASSWORD}, headers={"User-Agent": agent})
    session = only_session()
    assert (session.kind, session.device, session.address) == ("portal", "Firefox on Windows", "127.0.0.1")


def test_wrong_name_and_wrong_password_look_and_work_the_same(app, make_user, hashings):
    user = make_user()
    unlocked = app.test_client().post("/login", data={"username": user.username, "password": "wrong horse battery"})
    work = list(hashings)
    hashings.clear()
    unknown = app.test_client().post("/login", data={"username": "nobody-here", "password": "wrong horse battery"})
    assert unlocked.status_code == unknown.status_code == 422
    assert len(work) == len(hashings) == 1
    assert "The user name or the password is wrong." in unknown.text
    token_free = [page.text.replace(name, "") for page, name in ((unlocked, user.username), (unknown, "nobody-here"))]
    assert len(token_free[0]) == len(token_free[1])


def test_a_failed_sign_in_keeps_the_name_and_not_the_password(client):
    page = client.post("/login", data={"username": "nobody-here", "password": "wrong horse battery"})
    assert 'value="nobody-here"' in page.text
    assert "wrong horse battery" not in page.text
    assert COOKIE not in "".join(page.headers.getlist("Set-Cookie"))


def test_an_empty_form_says_what_is_missing(client):
    page = client.post("/login", data={"username": "", "password": ""})
    assert page.status_code == 422
    assert page.text.count('aria-invalid="true"') == 2


@pytest.mark.parametrize("name", ["\0", "a\0b", "x" * 5000, "'; drop table users --", "💥", "@", "%"])
def test_odd_names_are_simply_unknown(client, name):
    assert client.post("/login", data={"username": name, "password": "x"}).status_code == 422


def test_a_user_who_was_only_invited_has_no_password_to_know(client, make_user):
    user = make_user(password=None, status="invited")
    assert post_login(client, user).status_code == 422


def test_a_suspended_user_cannot_sign_in(client, make_user):
    page = post_login(client, make_user(status="suspended"))
    assert page.status_code == 422
    assert "suspended" in page.text


def test_whether_an_account_is_suspended_is_told_to_its_owner_alone(client, make_user):
    page = post_login(client, make_user(status="suspended"), "wrong horse battery")
    assert "suspended" not in page.text


def test_suspension_stops_open_sessions_at_once(as_manager):
    assert as_manager.get("/login").status_code == 303
    db.session.get(User, as_manager.user.id).status = "suspended"
    db.session.commit()
    assert as_manager.get("/login").status_code == 200


def test_a_suspended_company_stops_its_users(client, make_user, make_client_company, sign_in):
    company = make_client_company()
    sign_in(client, make_user(role="client", client_id=company.id))
    company.status = "suspended"
    db.session.commit()
    assert client.get("/login").status_code == 200


def test_sign_out_ends_the_session_in_the_database(app, as_manager):
    token = as_manager.get_cookie(COOKIE).value
    answer = as_manager.post("/logout")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert as_manager.get_cookie(COOKIE) is None
    assert only_session().ended_at is not None
    thief = app.test_client()
    thief.set_cookie(COOKIE, token)
    assert thief.get("/login").status_code == 200


def test_sign_out_leaves_other_devices_alone(app, as_manager, sign_in):
    elsewhere = sign_in(app.test_client(), as_manager.user)
    as_manager.post("/logout")
    assert elsewhere.get("/login").status_code == 303


def test_signing_out_twice_is_no_error(client):
    assert client.post("/logout").status_code == 303


def test_signing_out_takes_a_form(as_manager):
    assert as_manager.get("/logout").status_code == 405
    assert as_manager.post("/logout", csrf=False).status_code == 400
    assert as_manager.get("/login").status_code == 303


def test_signing_in_gives_another_token_than_the_browser_came_with(app, make_user):
    user = make_user()
    browser = app.test_client()
    browser.set_cookie(COOKIE, "chosen-by-somebody-else")
    post_login(browser, user)
    first = browser.get_cookie(COOKIE).value
    assert first != "chosen-by-somebody-else"
    post_login(browser, user)
    assert browser.get_cookie(COOKIE).value != first
    ended = db.session.scalars(select(UserSession).where(UserSession.ended_at.is_not(None))).all()
    assert [session.token_hash for session in ended] == [sessions.hash_of(first)]


def test_signing_in_changes_the_form_token(client, make_user):
    client.get("/login")
    with client.session_transaction() as before:
        old = before["csrf_token"]
    post_login(client, make_user())
    with client.session_transaction() as after:
        assert after.get("csrf_token") != old


def test_a_session_ends_twelve_hours_after_its_last_use(as_manager):
    with shifted(timedelta(hours=11)):
        assert as_manager.get("/login").status_code == 303
    with shifted(timedelta(hours=22)):
        assert as_manager.get("/login").status_code == 303
    with shifted(timedelta(hours=35)):
        assert as_manager.get("/login").status_code == 200


def test_a_session_ends_after_thirty_days_however_busy(as_manager):
    began = now()
    for hours in range(11, 30 * 24, 11):
        with shifted(began + timedelta(hours=hours) - now()):
            assert as_manager.get("/login").status_code == 303
    with shifted(timedelta(days=30, seconds=5)):
        assert as_manager.get("/login").status_code == 200


def test_use_is_noted_once_a_minute_at_most(as_manager):
    began = only_session().last_used_at
    with shifted(timedelta(seconds=30)):
        as_manager.get("/login")
    assert only_session().last_used_at == began
    with shifted(timedelta(seconds=90)):
        as_manager.get("/login")
        noted = only_session().last_used_at
        as_manager.get("/login")
    assert noted > began + timedelta(seconds=60)
    assert only_session().last_used_at == noted


def test_sessions_that_ended_long_ago_are_swept_away(app, as_manager, sign_in):
    as_manager.post("/logout")
    with shifted(timedelta(days=29)):
        sweep()
        assert only_session().ended_at is not None
    with shifted(timedelta(days=31)):
        sign_in(app.test_client(), as_manager.user)
        sweep()
    assert only_session().ended_at is None


def test_an_old_password_hash_is_renewed_at_sign_in(client, make_user):
    user = make_user(password_hash=PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD))
    assert "t=2" in user.password_hash
    assert post_login(client, user).status_code == 303
    assert "t=1" in db.session.get(User, user.id).password_hash
    assert post_login(client, user).status_code == 303


def test_an_api_token_does_not_open_pages(app, api, make_user):
    program = api(make_user())
    assert program.get("/login").status_code == 200


def test_ten_tries_a_minute_for_an_account_from_one_address(limited, client, make_user):
    user = make_user()
    for name in [user.username, user.email] * 5:
        assert client.post("/login", data={"username": name, "password": "wrong horse"}).status_code == 422
    page = post_login(client, user)
    assert page.status_code == 429
    assert 0 < int(page.headers["Retry-After"]) <= 60
    assert f'value="{user.username}"' in page.text
    assert post_login(client, make_user()).status_code == 303


def test_too_many_tries_cost_no_hashing(limited, client, make_user, hashings):
    user = make_user()
    for _ in range(12):
        post_login(client, user, "wrong horse battery")
    assert len(hashings) == 10


def test_thirty_tries_a_minute_from_one_address(limited, client):
    tries = [client.post("/login", data={"username": f"n{at}", "password": "x"}).status_code for at in range(31)]
    assert tries == [422] * 30 + [429]
