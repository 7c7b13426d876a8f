"""Passkeys: made on the account's page, used as the whole sign-in and as its second step."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.auth.mfa.models import Passkey
from app.core.audit import AuditEntry
from app.core.clock import shifted
from app.extensions import db
from app.identity.models import User, UserSession
from tests.auth.authenticator import BACKED_UP, BACKUP_ELIGIBLE, PRESENT, VERIFIED, Authenticator
from tests.factories import PASSWORD
from tests.factories.factors import make_two_factor

COOKIE = "diglit_session"


def options_of(browser, path):
    answer = browser.post(path)
    assert answer.status_code == 200, answer.text
    return answer.json


def add_passkey(browser, device=None, name="Phone"):
    device = device or Authenticator()
    answer = browser.post(
        "/account/passkeys",
        data={"name": name, "credential": device.create(options_of(browser, "/account/passkeys/options"))},
    )
    assert answer.status_code == 303, answer.text
    return device


def sign_in_with(browser, device, **more):
    browser.get("/login")
    answer = device.get(options_of(browser, "/login/passkey/options"))
    return browser.post("/login/passkey", data={"credential": answer, **more})


def only_passkey():
    return db.session.scalars(select(Passkey)).one()


def sessions_of(user):
    theirs = select(func.count()).where(UserSession.user_id == user.id)
    return db.session.scalar(theirs)


@pytest.fixture
def with_passkey(as_client):
    """A signed-in browser, its user and that user's device."""
    as_client.device = add_passkey(as_client)
    return as_client


# Making one


def test_a_passkey_is_made_with_a_name(as_client):
    asked = options_of(as_client, "/account/passkeys/options")
    assert asked["rp"] == {"name": "DIG|LIT", "id": "localhost"}
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["attestation"] == "none"
    device = add_passkey(as_client, name=" Anna’s phone ")
    kept = only_passkey()
    assert (kept.name, kept.user_id, kept.credential_id) == ("Anna’s phone", as_client.user.id, device.credential_id)
    assert kept.transports == ["internal", "hybrid"]
    assert "Anna’s phone" in as_client.get("/account/passkeys").text
    (event,) = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "passkey-added"))
    assert (event.record_id, event.after) == (as_client.user.id, {"name": "Anna’s phone"})


def test_a_device_that_has_one_already_is_left_out(with_passkey):
    (known,) = options_of(with_passkey, "/account/passkeys/options")["excludeCredentials"]
    assert known["type"] == "public-key"
    again = Authenticator(credential_id=with_passkey.device.credential_id)
    answer = with_passkey.post(
        "/account/passkeys",
        data={"name": "Again", "credential": again.create(options_of(with_passkey, "/account/passkeys/options"))},
    )
    assert answer.status_code == 422
    assert "in use already" in answer.text


def test_a_passkey_that_is_synced_says_so(as_client):
    add_passkey(as_client, Authenticator(flags=PRESENT | VERIFIED | BACKUP_ELIGIBLE | BACKED_UP))
    assert only_passkey().backed_up


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\x07b"])
def test_a_passkey_has_a_name(as_client, name):
    device = Authenticator()
    answer = as_client.post(
        "/account/passkeys",
        data={"name": name, "credential": device.create(options_of(as_client, "/account/passkeys/options"))},
    )
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "http://localhost.example.com"},
        {"origin": "https://localhost"},
        {"rp_id": "example.com"},
        {"flags": VERIFIED},
    ],
)
def test_no_passkey_is_made_for_another_site_or_by_nobody(as_client, wrong):
    device = Authenticator(**wrong)
    answer = as_client.post(
        "/account/passkeys",
        data={"name": "Phone", "credential": device.create(options_of(as_client, "/account/passkeys/options"))},
    )
    assert answer.status_code == 422
    assert db.session.scalars(select(Passkey)).all() == []


