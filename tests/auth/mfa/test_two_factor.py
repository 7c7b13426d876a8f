"""Authenticator apps and recovery codes, in the portal and by the API."""

import re
from datetime import timedelta
from threading import Barrier, Thread
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from sqlalchemy import func, select, text

from app.auth.mfa import codes
from app.auth.mfa.models import RecoveryCode, TwoFactor
from app.auth.one_time_tokens.models import OneTimeToken
from app.core.audit import AuditEntry
from app.core.clock import now, shifted
from app.extensions import db
from app.identity.models import UserSession
from tests.factories import PASSWORD
from tests.factories.factors import make_two_factor

COOKIE = "diglit_session"
HALF_DONE = "diglit_second"


def login(client, user, **more):
    return client.post("/api/auth/login", json={"username": user.username, "password": PASSWORD, **more})


def post_login(client, user, password=PASSWORD, **more):
    return client.post("/login", data={"username": user.username, "password": password, **more})


def kind_of(answer):
    return answer.json["type"].rpartition("#problem-")[2]


def sign_ins():
    return db.session.scalar(select(func.count()).select_from(UserSession))


def events(action):
    return db.session.scalars(select(AuditEntry).where(AuditEntry.action == action)).all()


# Setting it up by the API


def test_an_app_is_set_up_and_confirmed_with_a_first_code(api, make_user):
    user = make_user()
    program = api(user)
    begun = program.post("/api/auth/two-factor")
    assert begun.status_code == 200
    assert sorted(begun.json) == ["otpauth_uri", "secret"]
    uri = urlsplit(begun.json["otpauth_uri"])
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert parse_qs(uri.query)["secret"] == [begun.json["secret"]]
    assert pyotp.parse_uri(begun.json["otpauth_uri"]).secret == begun.json["secret"]
    confirmed = program.post("/api/auth/two-factor/confirm", json={"otp": pyotp.TOTP(begun.json["secret"]).now()})
    assert confirmed.status_code == 200
    made = confirmed.json["recovery_codes"]
    assert len(set(made)) == 10
    assert all(re.fullmatch(r"[0-9a-z]{4}(-[0-9a-z]{4}){2}", code) for code in made)
    assert program.get("/api/auth/two-factor").json["recovery_codes_left"] == 10


def test_an_app_that_is_not_confirmed_counts_for_nothing(client, api, make_user):
    user = make_user()
    api(user).post("/api/auth/two-factor")
    assert login(client, user).status_code == 200


def test_beginning_anew_makes_another_secret(api, make_user):
    program = api(make_user())
    first, second = (program.post("/api/auth/two-factor").json["secret"] for _ in range(2))
    assert first != second
    wrong = program.post("/api/auth/two-factor/confirm", json={"otp": pyotp.TOTP(first).now()})
    assert wrong.status_code == 422
    assert wrong.json["errors"][0]["pointer"] == "/otp"


def test_what_is_on_cannot_be_begun_or_confirmed_again(api, make_user):
    user = make_user()
    program = api(user)
    app = make_two_factor(user)
    for path, body in (("", None), ("/confirm", {"otp": app.code()})):
        answer = program.post(f"/api/auth/two-factor{path}", json=body)
        assert (answer.status_code, kind_of(answer)) == (409, "two-factor-on")


def test_what_was_not_begun_cannot_be_confirmed_or_turned_off(api, make_user):
    program = api(make_user())
    assert program.post("/api/auth/two-factor/confirm", json={"otp": "123456"}).status_code == 409
    off = program.delete("/api/auth/two-factor", json={"password": PASSWORD, "otp": "123456"})
    assert (off.status_code, kind_of(off)) == (409, "two-factor-off")


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_two_factor_is_for_people_who_have_signed_in(client, method):
    assert getattr(client, method)("/api/auth/two-factor").status_code == 401


