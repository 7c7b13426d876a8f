"""Changing one's own password: POST /api/auth/password and /account/password."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from app.extensions import db
from app.identity.models import User, UserSession
from tests.auth.mail import mails_to
from tests.factories import PASSWORD

PATH, PAGE = "/api/auth/password", "/account/password"
NEW = "plum tractor nine sky"


def test_a_new_password_ends_all_other_sign_ins_and_keeps_this_one(api, make_user, app, sign_in):
    user = make_user()
    here, elsewhere, browser = api(user), api(user), sign_in(app.test_client(), user)
    answer = here.post(PATH, json={"current": PASSWORD, "new": NEW})
    assert (answer.status_code, answer.data) == (204, b"")
    assert here.get("/api/auth/me").status_code == 200
    assert elsewhere.get("/api/auth/me").status_code == 401
    assert browser.get("/account").status_code == 303
    assert mails_to(user.email, "user.password_changed")


def test_it_costs_one_look_and_one_hash(api, make_user, hashings):
    program = api(make_user())
    hashings.clear()
    assert program.post(PATH, json={"current": PASSWORD, "new": NEW}).status_code == 204
    assert hashings == ["verify", "hash"]


def test_a_wrong_present_password_is_422_at_current(api, make_user, hashings):
    program = api(make_user())
    hashings.clear()
    answer = program.post(PATH, json={"current": "wrong horse battery", "new": NEW})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/current")
    assert hashings == ["verify"]


@pytest.mark.parametrize("new", ["short", "password1234", PASSWORD])
def test_a_weak_or_equal_one_is_422_at_new(api, make_user, new):
    answer = api(make_user()).post(PATH, json={"current": PASSWORD, "new": new})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/new")


def test_it_cannot_be_used_for_guessing(limited, api, make_user, hashings):
    program = api(make_user())
    hashings.clear()
    codes = [program.post(PATH, json={"current": f"wrong horse {at}", "new": NEW}).status_code for at in range(15)]
    assert codes[0] == 422
    assert codes[-1] == 429
    assert len(hashings) <= 10


def test_nobody_changes_anothers(client):
    assert client.post(PATH, json={"current": PASSWORD, "new": NEW}).status_code == 401
    assert client.post(PAGE, data={"current": PASSWORD, "new": NEW}).status_code in (303, 401)


def test_the_page_changes_it(as_client, app, sign_in):
    other = sign_in(app.test_client(), as_client.user)
    assert 'autocomplete="current-password"' in as_client.get(PAGE).text
    answer = as_client.post(PAGE, data={"current": PASSWORD, "new": NEW})
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    assert as_client.get(PAGE).status_code == 200
    assert other.get("/account").status_code == 303


def test_the_page_tells_what_is_wrong_at_the_field_and_gives_no_password_back(as_client):
    page = as_client.post(PAGE, data={"current": "wrong horse battery", "new": NEW})
    assert page.status_code == 422
    assert 'id="current-error"' in page.text
    assert "wrong horse battery" not in page.text
    assert NEW not in page.text


def test_a_form_that_outlived_its_sign_in_carries_no_password(client):
    page = client.post(PAGE, data={"current": PASSWORD, "new": NEW})
    assert PASSWORD not in page.text
    assert NEW not in page.text


def test_who_has_none_sets_a_first_one(as_client, app):
    user = db.session.get(User, as_client.user.id)
    user.password_hash = None
    db.session.commit()
    assert as_client.get(PAGE).headers["Location"] == "/account/password/first"
    assert as_client.get("/account/password/first").status_code == 200
    assert as_client.post("/account/password/first", data={"new": "short"}).status_code == 422
    assert as_client.post("/account/password/first", data={"new": NEW}).status_code == 303
    assert app.test_client().post("/login", data={"username": user.username, "password": NEW}).status_code == 303
    again = as_client.post("/account/password/first", data={"new": "yet another long one"})
    assert again.status_code == 422


def test_a_first_one_wants_a_fresh_proof(as_client):
    db.session.get(User, as_client.user.id).password_hash = None
    session = db.session.scalars(select(UserSession).where(UserSession.user_id == as_client.user.id)).one()
    session.confirmed_at = None
    db.session.commit()
    answer = as_client.get("/account/password/first")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/account/confirm")
    assert as_client.post("/account/password/first", data={"new": NEW}).status_code != 303
    assert db.session.get(User, as_client.user.id).password_hash is None


@pytest.mark.committed
def test_of_changes_at_once_one_counts(app, committed_db, db_session, api, make_user):
    user = make_user()
    programs = [api(user) for _ in range(4)]
    db_session.rollback()
    with ThreadPoolExecutor(4) as threads:
        codes = list(threads.map(lambda one: change(app, *one), enumerate(programs)))
    assert codes.count(204) == 1
    assert set(codes) <= {204, 401, 422}
    db_session.rollback()
    kept = db_session.scalar(select(User.password_hash).where(User.id == user.id))
    assert app.extensions["passwords"].is_right(f"{NEW} {codes.index(204)}", kept)


def change(app, at, program):
    with app.app_context():
        return program.post(PATH, json={"current": PASSWORD, "new": f"{NEW} {at}"}).status_code