def test_a_challenge_for_a_new_passkey_works_once_and_for_five_minutes(as_client):
    asked = options_of(as_client, "/account/passkeys/options")
    with shifted(timedelta(minutes=6)):
        late = as_client.post("/account/passkeys", data={"name": "Late", "credential": Authenticator().create(asked)})
    assert late.status_code == 422
    asked = options_of(as_client, "/account/passkeys/options")
    answers = [
        as_client.post("/account/passkeys", data={"name": "Phone", "credential": Authenticator().create(asked)})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [303, 422]


def test_a_challenge_is_good_in_the_sign_in_that_asked_alone(app, as_client, sign_in, make_user):
    asked = options_of(as_client, "/account/passkeys/options")
    other = sign_in(app.test_client(), make_user())
    answer = other.post("/account/passkeys", data={"name": "Phone", "credential": Authenticator().create(asked)})
    assert answer.status_code == 422
    same_user = sign_in(app.test_client(), as_client.user)
    answer = same_user.post("/account/passkeys", data={"name": "Phone", "credential": Authenticator().create(asked)})
    assert answer.status_code == 422


def test_a_challenge_to_sign_in_makes_no_passkey(as_client):
    asked = options_of(as_client, "/login/passkey/options")
    device = Authenticator()
    answer = device.create(asked | {"user": {"id": ""}})
    assert as_client.post("/account/passkeys", data={"name": "Phone", "credential": answer}).status_code == 422


NONSENSE = ["", "x", "{}", "[]", "null", '{"id": 1}', "\x00", "[" * 5000, '{"id":"a","rawId":"a","type":"public-key"}']


@pytest.mark.parametrize("credential", NONSENSE)
def test_nonsense_is_refused_everywhere(with_passkey, app, credential):
    answer = with_passkey.post("/account/passkeys", data={"name": "Phone", "credential": credential})
    assert answer.status_code == 422
    stranger = app.test_client()
    stranger.get("/login")
    assert stranger.post("/login/passkey", data={"credential": credential}).status_code == 422


@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature"])
@pytest.mark.parametrize("value", ["", "AAAA", "e30", "bnVsbA", 7, None, "é"])
def test_a_broken_response_is_refused(with_passkey, app, part, value):
    stranger = app.test_client()
    stranger.get("/login")
    answer = with_passkey.device.get(options_of(stranger, "/login/passkey/options"), **{part: value})
    assert stranger.post("/login/passkey", data={"credential": answer}).status_code == 422


# The whole sign-in


def test_a_passkey_is_the_whole_sign_in(with_passkey, app):
    browser = app.test_client()
    answer = sign_in_with(browser, with_passkey.device)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/dashboard/")
    assert browser.get("/dashboard/").status_code == 200
    newest = db.session.scalars(select(UserSession).order_by(UserSession.id.desc())).first()
    assert newest.methods == ["passkey"]
    assert only_passkey().last_used_at is not None
    assert only_passkey().sign_count == with_passkey.device.counter


def test_a_passkey_asks_for_no_code_besides(with_passkey, app):
    make_two_factor(with_passkey.user)
    assert sign_in_with(app.test_client(), with_passkey.device).headers["Location"] == "/dashboard/"


def test_a_passkey_that_was_not_unlocked_is_no_whole_sign_in(with_passkey, app):
    with_passkey.device.flags = PRESENT
    assert sign_in_with(app.test_client(), with_passkey.device).status_code == 422


def test_the_page_that_was_wanted_comes_after_a_passkey(with_passkey, app):
    answer = sign_in_with(app.test_client(), with_passkey.device, next="/account/two-factor")
    assert answer.headers["Location"] == "/account/two-factor"


def test_a_form_that_waits_comes_through_a_passkey(with_passkey, app):
    kept = json.dumps(["/account", [["timezone", "Europe/Berlin"]], []])
    answer = sign_in_with(app.test_client(), with_passkey.device, kept=kept)
    assert answer.status_code == 200
    assert "Europe/Berlin" in answer.text


def test_signing_in_with_a_passkey_costs_no_hashing(with_passkey, app, hashings):
    hashings.clear()
    sign_in_with(app.test_client(), with_passkey.device)
    assert hashings == []


def test_an_answer_works_once(with_passkey, app):
    browser = app.test_client()
    browser.get("/login")
    answer = with_passkey.device.get(options_of(browser, "/login/passkey/options"))
    assert browser.post("/login/passkey", data={"credential": answer}).status_code == 303
    assert browser.post("/login/passkey", data={"credential": answer}).status_code == 422


def test_an_answer_is_good_in_the_browser_that_asked_alone(with_passkey, app):
    browser, thief = app.test_client(), app.test_client()
    browser.get("/login")
    thief.get("/login")
    answer = with_passkey.device.get(options_of(browser, "/login/passkey/options"))
    assert thief.post("/login/passkey", data={"credential": answer}).status_code == 422


def test_an_answer_is_late_after_five_minutes(with_passkey, app):
    browser = app.test_client()
    browser.get("/login")
    answer = with_passkey.device.get(options_of(browser, "/login/passkey/options"))
    with shifted(timedelta(minutes=6)):
        assert browser.post("/login/passkey", data={"credential": answer}).status_code == 422


@pytest.mark.parametrize("wrong", [{"origin": "http://evil.example"}, {"rp_id": "evil.example"}])
def test_an_answer_for_another_site_is_refused(with_passkey, app, wrong):
    for name, value in wrong.items():
        setattr(with_passkey.device, name, value)
    assert sign_in_with(app.test_client(), with_passkey.device).status_code == 422


def test_an_answer_of_another_key_is_refused(with_passkey, app):
    forged = Authenticator(
        credential_id=with_passkey.device.credential_id, user_handle=with_passkey.user.id.bytes, counter=5
    )
    assert sign_in_with(app.test_client(), forged).status_code == 422


def test_a_passkey_for_another_user_is_refused(with_passkey, app, make_user):
    with_passkey.device.user_handle = make_user().id.bytes
    assert sign_in_with(app.test_client(), with_passkey.device).status_code == 422


def test_an_unknown_passkey_is_refused(app, client):
    page = sign_in_with(client, Authenticator(user_handle=b"x" * 16))
    assert page.status_code == 422
    assert COOKIE not in "".join(page.headers.getlist("Set-Cookie"))


def test_a_counter_that_goes_back_is_refused_and_told(with_passkey, app):
    sign_in_with(app.test_client(), with_passkey.device)
    with_passkey.device.counter -= 1
    page = sign_in_with(app.test_client(), with_passkey.device)
    assert page.status_code == 422
    assert "copied" in page.text
    (event,) = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "passkey-copied"))
    assert event.record_id == with_passkey.user.id
    assert sign_in_with(app.test_client(), with_passkey.device).status_code == 303