@pytest.mark.parametrize(
    "otp", ["", " ", "12345", "1234567", "abcdef", "１２３４５６", "x" * 65, "12\x003456", 123456, None]
)
def test_odd_codes_confirm_nothing(api, make_user, otp):
    user = make_user()
    program = api(user)
    program.post("/api/auth/two-factor")
    assert program.post("/api/auth/two-factor/confirm", json={"otp": otp}).status_code == 422
    assert db.session.get(TwoFactor, user.id).confirmed_at is None


def test_the_database_has_neither_the_secret_nor_the_codes(make_user):
    user = make_user()
    app = make_two_factor(user)
    secret = db.session.execute(text("select secret from two_factors")).scalar_one()
    assert app.secret.encode() not in bytes(secret)
    kept = {bytes(code) for code in db.session.scalars(select(RecoveryCode.code_hash))}
    assert kept == {codes.hashes_of(code, user.id)[0] for code in app.recovery_codes}
    assert not any(code.encode() in one for code in app.recovery_codes for one in kept)


def test_turning_it_on_and_off_is_written_down(api, make_user):
    user = make_user()
    program = api(user)
    app = make_two_factor(user)
    program.delete("/api/auth/two-factor", json={"password": PASSWORD, "otp": app.code()})
    (on,), (off,) = events("two-factor-on"), events("two-factor-off")
    assert on.record_id == off.record_id == user.id
    assert app.secret not in str((on.after, off.after))


def test_turning_it_on_ends_no_sign_in(api, make_user):
    user = make_user()
    program = api(user)
    make_two_factor(user)
    assert program.get("/api/auth/me").status_code == 200


# Signing in by the API


def test_the_api_asks_for_the_code_once_the_password_is_right(client, make_user):
    user = make_user()
    app = make_two_factor(user)
    asked = login(client, user)
    assert (asked.status_code, kind_of(asked)) == (401, "otp-required")
    assert "WWW-Authenticate" in asked.headers
    assert sign_ins() == 0
    assert login(client, user, otp=app.code()).status_code == 200


def test_a_wrong_password_is_never_told_from_a_right_one_by_the_code(client, make_user):
    user = make_user()
    app = make_two_factor(user)
    for otp in (None, "000000", app.code()):
        answer = client.post(
            "/api/auth/login", json={"username": user.username, "password": "wrong horse battery", "otp": otp}
        )
        assert (answer.status_code, kind_of(answer)) == (401, "wrong-credentials")
    assert login(client, user, otp=app.code()).status_code == 200


def test_a_wrong_code_is_refused(client, make_user):
    user = make_user()
    app = make_two_factor(user)
    wrong = f"{(int(app.code()) + 1) % 1_000_000:06d}"
    answer = login(client, user, otp=wrong)
    assert (answer.status_code, kind_of(answer)) == (401, "wrong-otp")
    assert sign_ins() == 0


def test_the_code_of_one_without_a_second_factor_is_passed_over(client, make_user):
    assert login(client, make_user(), otp="123456").status_code == 200


def test_a_code_works_once(client, make_user):
    user = make_user()
    app = make_two_factor(user)
    code = app.code()
    assert login(client, user, otp=code).status_code == 200
    assert login(client, user, otp=code).status_code == 401
    assert login(client, user, otp=app.code(1)).status_code == 200


def test_no_code_of_before_the_last_one_works(client, make_user):
    user = make_user()
    app = make_two_factor(user)
    assert login(client, user, otp=app.code(1)).status_code == 200
    for steps in (-1, 0, 1):
        assert login(client, user, otp=app.code(steps)).status_code == 401


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
def test_a_clock_may_be_half_a_minute_off(client, make_user, steps, status):
    user = make_user()
    assert login(client, user, otp=make_two_factor(user).code(steps)).status_code == status


