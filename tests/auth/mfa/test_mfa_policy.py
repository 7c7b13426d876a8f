"""Those who must have a second factor, and have none, set one up before anything else."""

import pyotp
import pytest

from app.core.clock import now
from app.extensions import db
from app.identity.models import Client
from tests.auth.mfa.test_passkeys import add_passkey, sign_in_with
from tests.factories import PASSWORD
from tests.factories.factors import make_two_factor


@pytest.fixture
def obliged_staff(app, monkeypatch):
    changed = app.config["SETTINGS"].model_copy(update={"staff_second_factor": "required"})
    monkeypatch.setitem(app.config, "SETTINGS", changed)


def oblige_company_of(user):
    db.session.get(Client, user.client_id).require_second_factor = True
    db.session.commit()


def post_login(browser, user):
    return browser.post("/login", data={"username": user.username, "password": PASSWORD})


def kind_of(answer):
    return answer.json["type"].rpartition("#problem-")[2]


def test_nobody_is_obliged_unless_it_is_said(as_admin):
    assert as_admin.get("/admin/").status_code == 200


@pytest.mark.parametrize("role", ["admin", "manager"])
def test_staff_are_led_to_set_one_up(obliged_staff, client, make_user, role):
    answer = post_login(client, make_user(role=role))
    assert answer.headers["Location"] == "/account/two-factor"
    assert "must have a second factor" in client.get("/account/two-factor").text
    for path in ("/admin/", "/admin/products", "/account", "/admin/audit"):
        assert client.get(path).headers["Location"] == "/account/two-factor"
    assert client.get("/account/passkeys").status_code == 200
    assert client.post("/logout").headers["Location"] == "/login"


def test_changes_wait_too(obliged_staff, client, make_user):
    post_login(client, make_user(role="admin"))
    assert client.post("/admin/products/new", data={"name": "x"}).headers["Location"] == "/account/two-factor"
    answer = client.get("/admin/products", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/account/two-factor"


def test_the_duty_of_staff_is_not_their_clients(obliged_staff, as_client):
    assert as_client.get("/dashboard/").status_code == 200


def test_an_app_ends_the_waiting(obliged_staff, client, make_user):
    post_login(client, make_user(role="admin"))
    client.post("/account/two-factor/set-up")
    page = client.get("/account/two-factor/set-up").text
    secret = page.partition("secret=")[2].partition("&")[0]
    assert client.post("/account/two-factor/confirm", data={"otp": pyotp.TOTP(secret).now()}).status_code == 200
    assert client.get("/admin/").status_code == 200


def test_a_passkey_ends_the_waiting_and_is_asked_for_from_then_on(obliged_staff, app, client, make_user):
    user = make_user(role="admin")
    post_login(client, user)
    device = add_passkey(client)
    assert client.get("/admin/").status_code == 200
    again = app.test_client()
    assert post_login(again, user).headers["Location"] == "/login/second"
    assert 'name="otp"' not in again.get("/login/second").text
    assert sign_in_with(app.test_client(), device).headers["Location"] == "/admin/"


def test_the_api_answers_with_a_problem_of_its_own(obliged_staff, api, make_user):
    user = make_user(role="admin")
    program = api(user)
    refused = program.post("/api/products", json={})
    assert (refused.status_code, kind_of(refused)) == (403, "second-factor-required")
    assert program.get("/api/auth/me").status_code == 200
    secret = program.post("/api/auth/two-factor").json["secret"]
    assert program.post("/api/auth/two-factor/confirm", json={"otp": pyotp.TOTP(secret).now()}).status_code == 200
    assert program.post("/api/products", json={}).status_code == 422


def test_signing_out_of_the_api_is_always_possible(obliged_staff, api, make_user):
    assert api(make_user(role="admin")).post("/api/auth/logout").status_code == 204


def test_the_api_says_that_it_takes_no_passkey(obliged_staff, app, client, make_user):
    user = make_user(role="admin")
    post_login(client, user)
    add_passkey(client)
    answer = app.test_client().post("/api/auth/login", json={"username": user.username, "password": PASSWORD})
    assert (answer.status_code, kind_of(answer)) == (401, "otp-required")
    assert "passkey" in answer.json["detail"]


def test_a_company_obliges_its_people(as_client, api):
    oblige_company_of(as_client.user)
    assert as_client.get("/dashboard/").headers["Location"] == "/account/two-factor"
    program = api(as_client.user)
    assert program.get("/api/auth/me").status_code == 200
    assert program.delete("/api/auth/sessions").status_code in (403, 404)


def test_a_sign_in_from_before_owes_the_proof(app, client, make_user):
    user = make_user(role="client")
    post_login(client, user)
    before = app.test_client()
    post_login(before, user)
    make_two_factor(user)
    oblige_company_of(user)
    assert before.get("/dashboard/").headers["Location"].startswith("/login")
    assert before.get("/login").status_code == 200


def test_who_turns_it_off_is_asked_again(as_client):
    oblige_company_of(as_client.user)
    as_client.post("/account/two-factor/set-up")
    page = as_client.get("/account/two-factor/set-up").text
    app = pyotp.TOTP(page.partition("secret=")[2].partition("&")[0])
    as_client.post("/account/two-factor/confirm", data={"otp": app.now()})
    assert as_client.get("/dashboard/").status_code == 200
    later = app.at(int(now().timestamp()) + 30)
    assert as_client.post("/account/two-factor/off", data={"otp": later}).status_code == 303
    assert as_client.get("/dashboard/").headers["Location"] == "/account/two-factor"