def test_a_passkey_that_does_not_count_is_taken(as_client, app):
    device = add_passkey(as_client, Authenticator(counts=False))
    assert [sign_in_with(app.test_client(), device).status_code for _ in range(2)] == [303, 303]


@pytest.mark.parametrize("who", ["user", "company"])
def test_a_suspended_user_cannot_sign_in_with_a_passkey(with_passkey, app, who):
    user = db.session.get(User, with_passkey.user.id)
    (user if who == "user" else user.client).status = "suspended"
    db.session.commit()
    page = sign_in_with(app.test_client(), with_passkey.device)
    assert page.status_code == 422
    assert "suspended" in page.text


def test_signing_in_with_a_passkey_takes_a_form_of_ours(client):
    for path in ("/login/passkey", "/login/passkey/options"):
        assert client.post(path, csrf=False).status_code == 400


# The second step


def test_a_passkey_is_a_second_factor(with_passkey, app):
    make_two_factor(with_passkey.user)
    browser = app.test_client()
    browser.post("/login", data={"username": with_passkey.user.username, "password": PASSWORD})
    assert "Use a passkey" in browser.get("/login/second").text
    asked = options_of(browser, "/login/second/options")
    assert len(asked["allowCredentials"]) == 1
    with_passkey.device.flags = PRESENT
    done = browser.post("/login/second", data={"credential": with_passkey.device.get(asked)})
    assert done.headers["Location"] == "/dashboard/"
    newest = db.session.scalars(select(UserSession).order_by(UserSession.id.desc())).first()
    assert newest.methods == ["password", "passkey"]