def test_the_code_that_turned_it_on_is_used_up(client, api, make_user):
    user = make_user()
    program = api(user)
    secret = program.post("/api/auth/two-factor").json["secret"]
    code = pyotp.TOTP(secret).now()
    program.post("/api/auth/two-factor/confirm", json={"otp": code})
    assert login(client, user, otp=code).status_code == 401


def test_codes_are_taken_with_spaces(client, make_user):
    user = make_user()
    code = make_two_factor(user).code()
    assert login(client, user, otp=f" {code[:3]} {code[3:]} ").status_code == 200


def test_a_recovery_code_signs_in_once(client, make_user):
    user = make_user()
    code = make_two_factor(user).recovery_codes[3]
    assert login(client, user, otp=code.upper().replace("-", " ")).status_code == 200
    assert login(client, user, otp=code).status_code == 401
    (event,) = events("recovery-code-used")
    assert event.after == {"left": 9}
    assert db.session.scalars(select(UserSession)).one().methods == ["password", "recovery-code"]


def test_a_recovery_code_is_good_for_its_owner_alone(client, make_user):
    user, other = make_user(), make_user()
    make_two_factor(user)
    theirs = make_two_factor(other).recovery_codes[0]
    assert login(client, user, otp=theirs).status_code == 401
    assert login(client, other, otp=theirs).status_code == 200


def test_recovery_codes_stay_good_under_a_new_secret_key(app, client, make_user, monkeypatch):
    user = make_user()
    code = make_two_factor(user).recovery_codes[0]
    old = app.config["SETTINGS"]
    changed = old.model_copy(update={"secret_key": "n" * 40, "secret_key_fallbacks": (old.secret_key,)})
    monkeypatch.setitem(app.config, "SETTINGS", changed)
    assert login(client, user, otp=code).status_code == 200


def test_a_sign_in_with_a_second_factor_costs_one_hashing(client, make_user, hashings):
    user = make_user()
    app = make_two_factor(user)
    hashings.clear()
    assert login(client, user, otp=app.code()).status_code == 200
    assert hashings == ["verify"]
    hashings.clear()
    post_login(client, user)
    client.post("/login/second", data={"otp": app.code(1)})
    assert hashings == ["verify"]


# Turning it off, and new recovery codes


