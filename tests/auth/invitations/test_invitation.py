"""Accepting an invitation: /invitation?token=…"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.auth.one_time_tokens import operations as one_time_tokens
from app.core.clock import shifted
from app.extensions import db
from app.identity.models import Client, User
from tests.factories import PASSWORD

PAGE = "/invitation"
CHOSEN = {"username": "lena", "password": "plum tractor nine sky"}


@pytest.fixture
def invited(make_user):
    return make_user(role="client", password=None, status="invited", company_role="member", email_confirmed_at=None)


def invite(user):
    token = one_time_tokens.issue("invitation", lifetime=timedelta(days=7), user_id=user.id)
    db.session.commit()
    return token


def open_link(client, user):
    assert client.get(f"{PAGE}?token={invite(user)}").headers["Location"] == PAGE
    return client.get(PAGE)


def test_who_accepts_chooses_name_and_password_and_is_in(client, invited):
    page = open_link(client, invited)
    assert invited.email in page.text
    assert db.session.get(Client, invited.client_id).name in page.text
    answer = client.post(PAGE, data=CHOSEN)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/dashboard/")
    user = db.session.get(User, invited.id)
    assert (user.username, user.status, user.company_role) == ("lena", "active", "member")
    assert user.email_confirmed_at is not None
    assert client.get("/account").status_code == 200


def test_an_invitation_works_once(app, client, invited):
    token = invite(invited)
    client.get(f"{PAGE}?token={token}")
    assert client.post(PAGE, data=CHOSEN).status_code == 303
    late = app.test_client()
    late.get(f"{PAGE}?token={token}")
    assert late.get(PAGE).status_code == 422
    assert late.post(PAGE, data=CHOSEN | {"username": "other"}).status_code == 422


def test_a_name_that_is_taken_is_told_at_the_field_and_the_link_stays_good(client, invited, make_user):
    make_user(username="lena")
    open_link(client, invited)
    page = client.post(PAGE, data=CHOSEN | {"username": "LENA"})
    assert page.status_code == 422
    assert 'id="username-error"' in page.text
    assert client.post(PAGE, data=CHOSEN | {"username": "lena2"}).status_code == 303


def test_a_weak_password_is_told_at_the_field(client, invited):
    open_link(client, invited)
    page = client.post(PAGE, data=CHOSEN | {"password": "short"})
    assert page.status_code == 422
    assert 'id="password-error"' in page.text
    assert 'value="lena"' in page.text


def test_a_late_invitation_is_none(client, invited):
    token = invite(invited)
    with shifted(timedelta(days=7, seconds=1)):
        client.get(f"{PAGE}?token={token}")
        assert client.get(PAGE).status_code == 422


@pytest.mark.parametrize("what", ["user", "company"])
def test_a_suspension_ends_the_invitation(client, invited, what):
    open_link(client, invited)
    row = db.session.get(User, invited.id) if what == "user" else db.session.get(Client, invited.client_id)
    row.status = "suspended"
    db.session.commit()
    assert client.post(PAGE, data=CHOSEN).status_code == 422
    assert db.session.get(User, invited.id).password_hash is None


def test_an_invitation_sets_no_password_of_somebody_who_is_in(client, make_user):
    user = make_user()
    client.get(f"{PAGE}?token={invite(user)}")
    assert client.post(PAGE, data=CHOSEN).status_code == 422
    assert client.post("/login", data={"username": user.username, "password": PASSWORD}).status_code == 303


@pytest.mark.committed
def test_of_two_at_once_one_gets_in(app, committed_db, db_session, invited):
    token = invite(invited)
    names = [f"lena{at}" for at in range(4)]
    with ThreadPoolExecutor(4) as threads:
        codes = list(threads.map(lambda name: accept(app, token, name), names))
    assert sorted(codes) == [303, 422, 422, 422]
    db_session.rollback()
    assert db_session.scalar(select(User.username).where(User.id == invited.id)) == names[codes.index(303)]


def accept(app, token, name):
    with app.app_context():
        browser = app.test_client()
        browser.get(f"{PAGE}?token={token}")
        return browser.post(PAGE, data=CHOSEN | {"username": name}).status_code
