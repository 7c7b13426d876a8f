"""Changing the e-mail address: /account/email."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from app.auth.emails import operations as emails
from app.extensions import db
from app.identity.models import User, UserSession
from tests.auth.mail import link_in, mails_to, token_in
from tests.factories import PASSWORD

PAGE, NEW = "/account/email", "new@example.com"


def address_of(browser):
    return db.session.get(User, browser.user.id).email


def test_it_changes_when_the_mailed_link_is_opened_not_before(as_client):
    old = as_client.user.email
    answer = as_client.post(PAGE, data={"email": NEW})
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    assert address_of(as_client) == old
    assert f"<strong>{NEW}</strong>" in as_client.get(PAGE).text
    assert mails_to(old, "user.email_change_requested")
    as_client.get(link_in(mails_to(NEW)[0]))
    assert as_client.post("/confirm-email").status_code == 303
    assert address_of(as_client) == NEW
    assert db.session.get(User, as_client.user.id).email_confirmed_at is not None
    assert mails_to(old, "user.email_changed")
    assert mails_to(NEW, "user.email_changed")


def test_the_link_works_in_another_browser_too(client, as_client):
    as_client.post(PAGE, data={"email": NEW})
    client.get(link_in(mails_to(NEW)[0]))
    assert client.post("/confirm-email").headers["Location"] == "/login"
    assert address_of(as_client) == NEW


def test_an_address_of_somebody_else_is_told_at_the_field(as_client, make_user):
    page = as_client.post(PAGE, data={"email": make_user().email.upper()})
    assert page.status_code == 422
    assert 'id="email-error"' in page.text


@pytest.mark.parametrize("email", ["", "no address", "a@example.com\nBcc: b@example.com"])
def test_what_is_no_address_is_told_at_the_field(as_client, email):
    page = as_client.post(PAGE, data={"email": email})
    assert page.status_code == 422
    assert 'id="email-error"' in page.text


def test_the_own_address_is_no_change(as_client):
    assert as_client.post(PAGE, data={"email": as_client.user.email}).status_code == 422


def test_an_address_that_somebody_took_meanwhile_stays_theirs(as_client, client, make_user):
    as_client.post(PAGE, data={"email": NEW})
    link = link_in(mails_to(NEW)[0])
    make_user(email=NEW)
    client.get(link)
    page = client.post("/confirm-email")
    assert page.status_code == 409
    assert "There is an account with the address" in page.text
    assert address_of(as_client) != NEW
    token = link.partition("=")[2]
    assert client.post("/api/auth/email/confirm", json={"token": token}).status_code == 409


def test_a_later_asking_replaces_the_first(as_client, client):
    as_client.post(PAGE, data={"email": NEW})
    as_client.post(PAGE, data={"email": "newer@example.com"})
    client.get(link_in(mails_to(NEW)[0]))
    assert client.post("/confirm-email").status_code == 422


def test_a_new_password_makes_the_link_useless(as_client, client):
    as_client.post(PAGE, data={"email": NEW})
    as_client.post("/account/password", data={"current": PASSWORD, "new": "plum tractor nine sky"})
    client.get(link_in(mails_to(NEW)[0]))
    assert client.post("/confirm-email").status_code == 422
    assert f"<strong>{NEW}</strong>" not in as_client.get(PAGE).text


def test_it_wants_a_fresh_proof_and_keeps_what_was_typed(as_client):
    session = db.session.scalars(select(UserSession).where(UserSession.user_id == as_client.user.id)).one()
    session.confirmed_at = None
    db.session.commit()
    page = as_client.post(PAGE, data={"email": NEW})
    assert page.status_code == 403
    assert NEW in page.text
    assert mails_to(NEW) == []


def test_strangers_have_no_page(client):
    assert client.get(PAGE).status_code == 303
    assert client.post(PAGE, data={"email": NEW}).status_code in (303, 401)


@pytest.mark.committed
def test_of_two_who_confirm_one_address_at_once_one_has_it(app, committed_db, db_session, make_user):
    for at in range(4):
        email = f"wanted{at}@example.com"
        for user in (make_user(), make_user()):
            emails.ask_to_change(user, email)
        db_session.commit()
        tokens = [token_in(mail) for mail in mails_to(email, "user.email_confirmation_requested")]
        assert len(tokens) == 2
        db_session.rollback()
        with ThreadPoolExecutor(2) as threads:
            codes = list(threads.map(lambda token: confirm(app, token), tokens))
        assert sorted(codes) == [204, 409]


def confirm(app, token):
    with app.app_context():
        return app.test_client().post("/api/auth/email/confirm", json={"token": token}).status_code
