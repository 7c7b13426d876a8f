"""Step-up: what protects an account changes only after a fresh proof."""

import json
import re
from datetime import timedelta

import pytest

from app.auth.mfa.models import TwoFactor
from app.core.clock import shifted
from app.extensions import db
from app.identity.models import User
from tests.auth.mfa.test_passkeys import add_passkey, options_of
from tests.factories import PASSWORD
from tests.factories.factors import make_two_factor

LATER = timedelta(minutes=16)


def confirm(browser, password=PASSWORD, **more):
    return browser.post("/account/confirm", data={"password": password, **more})


def kept_in(page):
    return re.search(r'name="kept"[^>]*value="([^"]*)"', page.text)[1].replace("&#34;", '"')


def test_within_fifteen_minutes_after_the_sign_in_nothing_is_asked(as_client):
    with shifted(timedelta(minutes=14)):
        assert as_client.get("/account/passkeys/new").status_code == 200


def test_later_the_page_asks_first_and_leads_back(as_client):
    with shifted(LATER):
        asked = as_client.get("/account/passkeys/new")
        assert (asked.status_code, asked.headers["Location"]) == (303, "/account/confirm?next=/account/passkeys/new")
        page = as_client.get(asked.headers["Location"])
        assert 'autocomplete="current-password"' in page.text
        done = confirm(as_client, next="/account/passkeys/new")
        assert (done.status_code, done.headers["Location"]) == (303, "/account/passkeys/new")
        assert as_client.get("/account/passkeys/new").status_code == 200


def test_a_proof_holds_for_fifteen_minutes(as_client):
    with shifted(LATER):
        confirm(as_client)
    with shifted(LATER + timedelta(minutes=14)):
        assert as_client.get("/account/passkeys/new").status_code == 200
    with shifted(LATER + LATER):
        assert as_client.get("/account/passkeys/new").status_code == 303


def test_a_proof_is_good_in_its_own_sign_in_alone(app, as_client, sign_in):
    other = sign_in(app.test_client(), as_client.user)
    with shifted(LATER):
        confirm(as_client)
        assert other.get("/account/passkeys/new").status_code == 303


def test_a_form_that_was_sent_is_kept_meanwhile(as_client):
    with shifted(LATER):
        asked = as_client.post("/account/two-factor/set-up", headers={"Referer": "http://localhost/account/two-factor"})
        assert asked.status_code == 403
        assert db.session.get(TwoFactor, as_client.user.id) is None
        done = confirm(as_client, kept=kept_in(asked), next="/account/two-factor")
        assert done.status_code == 200
        assert 'action="/account/two-factor/set-up"' in done.text
        assert "Thank you, it is you" in done.text
        assert as_client.post("/account/two-factor/set-up").status_code == 303


def test_what_is_kept_holds_no_secrets(as_client):
    app = make_two_factor(as_client.user)
    with shifted(LATER):
        asked = as_client.post("/account/two-factor/off", data={"otp": app.code(), "note": "kept"})
        assert json.loads(kept_in(asked))[1] == [["note", "kept"]]


def test_htmx_leaves_the_page_for_it(as_client):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/account/passkeys"}
    with shifted(LATER):
        answer = as_client.get("/account/passkeys/new", headers=headers)
        assert answer.headers["HX-Redirect"] == "/account/confirm?next=/account/passkeys"
        whole = as_client.post("/account/two-factor/set-up", headers=headers)
        assert whole.headers["HX-Retarget"] == "body"


def test_a_wrong_password_proves_nothing(as_client):
    with shifted(LATER):
        page = confirm(as_client, "wrong horse battery", next="/account/passkeys/new")
        assert page.status_code == 422
        assert 'aria-invalid="true"' in page.text
        assert "wrong horse battery" not in page.text
        assert 'value="/account/passkeys/new"' in page.text
        assert as_client.get("/account/passkeys/new").status_code == 303


def test_wrong_passwords_are_counted_as_at_the_sign_in(limited, as_client):
    # The sign-in before was the first of ten tries.
    answers = [confirm(as_client, "wrong horse battery").status_code for _ in range(10)]
    assert answers == [422] * 9 + [429]


def test_a_passkey_is_a_proof(as_client):
    device = add_passkey(as_client)
    with shifted(LATER):
        asked = options_of(as_client, "/account/confirm/options")
        done = as_client.post("/account/confirm", data={"credential": device.get(asked)})
        assert done.headers["Location"] == "/account"
        assert as_client.get("/account/passkeys/new").status_code == 200


def test_anothers_passkey_is_none(app, as_client, sign_in, make_user):
    device = add_passkey(sign_in(app.test_client(), make_user()))
    asked = options_of(as_client, "/account/confirm/options")
    assert as_client.post("/account/confirm", data={"credential": device.get(asked)}).status_code == 422


def test_one_without_a_password_proves_it_with_a_code(as_client):
    app = make_two_factor(as_client.user)
    db.session.get(User, as_client.user.id).password_hash = None
    db.session.commit()
    with shifted(LATER):
        assert 'autocomplete="one-time-code"' in as_client.get("/account/confirm").text
        assert as_client.post("/account/confirm", data={"otp": "000000"}).status_code == 422
        assert as_client.post("/account/confirm", data={"password": PASSWORD}).status_code == 422
        assert as_client.post("/account/confirm", data={"otp": app.code()}).status_code == 303


def test_one_with_nothing_to_show_signs_in_again(as_client):
    db.session.get(User, as_client.user.id).password_hash = None
    db.session.commit()
    page = as_client.get("/account/confirm")
    assert "Sign out and in again" in page.text
    assert as_client.post("/account/confirm", data={"otp": "000000"}).status_code == 422


@pytest.mark.parametrize("target", ["https://example.com/", "//example.com", "javascript:alert(1)"])
def test_it_leads_to_this_site_alone(as_client, target):
    assert confirm(as_client, next=target).headers["Location"] == "/account"


def test_it_is_for_people_who_have_signed_in(client):
    assert client.get("/account/confirm").headers["Location"].startswith("/login")
    assert client.post("/account/confirm/options").status_code == 401