def test_a_passkey_alone_asks_for_nothing_besides_the_password(with_passkey, app):
    browser = app.test_client()
    answer = browser.post("/login", data={"username": with_passkey.user.username, "password": PASSWORD})
    assert answer.headers["Location"] == "/dashboard/"


def test_anothers_passkey_is_no_second_factor(with_passkey, app, sign_in, make_user):
    other = sign_in(app.test_client(), make_user())
    theirs = add_passkey(other)
    make_two_factor(with_passkey.user)
    browser = app.test_client()
    browser.post("/login", data={"username": with_passkey.user.username, "password": PASSWORD})
    answer = theirs.get(options_of(browser, "/login/second/options"))
    page = browser.post("/login/second", data={"credential": answer})
    assert page.status_code == 422
    assert browser.get("/dashboard/").status_code == 303


def test_the_second_step_asks_for_a_passkey_after_the_first_alone(client):
    assert client.post("/login/second/options").headers["Location"] == "/login"


# The account's page


def test_a_passkey_is_renamed(with_passkey):
    passkey = only_passkey()
    answer = with_passkey.post(f"/account/passkeys/{passkey.id}/name", data={"name": "Work laptop"})
    assert answer.status_code == 303
    assert only_passkey().name == "Work laptop"
    wrong = with_passkey.post(f"/account/passkeys/{passkey.id}/name", data={"name": ""})
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.text


def test_a_removed_passkey_opens_nothing(with_passkey, app):
    answer = with_passkey.post(f"/account/passkeys/{only_passkey().id}/remove")
    assert answer.status_code == 303
    assert sign_in_with(app.test_client(), with_passkey.device).status_code == 422
    (event,) = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "passkey-removed"))
    assert event.record_id == with_passkey.user.id


@pytest.mark.parametrize("act", ["name", "remove"])
def test_anothers_passkey_is_not_there(with_passkey, app, sign_in, make_user, act):
    other = sign_in(app.test_client(), make_user(role="admin"))
    answer = other.post(f"/account/passkeys/{only_passkey().id}/{act}", data={"name": "Mine"})
    assert answer.status_code == 404
    assert only_passkey().name == "Phone"


@pytest.mark.parametrize("path", ["", "/options", "/00000000-0000-7000-8000-000000000000/remove"])
def test_passkeys_are_for_people_who_have_signed_in(client, path):
    assert client.post(f"/account/passkeys{path}").status_code == 401


def test_under_an_ip_address_the_page_says_where_passkeys_work(as_client):
    as_client.set_cookie(COOKIE, as_client.get_cookie(COOKIE).value, domain="127.0.0.1")
    page = as_client.get("/account/passkeys/new", base_url="http://127.0.0.1:8000")
    assert "http://localhost:8000/account/passkeys/new" in page.text
    assert "data-passkey" not in page.text


def test_the_public_address_says_whose_passkeys_they_are(app, as_client, monkeypatch):
    changed = app.config["SETTINGS"].model_copy(update={"public_url": "https://portal.example.com"})
    monkeypatch.setitem(app.config, "SETTINGS", changed)
    assert options_of(as_client, "/account/passkeys/options")["rp"]["id"] == "portal.example.com"
    assert "https://portal.example.com/account/passkeys/new" in as_client.get("/account/passkeys/new").text
    device = Authenticator(origin="https://portal.example.com", rp_id="portal.example.com")
    add_passkey(as_client, device)
    assert sign_in_with(app.test_client(), device).status_code == 303