@pytest.mark.parametrize(("path", "method"), [("", "delete"), ("/recovery-codes", "post")])
@pytest.mark.parametrize("wrong", ["password", "otp"])
def test_changing_it_wants_the_password_and_a_code(api, make_user, path, method, wrong):
    user = make_user()
    program = api(user)
    app = make_two_factor(user)
    body = {"password": PASSWORD, "otp": app.code(), wrong: "000000"}
    answer = getattr(program, method)(f"/api/auth/two-factor{path}", json=body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [f"/{wrong}"]
    assert db.session.get(TwoFactor, user.id).confirmed_at is not None


def test_it_is_turned_off_with_a_recovery_code_too(client, api, make_user):
    user = make_user()
    program = api(user)
    code = make_two_factor(user).recovery_codes[0]
    off = program.delete("/api/auth/two-factor", json={"password": PASSWORD, "otp": code})
    assert (off.status_code, off.data) == (204, b"")
    assert db.session.scalar(select(func.count()).select_from(RecoveryCode)) == 0
    assert login(client, user).status_code == 200


def test_new_recovery_codes_end_the_earlier_ones(client, api, make_user):
    user = make_user()
    program = api(user)
    app = make_two_factor(user)
    answer = program.post("/api/auth/two-factor/recovery-codes", json={"password": PASSWORD, "otp": app.code()})
    assert answer.status_code == 200
    assert len(answer.json["recovery_codes"]) == 10
    assert login(client, user, otp=app.recovery_codes[0]).status_code == 401
    assert login(client, user, otp=answer.json["recovery_codes"][0]).status_code == 200


# Signing in to the portal


def test_the_portal_asks_for_the_code_on_a_second_page(client, make_user):
    user = make_user()
    app = make_two_factor(user)
    asked = post_login(client, user)
    assert (asked.status_code, asked.headers["Location"]) == (303, "/login/second")
    assert client.get_cookie(COOKIE) is None
    assert client.get("/admin/").status_code == 303
    page = client.get("/login/second")
    assert 'autocomplete="one-time-code"' in page.text
    assert 'inputmode="numeric"' in page.text
    done = client.post("/login/second", data={"otp": app.code()})
    assert (done.status_code, done.headers["Location"]) == (303, "/admin/")
    assert client.get_cookie(HALF_DONE) is None
    session = db.session.scalars(select(UserSession)).one()
    assert session.methods == ["password", "otp"]
    assert session.confirmed_at is not None


def test_the_page_that_was_wanted_comes_after_both_steps(client, make_user):
    user = make_user()
    app = make_two_factor(user)
    asked = post_login(client, user, next="/admin/products")
    assert asked.headers["Location"] == "/login/second?next=/admin/products"
    assert 'value="/admin/products"' in client.get(asked.headers["Location"]).text
    done = client.post("/login/second", data={"otp": app.code(), "next": "/admin/products"})
    assert done.headers["Location"] == "/admin/products"


def test_a_form_that_waits_comes_through_both_steps(client, make_user):
    user = make_user()
    app = make_two_factor(user)
    interrupted = client.post("/admin/products/new", data={"name": "Half a product"})
    kept = re.search(r'name="kept"[^>]*value="([^"]*)"', interrupted.text)[1].replace("&#34;", '"')
    asked = post_login(client, user, kept=kept)
    assert asked.status_code == 200
    assert "What you typed is kept." in asked.text
    done = client.post("/login/second", data={"otp": app.code(), "kept": kept})
    assert done.status_code == 200
    assert "Half a product" in done.text
    assert client.get("/admin/").status_code == 200


def test_the_half_done_sign_in_is_in_a_cookie_closed_to_scripts(client, make_user):
    user = make_user()
    make_two_factor(user)
    cookie = next(v for v in post_login(client, user).headers.getlist("Set-Cookie") if v.startswith(HALF_DONE))
    for part in ("HttpOnly", "SameSite=Lax", "Max-Age=600"):
        assert part in cookie


def test_five_wrong_codes_end_the_half_done_sign_in(client, make_user):
    user = make_user()
    app = make_two_factor(user)
    wrong = f"{(int(app.code()) + 1) % 1_000_000:06d}"
    post_login(client, user)
    for _ in range(4):
        page = client.post("/login/second", data={"otp": wrong})
        assert page.status_code == 422
        assert 'aria-invalid="true"' in page.text
    last = client.post("/login/second", data={"otp": wrong})
    assert (last.status_code, last.headers["Location"]) == (303, "/login")
    assert client.post("/login/second", data={"otp": app.code()}).headers["Location"] == "/login"
    assert sign_ins() == 0


def test_a_half_done_sign_in_lasts_ten_minutes(client, make_user):
    user = make_user()
    app = make_two_factor(user)
    post_login(client, user)
    with shifted(timedelta(minutes=11)):
        assert client.post("/login/second", data={"otp": app.code()}).headers["Location"] == "/login"
    assert sign_ins() == 0


def test_a_half_done_sign_in_is_finished_once(app, client, make_user):
    user = make_user()
    authenticator = make_two_factor(user)
    post_login(client, user)
    copied = app.test_client()
    copied.set_cookie(HALF_DONE, client.get_cookie(HALF_DONE).value)
    assert client.post("/login/second", data={"otp": authenticator.code()}).headers["Location"] == "/admin/"
    assert copied.post("/login/second", data={"otp": authenticator.code(1)}).headers["Location"] == "/login"


def test_a_new_password_ends_a_half_done_sign_in(client, make_user):
    user = make_user()
    app = make_two_factor(user)
    post_login(client, user)
    user.password_hash = f"{user.password_hash} "
    db.session.commit()
    assert client.post("/login/second", data={"otp": app.code()}).headers["Location"] == "/login"


def test_a_suspension_ends_a_half_done_sign_in(client, make_user, make_client_company):
    company = make_client_company()
    user = make_user(role="client", client_id=company.id)
    app = make_two_factor(user)
    post_login(client, user)
    company.status = "suspended"
    db.session.commit()
    assert client.post("/login/second", data={"otp": app.code()}).headers["Location"] == "/login"
    assert sign_ins() == 0


def test_nobody_comes_to_the_second_page_without_the_first(client):
    for answer in (client.get("/login/second"), client.post("/login/second", data={"otp": "123456"})):
        assert answer.headers["Location"] == "/login"
    client.set_cookie(HALF_DONE, "x" * 43)
    assert client.post("/login/second", data={"otp": "123456"}).headers["Location"] == "/login"


def test_one_whose_app_was_turned_off_meanwhile_begins_again(client, make_user):
    user = make_user()
    make_two_factor(user)
    post_login(client, user)
    db.session.execute(text("delete from two_factors"))
    db.session.commit()
    assert client.post("/login/second", data={"otp": "123456"}).headers["Location"] == "/login"
    assert post_login(client, user).headers["Location"] == "/admin/"


def test_signing_in_again_ends_what_the_browser_had_before(client, make_user):
    user = make_user()
    app = make_two_factor(user)
    post_login(client, user)
    client.post("/login/second", data={"otp": app.code()})
    first = client.get_cookie(COOKIE).value
    post_login(client, user)
    assert client.get("/admin/").status_code == 200
    client.post("/login/second", data={"otp": app.code(1)})
    assert client.get_cookie(COOKIE).value != first
    assert db.session.scalar(select(func.count()).where(UserSession.ended_at.is_not(None))) == 1


def test_the_second_page_takes_a_form_of_ours(client, make_user):
    user = make_user()
    app = make_two_factor(user)
    post_login(client, user)
    assert client.post("/login/second", data={"otp": app.code()}, csrf=False).status_code == 400


# Races, on data that is really committed


def at_once(app, count, act):
    """What `act(client)` answers for so many clients at the same moment."""
    answers, barrier = [], Barrier(count)

    def run():
        client = app.test_client()
        with app.app_context():
            barrier.wait()
            answers.append(act(client))

    threads = [Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.parametrize("kind", ["otp", "recovery-code"])
def test_of_many_who_send_one_code_at_once_one_signs_in(committed_db, app, make_user, kind):
    user = make_user()
    name, authenticator = user.username, make_two_factor(user)
    for turn in range(3):
        code = authenticator.code(turn - 1) if kind == "otp" else authenticator.recovery_codes[turn]

        def act(client, code=code):
            body = {"username": name, "password": PASSWORD, "otp": code, "token_delivery": "body"}
            return client.post("/api/auth/login", json=body).status_code

        assert sorted(at_once(app, 6, act)) == [200, 401, 401, 401, 401, 401]
    assert sign_ins() == 3


def test_of_many_who_finish_one_sign_in_at_once_one_does(committed_db, app, make_user):
    user = make_user()
    authenticator = make_two_factor(user)
    first = app.test_client()
    post_login(first, user)
    token = first.get_cookie(HALF_DONE).value
    codes_at_hand = iter(authenticator.recovery_codes)

    def act(client):
        client.set_cookie(HALF_DONE, token)
        return client.post("/login/second", data={"otp": next(codes_at_hand)}).headers["Location"]

    assert sorted(at_once(app, 5, act)) == ["/admin/", "/login", "/login", "/login", "/login"]
    assert sign_ins() == 1


def test_of_many_who_begin_at_once_the_last_secret_counts(committed_db, app, api, make_user):
    program = api(make_user())
    token = program.environ_base["HTTP_AUTHORIZATION"]

    def act(client):
        return client.post("/api/auth/two-factor", headers={"Authorization": token}).json["secret"]

    secrets = at_once(app, 5, act)
    kept = db.session.scalars(select(TwoFactor)).one()
    assert kept.secret in secrets


# The page


def test_the_page_of_one_without_says_how_to_begin(as_client):
    page = as_client.get("/account/two-factor")
    assert "Two-factor sign-in is off" in page.text
    assert "Set up an authenticator app" in page.text


def test_it_is_set_up_on_the_page(as_client):
    begun = as_client.post("/account/two-factor/set-up")
    assert begun.headers["Location"] == "/account/two-factor/set-up"
    page = as_client.get("/account/two-factor/set-up")
    secret = db.session.get(TwoFactor, as_client.user.id).secret
    assert "<svg" in page.text
    assert "style=" not in page.text
    assert re.sub(r"<[^>]+>|\s", "", re.search(r'class="secret-key".*?</p>', page.text)[0].partition(">")[2]) == secret
    wrong = as_client.post("/account/two-factor/confirm", data={"otp": "abc"})
    assert wrong.status_code == 422
    assert "<svg" in wrong.text
    done = as_client.post("/account/two-factor/confirm", data={"otp": pyotp.TOTP(secret).now()})
    shown = re.findall(r"<li><code>([^<]+)</code>", done.text)
    assert len(shown) == 10
    assert done.headers["Cache-Control"] == "no-store"
    file = as_client.post("/account/two-factor/recovery-codes.txt", data={"codes": " ".join(shown)})
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert all(code in file.text for code in shown)
    page = as_client.get("/account/two-factor")
    assert "10 of 10" in page.text
    assert not any(code in page.text for code in shown)
    assert as_client.get("/account/two-factor/set-up").headers["Location"] == "/account/two-factor"


def test_the_file_holds_codes_of_ones_own_alone(as_client, make_user):
    theirs = make_two_factor(make_user()).recovery_codes
    for sent in ("", "<script>", " ".join(theirs)):
        answer = as_client.post("/account/two-factor/recovery-codes.txt", data={"codes": sent})
        assert answer.headers["Location"] == "/account/two-factor"


def test_new_codes_and_turning_off_on_the_page(as_client):
    app = make_two_factor(as_client.user)
    for path in ("recovery-codes", "off"):
        refused = as_client.post(f"/account/two-factor/{path}", data={"otp": "nonsense"})
        assert refused.status_code == 422
        assert 'aria-invalid="true"' in refused.text
    made = as_client.post("/account/two-factor/recovery-codes", data={"otp": app.code()})
    assert len(re.findall(r"<li><code>", made.text)) == 10
    off = as_client.post("/account/two-factor/off", data={"otp": app.code(1)})
    assert off.headers["Location"] == "/account/two-factor"
    assert db.session.get(TwoFactor, as_client.user.id) is None


@pytest.mark.parametrize("path", ["set-up", "confirm", "recovery-codes", "off", "recovery-codes.txt"])
def test_the_pages_are_for_people_who_have_signed_in(client, path):
    assert client.post(f"/account/two-factor/{path}", data={"otp": "1"}).status_code == 401


def test_wrong_codes_on_the_page_are_counted(limited, as_client):
    app = make_two_factor(as_client.user)
    for _ in range(5):
        as_client.post("/account/two-factor/off", data={"otp": "000000"})
    page = as_client.post("/account/two-factor/off", data={"otp": app.code()})
    assert page.status_code == 422
    assert "Too many" in page.text
    assert db.session.get(TwoFactor, as_client.user.id) is not None


def test_the_challenge_of_a_finished_sign_in_is_swept_away(client, make_user):
    user = make_user()
    app = make_two_factor(user)
    post_login(client, user)
    client.post("/login/second", data={"otp": app.code()})
    ticket = db.session.scalars(select(OneTimeToken)).one()
    assert ticket.used_at is not None
    assert ticket.expires_at > now()
