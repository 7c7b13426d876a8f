"""Each way in is under the defence: whoever guesses on hears 429, and when to come again."""

import pytest

from app.web import limits
from tests.auth.oauth_party import make_application
from tests.factories import PASSWORD
from tests.factories.factors import make_two_factor

WRONG = "wrong horse battery"
NEW = "Seven purple lanterns 44"


@pytest.fixture(autouse=True)
def guarded(limited, monkeypatch):
    monkeypatch.setitem(limits.LIMITS, "requests", limits.parse("100000/minute"))


def portal(app, **_):
    return lambda user: app.test_client().post("/login", data={"username": user.username, "password": WRONG})


def api_login(app, **_):
    return lambda user: app.test_client().post("/api/auth/login", json={"username": user.username, "password": WRONG})


def step_up(app, sign_in, user, **_):
    browser = sign_in(app.test_client(), user)
    return lambda _user: browser.post("/account/confirm", data={"password": WRONG})


def current_password_on_page(app, sign_in, user, **_):
    browser = sign_in(app.test_client(), user)
    return lambda _user: browser.post("/account/password", data={"current": WRONG, "new": NEW})


def current_password_by_api(api, user, **_):
    program = api(user)
    return lambda _user: program.post("/api/auth/password", json={"current": WRONG, "new": NEW})


def code_by_api(app, user, **_):
    make_two_factor(user)
    body = {"username": user.username, "password": PASSWORD, "otp": "000000"}
    return lambda _user: app.test_client().post("/api/auth/login", json=body)


def code_on_page(app, user, **_):
    make_two_factor(user)

    def guess(user):
        browser = app.test_client()
        browser.post("/login", data={"username": user.username, "password": PASSWORD})
        return browser.post("/login/second", data={"otp": "000000"})

    return guess


def recovery_code(app, user, **_):
    make_two_factor(user)
    body = {"username": user.username, "password": PASSWORD, "otp": "ABCD-EFGH-JKLM-NPQR"}
    return lambda _user: app.test_client().post("/api/auth/login", json=body)


def turning_two_factor_off(api, user, **_):
    program = api(user)
    make_two_factor(user)
    return lambda _user: program.delete("/api/auth/two-factor", json={"password": WRONG, "otp": "000000"})


def reset_by_api(app, **_):
    body = {"token": "x" * 43, "password": NEW}
    return lambda _user: app.test_client().post("/api/auth/password/reset", json=body)


def confirming_an_address(app, **_):
    return lambda _user: app.test_client().post("/api/auth/email/confirm", json={"token": "x" * 43})


def a_partys_secret(app, **_):
    application = make_application(grant_types=["client_credentials"]).application

    def guess(_user):
        sent = {"grant_type": "client_credentials", "client_id": application.identifier, "client_secret": WRONG}
        return app.test_client().post("/oauth/token", data=sent)

    return guess


def a_partys_secret_at_introspection(app, **_):
    application = make_application(grant_types=["client_credentials"]).application
    sent = {"token": "x", "client_id": application.identifier, "client_secret": WRONG}
    return lambda _user: app.test_client().post("/oauth/introspect", data=sent)


def an_api_key(app, **_):
    headers = {"Authorization": f"Bearer dlk_abcdefgh_{'x' * 49}"}
    return lambda _user: app.test_client().get("/api/auth/me", headers=headers)


def a_refresh_token(app, **_):
    return lambda _user: app.test_client().post("/api/auth/refresh", json={"refresh_token": "x" * 43})


def registration(app, **_):
    body = {"username": "taken", "email": "not an address", "password": NEW, "company": "Taken"}
    numbers = iter(range(1000))

    def register(user):
        new = {**body, "username": user.username, "email": f"somebody-{next(numbers)}@mail.test"}
        return app.test_client().post("/api/auth/register", json=new)

    return register


DOORS = [
    (portal, 10),
    (api_login, 10),
    (step_up, 10),
    (current_password_on_page, 10),
    (current_password_by_api, 10),
    (code_by_api, 5),
    (code_on_page, 5),
    (recovery_code, 10),
    (turning_two_factor_off, 10),
    (reset_by_api, 30),
    (confirming_an_address, 30),
    (a_partys_secret, 30),
    (a_partys_secret_at_introspection, 30),
    (an_api_key, 30),
    (a_refresh_token, 60),
    (registration, 20),
]


@pytest.mark.parametrize(("door", "most"), DOORS, ids=lambda value: getattr(value, "__name__", None))
def test_whoever_guesses_on_is_told_to_wait(app, api, sign_in, make_user, door, most):
    user = make_user(role="client")
    guess = door(app=app, api=api, sign_in=sign_in, user=user)
    refused, tried = None, 0
    while refused is None and tried <= most:
        answer = guess(user)
        assert answer.status_code < 500, answer.text
        if answer.status_code == 429:
            refused = answer
        else:
            assert answer.status_code >= 400, answer.text
            tried += 1
    assert refused is not None, f"{tried} guesses and no end"
    assert tried <= most
    assert int(refused.headers["Retry-After"]) > 0


def test_asking_for_resets_ends_without_a_word(app, make_user, monkeypatch):
    sent = []
    monkeypatch.setattr(
        "app.auth.registration.api.attempts.may_ask_for_reset",
        lambda *whom, ask=limits.allows: sent.append(ask("reset", "somebody")) or sent[-1],
    )
    answers = [app.test_client().post("/api/auth/password/forgot", json={"email": "a@mail.test"}) for _ in range(7)]
    assert {answer.status_code for answer in answers} == {202}
    assert sent == [True] * 5 + [False] * 2
