"""The defence against guessing: every door counts, and a stranger doesn't lock the owner out."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from app.auth.brute_force import attempts, known_browsers
from app.auth.brute_force.attempts import network_of
from app.auth.brute_force.models import KnownBrowser
from app.core import clock
from app.extensions import db
from app.web import limits
from app.web.limit_store import MappedStorage
from app.web.limits import TooManyRequests
from tests.factories import PASSWORD
from tests.factories.events import published

WRONG = "wrong horse battery"
HERE, ELSEWHERE = "127.0.0.1", "198.51.100.7"


@pytest.fixture(autouse=True)
def counted(app, monkeypatch, tmp_path):
    """With limits, and a clock of theirs that a test can move."""
    moved = [0.0]
    real = limits.time.time
    monkeypatch.setattr("app.web.limit_store.time.time", lambda: real() + moved[0])
    monkeypatch.setitem(app.extensions, limits.EXTENSION, limits.Limiter(MappedStorage(tmp_path / "limits")))
    monkeypatch.setitem(limits.LIMITS, "requests", limits.parse("100000/minute"))
    return moved


def wait(counted, **how):
    counted[0] += timedelta(**how).total_seconds() + 1


def sign_in(browser, user, password=PASSWORD, address=HERE):
    name = user if isinstance(user, str) else user.username
    return browser.post("/login", data={"username": name, "password": password}, environ_base={"REMOTE_ADDR": address})


def api_sign_in(program, user, password=PASSWORD, address=HERE, **more):
    name = user if isinstance(user, str) else user.username
    body = {"username": name, "password": password, **more}
    return program.post("/api/auth/login", json=body, environ_base={"REMOTE_ADDR": address})


def strangers_guess(app, user, times, address="203.0.113.{}", every=None, counted=None):
    """So many wrong passwords, each from an address of its own; the statuses."""
    found = []
    for number in range(times):
        where = address.format(number % 250 + 1)
        found.append(api_sign_in(app.test_client(), user, WRONG, where).status_code)
        if every and counted:
            wait(counted, **every)
    return found


@pytest.fixture
def known(app, make_user, db_session):
    """A user, and a browser in which that user has signed in before and out again."""
    user, browser = make_user(role="client"), app.test_client()
    assert sign_in(browser, user).status_code == 303
    browser.post("/logout")
    browser.user = user
    return browser


def cookie_of(browser):
    found = browser.get_cookie("diglit_browser")
    return found.value if found else None


# The limits that are agreed.


def test_ten_tries_a_minute_for_an_account_and_address(app, make_user, counted):
    user = make_user()
    statuses = [api_sign_in(app.test_client(), user, WRONG).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    refused = api_sign_in(app.test_client(), user)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    # The name and the e-mail address are one account; another account, another address are others.
    assert api_sign_in(app.test_client(), user.email).status_code == 429
    assert api_sign_in(app.test_client(), make_user()).status_code == 200
    assert api_sign_in(app.test_client(), user, address=ELSEWHERE).status_code == 200
    wait(counted, minutes=1)
    assert api_sign_in(app.test_client(), user).status_code == 200


def test_ten_right_ones_count_as_well(app, make_user):
    user, browser = make_user(), app.test_client()
    assert [api_sign_in(browser, user).status_code for _ in range(11)] == [200] * 10 + [429]


def test_thirty_tries_a_minute_for_an_address(app, make_user):
    statuses = [api_sign_in(app.test_client(), f"somebody-{number}", WRONG).status_code for number in range(31)]
    assert statuses == [401] * 30 + [429]
    assert api_sign_in(app.test_client(), make_user()).status_code == 429


def test_pages_and_api_count_together(app, make_user):
    user = make_user()
    for _ in range(5):
        assert sign_in(app.test_client(), user, WRONG).status_code == 422
        assert api_sign_in(app.test_client(), user, WRONG).status_code == 401
    page = sign_in(app.test_client(), user)
    assert page.status_code == 429
    assert "Retry-After" in page.headers
    assert "Try again in" in page.text
    assert api_sign_in(app.test_client(), user).status_code == 429


# An attack that comes from everywhere.


def test_a_distributed_attack_is_slowed_down(app, make_user, counted):
    user = make_user()
    assert strangers_guess(app, user, 60) == [401] * 60
    # From now on all strangers together have one try a minute.
    assert strangers_guess(app, user, 5, "198.51.100.{}") == [401, 429, 429, 429, 429]
    wait(counted, minutes=1)
    assert strangers_guess(app, user, 2, "192.0.2.{}") == [401, 429]


def test_at_most_some_three_hundred_tries_a_day(app, make_user, counted):
    user, tried = make_user(), 0
    for number in range(24 * 60):
        address = f"203.0.{number // 200}.{number % 200}"
        with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
            for _ in range(2):
                with suppress(TooManyRequests):
                    attempts.count_sign_in(user.username, user, address)
                    tried += 1
        wait(counted, seconds=59)
    assert 200 < tried <= 310


def test_a_try_that_is_refused_prolongs_nothing(app, make_user, counted):
    user = make_user()
    strangers_guess(app, user, 60)
    strangers_guess(app, user, 50, "198.51.100.{}")
    wait(counted, hours=1)
    assert api_sign_in(app.test_client(), user).status_code == 200


def test_right_passwords_are_no_failures(app, make_user):
    user = make_user()
    for number in range(40):
        address = f"203.0.113.{number}"
        assert api_sign_in(app.test_client(), user, address=address).status_code == 200


def test_a_thousand_at_once_are_no_way_around(app, make_user):
    user_id, name = make_user().id, "anna"
    user = type("Somebody", (), {"id": user_id})()
    barrier = Barrier(16)

    def guess(number):
        barrier.wait()
        tried = 0
        for step in range(8):
            address = f"203.0.{number}.{step}"
            with app.test_request_context(environ_base={"REMOTE_ADDR": address}), suppress(TooManyRequests):
                attempts.count_sign_in(name, user, address)
                tried += 1
        return tried

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(guess, range(16))) == 61


# The owner's known browser.


def test_a_browser_is_known_by_a_long_lived_cookie(app, make_user):
    browser = app.test_client()
    answer = sign_in(browser, make_user())
    (line,) = (line for line in answer.headers.getlist("Set-Cookie") if line.startswith("diglit_browser="))
    for part in ("HttpOnly", "SameSite=Lax", "Path=/", f"Max-Age={400 * 86400}"):
        assert part in line
    token = cookie_of(browser)
    assert len(token) >= 43
    (row,) = db.session.scalars(select(KnownBrowser)).all()
    assert token.encode() not in row.token_hash


def test_the_api_gives_the_cookie_where_it_gives_cookies(app, make_user):
    browser, program = app.test_client(), app.test_client()
    assert "diglit_refresh=" in api_sign_in(browser, make_user()).headers["Set-Cookie"]
    assert cookie_of(browser)
    api_sign_in(program, make_user(), token_delivery="body")
    assert cookie_of(program) is None


def test_strangers_behind_the_same_address_do_not_lock_the_owner_out(app, known):
    for _ in range(40):
        api_sign_in(app.test_client(), known.user, WRONG)
    for number in range(40):
        api_sign_in(app.test_client(), f"somebody-{number}", WRONG)
    assert api_sign_in(app.test_client(), known.user).status_code == 429
    assert sign_in(known, known.user).status_code == 303


def test_nor_do_strangers_from_everywhere(app, known):
    strangers_guess(app, known.user, 61)
    assert api_sign_in(app.test_client(), known.user, address=ELSEWHERE).status_code == 429
    assert sign_in(known, known.user, address=ELSEWHERE).status_code == 303


def test_a_known_browser_has_ten_tries_a_minute_too(known, counted):
    wait(counted, minutes=1)
    statuses = [sign_in(known, known.user, WRONG).status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]
    assert sign_in(known, known.user).status_code == 429
    wait(counted, minutes=1)
    assert sign_in(known, known.user).status_code == 303


def test_a_browser_that_guesses_on_is_a_strangers(app, known, counted):
    """A stolen laptop has no more than a bad memory needs."""
    for _ in range(3):
        wait(counted, minutes=1)
        assert [sign_in(known, known.user, WRONG).status_code for _ in range(10)] == [422] * 10
    wait(counted, minutes=1)
    strangers_guess(app, known.user, 61)
    assert sign_in(known, known.user).status_code == 429


def test_a_success_forgives_the_browser_its_errors(known, counted):
    for _ in range(4):
        wait(counted, minutes=1)
        assert [sign_in(known, known.user, WRONG).status_code for _ in range(9)] == [422] * 9
        assert sign_in(known, known.user).status_code == 303


def test_another_accounts_cookie_gives_nothing(app, known, make_user):
    victim = make_user()
    thief = app.test_client()
    thief.set_cookie("diglit_browser", cookie_of(known))
    statuses = [sign_in(thief, victim, WRONG).status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]
    for made_up in ("x" * 43, "", ".", "a.b.c", "\u00e4" * 43, ".".join(["y" * 43] * 500)):
        thief.set_cookie("diglit_browser", made_up)
        assert sign_in(thief, victim, WRONG).status_code == 429


def test_a_planted_cookie_is_not_taken_over(app, make_user, known):
    """Whoever plants a token of their own in a victim's browser isn't known as the victim."""
    planted, victim = cookie_of(known), make_user()
    browser = app.test_client()
    browser.set_cookie("diglit_browser", planted)
    assert sign_in(browser, victim).status_code == 303
    assert cookie_of(browser) != planted
    with app.test_request_context(headers={"Cookie": f"diglit_browser={planted}"}):
        assert known_browsers.known_to(victim.id) is None
        assert known_browsers.known_to(known.user.id) is not None


def test_a_browser_knows_several_accounts(app, make_user):
    browser, users = app.test_client(), [make_user() for _ in range(3)]
    for user in users:
        assert sign_in(browser, user).status_code == 303
        browser.post("/logout")
    with app.test_request_context(headers={"Cookie": f"diglit_browser={cookie_of(browser)}"}):
        assert all(known_browsers.known_to(user.id) for user in users)
    before = cookie_of(browser)
    sign_in(browser, users[0])
    assert sorted(cookie_of(browser).split(".")) == sorted(before.split("."))


def test_a_browser_is_forgotten_after_400_days(app, known):
    cookie = cookie_of(known)
    with app.test_request_context(headers={"Cookie": f"diglit_browser={cookie}"}):
        with clock.shifted(timedelta(days=399)):
            assert known_browsers.known_to(known.user.id)
        with clock.shifted(timedelta(days=401)):
            assert known_browsers.known_to(known.user.id) is None


def test_of_many_browsers_the_latest_are_kept(app, make_user, counted):
    user = make_user()
    first = app.test_client()
    sign_in(first, user)
    for number in range(known_browsers.KEPT):
        wait(counted, minutes=1)
        sign_in(app.test_client(), user, address=f"203.0.113.{number}")
    assert len(db.session.scalars(select(KnownBrowser)).all()) == known_browsers.KEPT
    with app.test_request_context(headers={"Cookie": f"diglit_browser={cookie_of(first)}"}):
        assert known_browsers.known_to(user.id) is None


def test_the_cookie_signs_nobody_in(known):
    assert known.get("/account").status_code == 303
    assert known.get("/api/auth/me").status_code == 401


NEW_BROWSER = "user.signed_in_from_new_browser"


def test_the_owner_hears_of_a_new_browser(app, known):
    sign_in(known, known.user)
    assert published(NEW_BROWSER) == []
    sign_in(app.test_client(), known.user, address=ELSEWHERE)
    ((user_id, _, values),) = published(NEW_BROWSER)
    assert (user_id, values["address"]) == (known.user.id, ELSEWHERE)
    assert values["device"]


def test_the_first_sign_in_is_no_news(app, make_user):
    sign_in(app.test_client(), make_user())
    assert published(NEW_BROWSER) == []


def test_a_program_is_news_once_a_day(app, known, counted):
    for _ in range(3):
        api_sign_in(app.test_client(), known.user, token_delivery="body")
    assert len(published(NEW_BROWSER)) == 1
    wait(counted, days=1)
    api_sign_in(app.test_client(), known.user, token_delivery="body")
    assert len(published(NEW_BROWSER)) == 2


# One-time codes.


@pytest.fixture
def asked(app):
    """`asked(user, address, cookie)` counts a wrong code in a request from there."""

    def ask(user, address=HERE, cookie=""):
        headers = {"Cookie": f"diglit_browser={cookie}"} if cookie else {}
        with app.test_request_context(headers=headers, environ_base={"REMOTE_ADDR": address}):
            return attempts.count_otp(user.id, address)

    return ask


def test_five_wrong_codes_in_five_minutes(asked, make_user, counted):
    user = make_user()
    for _ in range(5):
        asked(user)
    with pytest.raises(TooManyRequests):
        asked(user)
    asked(user, ELSEWHERE)
    asked(make_user())
    wait(counted, minutes=5)
    asked(user)


def test_codes_and_passwords_are_counted_apart(app, asked, make_user):
    user = make_user()
    for _ in range(11):
        api_sign_in(app.test_client(), user, WRONG)
    asked(user)
    other = make_user()
    for _ in range(5):
        asked(other)
    assert api_sign_in(app.test_client(), other).status_code == 200


def test_right_codes_are_no_guesses(asked, make_user):
    user = make_user()
    for _ in range(50):
        asked(user).succeeded()


def test_codes_can_not_be_tried_for_months(asked, make_user, counted):
    """The arithmetic of the docstring: at most 100 codes in 30 days from all over the world."""
    user, tried = make_user(), 0
    for number in range(30 * 24):
        for again in range(3):
            with suppress(TooManyRequests):
                asked(user, f"203.{again}.{number // 250}.{number % 250}")
                tried += 1
        wait(counted, seconds=3590)
    assert tried == 100


def test_codes_that_strangers_try_do_not_lock_the_known_browser_out(asked, known, counted):
    for number in range(40):
        with suppress(TooManyRequests):
            asked(known.user, f"203.0.113.{number}")
    with pytest.raises(TooManyRequests):
        asked(known.user, ELSEWHERE)
    cookie = cookie_of(known)
    for _ in range(5):
        asked(known.user, HERE, cookie)
    with pytest.raises(TooManyRequests):
        asked(known.user, HERE, cookie)
    wait(counted, minutes=5)
    asked(known.user, HERE, cookie).succeeded()
    for _ in range(5):
        asked(known.user, HERE, cookie)


# Secrets.


def test_wrong_secrets_are_counted_by_kind_and_address(app):
    with app.test_request_context():
        for _ in range(30):
            attempts.count_secret("api-key", HERE)
        with pytest.raises(TooManyRequests):
            attempts.count_secret("api-key", HERE)
        attempts.count_secret("api-key", ELSEWHERE)
        attempts.count_secret("mailed-token", HERE)


def test_wrong_api_keys_lock_no_right_one_out(app, api, make_user):
    person = api(make_user(role="client"))
    key = person.post("/api/api-keys", json={"name": "x", "scopes": ["products:read"]}).json["key"]

    def call(key):
        return app.test_client().get("/api/auth/me", headers={"Authorization": f"Bearer {key}"})

    assert [call("dlk_wrong").status_code for _ in range(31)] == [401] * 30 + [429]
    refused = call("dlk_wrong")
    assert "Retry-After" in refused.headers
    assert call(key).status_code == 200


def test_a_key_has_a_limit_of_its_own(app, api, make_user):
    person = api(make_user(role="client"))
    body = {"name": "x", "scopes": ["products:read"]}
    slow = person.post("/api/api-keys", json={**body, "requests_per_minute": 3}).json["key"]
    usual = person.post("/api/api-keys", json=body).json["key"]

    def call(key):
        return app.test_client().get("/api/auth/me", headers={"Authorization": f"Bearer {key}"})

    answers = [call(slow) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["RateLimit-Limit"] == answers[0].headers["X-RateLimit-Limit"] == "3"
    assert answers[0].headers["RateLimit-Remaining"] == "2"
    assert "Retry-After" in answers[3].headers
    assert call(usual).status_code == 200
    assert person.get("/api/auth/me").status_code == 200


# Nobody learns who exists.


@contextmanager
def statements():
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        if re.match(r"\s*(select|insert|update|delete)\b", statement, re.IGNORECASE) and "set_config" not in statement:
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("door", ["portal", "api"])
@pytest.mark.parametrize("with_cookie", [False, True])
def test_known_and_unknown_names_cost_the_same(app, known, make_user, hashings, door, with_cookie):
    def work(name):
        browser = app.test_client()
        if with_cookie:
            browser.set_cookie("diglit_browser", cookie_of(known))
        with statements() as seen:
            answer = (sign_in if door == "portal" else api_sign_in)(browser, name, WRONG)
        done, hashed = len(seen), len(hashings)
        hashings.clear()
        return answer.status_code, done, hashed

    user = make_user()
    work(user.username)
    assert work(user.username) == work("nobody-here")


def test_unknown_names_are_slowed_down_alike(app, make_user):
    known = strangers_guess(app, make_user(), 65)
    assert strangers_guess(app, "nobody-here", 65) == known


def test_invented_names_push_no_counters_out(app, make_user):
    user = make_user()
    strangers_guess(app, user, 60)
    with app.test_request_context():
        for number in range(5000):
            attempts._count_stranger(attempts._shared(f"invented-{number}"))
    assert strangers_guess(app, user, 2, "198.51.100.{}") == [401, 429]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_what_one_subscriber_has_counts_as_one(address, network):
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "a second"), (59, "59 seconds"), (60, "a minute"), (61, "2 minutes"), (3600, "an hour"), (86_401, "2 days")],
)
def test_waits_are_told_in_words(seconds, words):
    assert TooManyRequests(seconds).message.endswith(f"Try again in {words}.")


def test_counting_that_fails_lets_people_in(app: Flask, make_user, monkeypatch):
    def fail(*_args, **_more):
        raise OSError("no space")

    for name in ("incr", "get", "get_expiry", "clear"):
        monkeypatch.setattr(MappedStorage, name, fail)
    assert api_sign_in(app.test_client(), make_user()).status_code == 200


def test_a_new_password_begins_the_counts_of_strangers_anew(app, asked, known, counted):
    strangers_guess(app, known.user, 60)
    for number in range(40):
        with suppress(TooManyRequests):
            asked(known.user, f"203.0.113.{number}")
    assert sign_in(known, known.user).status_code == 303
    new = "Seven purple lanterns 44"
    assert known.post("/account/password", data={"current": PASSWORD, "new": new}).status_code == 303
    assert api_sign_in(app.test_client(), known.user, new, ELSEWHERE).status_code == 200
    asked(known.user, "192.0.2.200")
