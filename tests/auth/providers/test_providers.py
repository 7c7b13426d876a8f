"""Signing in through an OpenID Connect provider: an independent one, in full, and what must not get through."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from oidc_provider_mock import User as Someone
from oidc_provider_mock import run_server_in_thread
from sqlalchemy import func, select

from app.auth.one_time_tokens.models import OneTimeToken
from app.auth.providers import flow_views
from app.auth.providers.models import LinkedIdentity
from app.core.audit import AuditEntry
from app.core.clock import frozen, now
from app.extensions import db
from app.identity.models import User, UserSession
from app.integrations.openid.provider import Provider
from tests.factories import PASSWORD
from tests.factories.events import published

NAME = "Example ID"
VERIFIED = Someone(sub="anna-there", claims={"email": "Anna@Customer.test", "email_verified": True})
UNVERIFIED = Someone(sub="mallory", claims={"email": "anna@customer.test", "email_verified": False})
PRETENDING = Someone(sub="eve", claims={"email": "anna@customer.test", "email_verified": "true"})
NAMELESS = Someone(sub="nobody", claims={})


@pytest.fixture(scope="module")
def issuer():
    with run_server_in_thread(user_claims=[VERIFIED, UNVERIFIED, PRETENDING, NAMELESS], require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def provider(app, issuer, monkeypatch):
    made = Provider(issuer, "portal", "s3cret & more")
    monkeypatch.setitem(app.extensions, flow_views.EXTENSION, made)
    changed = app.config["SETTINGS"].model_copy(update={"oidc_name": NAME, "oidc_issuer": issuer})
    monkeypatch.setitem(app.config, "SETTINGS", changed)
    return made


@pytest.fixture
def anna(make_user):
    return make_user(role="client", username="anna", email="anna@customer.test")


def set_out(browser, path="/login/provider"):
    answer = browser.get(path)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def agree(address, sub="anna-there", **form):
    """What the provider answers, as the path that the browser goes to next."""
    answer = httpx.post(address, data={"sub": sub, **form}, follow_redirects=False)
    assert answer.status_code in (302, 303), answer.text
    parts = urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}"


def sign_in_there(browser, sub="anna-there", path="/login/provider"):
    return browser.get(agree(set_out(browser, path), sub))


def link(user, sub="anna-there", issuer=None):
    found = db.session.scalar(select(LinkedIdentity).where(LinkedIdentity.subject == sub))
    if found is None:
        db.session.add(LinkedIdentity(user_id=user.id, issuer=issuer, subject=sub, email=user.email))
        db.session.commit()


def links():
    return db.session.scalars(select(LinkedIdentity)).all()


def sessions():
    return db.session.scalars(select(UserSession)).all()


def test_the_question_is_bound_by_state_nonce_and_pkce(client, provider):
    address = set_out(client, "/login/provider?next=/dashboard/")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert asked["response_type"] == "code"
    assert asked["client_id"] == "portal"
    assert asked["redirect_uri"] == "http://localhost/login/provider/callback"
    assert asked["code_challenge_method"] == "S256"
    assert {"openid", "email"} <= set(asked["scope"].split())
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert all(len(asked[name]) >= 43 for name in ("state", "nonce", "code_challenge"))
    other = parse_qs(urlsplit(set_out(client)).query)
    assert other["state"] != [asked["state"]]


def test_the_sign_in_page_offers_the_provider(client, provider, app, monkeypatch):
    page = client.get("/login?next=/dashboard/").text
    assert f"Continue with {NAME}" in page
    assert "/login/provider?next=/dashboard/" in page
    monkeypatch.setitem(app.extensions, flow_views.EXTENSION, None)
    assert "/login/provider" not in client.get("/login").text
    assert client.get("/login/provider").status_code == 404
    assert client.get("/login/provider/callback?code=x&state=y").status_code == 404


def test_a_linked_account_signs_in(client, provider, anna, issuer):
    link(anna, issuer=issuer)
    answer = sign_in_there(client, path="/login/provider?next=/account")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert client.get("/dashboard/").status_code == 200
    (session,) = sessions()
    assert session.methods == ["provider"]
    assert links()[0].last_used_at is not None


def test_an_unknown_account_is_linked_with_the_owners_password_once(client, provider, anna, issuer):
    answer = sign_in_there(client)
    assert answer.headers["Location"] == "/login/provider/link"
    assert not links()
    assert not sessions()
    assert "anna@customer.test" in client.get("/login/provider/link").text
    answer = client.post("/login/provider/link", data={"password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/dashboard/")
    (made,) = links()
    assert (made.user_id, made.issuer, made.subject) == (anna.id, issuer, "anna-there")
    assert (anna.id, "user.provider_linked", {"name": NAME}) in published()
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "link-provider")).one()
    assert (entry.actor_id, entry.record_id, entry.after["provider"]) == (anna.id, anna.id, NAME)
    client.post("/logout")
    assert sign_in_there(client).headers["Location"] == "/dashboard/"
    assert len(links()) == 1


def test_it_is_never_linked_without_the_password(client, provider, anna):
    sign_in_there(client)
    for password in ("", "wrong", "correct horse"):
        answer = client.post("/login/provider/link", data={"password": password})
        assert answer.status_code == 422
        assert "password is wrong" in answer.text
    assert not links()
    assert not sessions()


def test_wrong_passwords_count_as_at_the_sign_in(client, provider, anna, app, monkeypatch):
    from limits.storage import MemoryStorage  # noqa: PLC0415

    from app.web import limits  # noqa: PLC0415

    monkeypatch.setitem(app.extensions, limits.EXTENSION, limits.Limiter(MemoryStorage()))
    sign_in_there(client)
    statuses = [
        client.post("/login/provider/link", data={"password": f"wrong {number}"}).status_code for number in range(12)
    ]
    assert 429 in statuses
    assert client.post("/login/provider/link", data={"password": PASSWORD}).headers.get("Retry-After")


@pytest.mark.parametrize("sub", ["mallory", "eve", "nobody"])
def test_an_address_that_is_not_verified_links_nothing(client, provider, anna, sub):
    answer = sign_in_there(client, sub)
    assert answer.status_code == 403
    assert "register first" in answer.text
    assert client.get("/login/provider/link").status_code == 400
    assert not links()
    assert not sessions()


def test_an_address_that_is_not_confirmed_here_links_nothing(client, provider, make_user):
    make_user(role="client", email="anna@customer.test", email_confirmed_at=None)
    assert sign_in_there(client).status_code == 403
    assert not links()


def test_no_account_is_made(client, provider):
    before = db.session.scalar(select(func.count()).select_from(User))
    answer = sign_in_there(client)
    assert answer.status_code == 403
    assert "There is no account with the address" in answer.text
    assert db.session.scalar(select(func.count()).select_from(User)) == before


@pytest.mark.parametrize("how", ["user", "company"])
def test_who_is_suspended_stays_out(client, provider, make_user, make_client_company, issuer, how):
    company = make_client_company(status="suspended" if how == "company" else "active")
    status = "suspended" if how == "user" else "active"
    link(make_user(role="client", client_id=company.id, email="anna@customer.test", status=status), issuer=issuer)
    answer = sign_in_there(client)
    assert answer.status_code == 403
    assert "suspended" in answer.text
    assert not sessions()


def test_who_is_suspended_links_nothing(client, provider, make_user):
    make_user(role="client", email="anna@customer.test", status="suspended")
    sign_in_there(client)
    assert client.post("/login/provider/link", data={"password": PASSWORD}).status_code == 422
    assert not links()


def test_the_second_factor_is_still_asked_for(client, provider, anna, issuer, monkeypatch):
    from app.auth.mfa import queries as mfa  # noqa: PLC0415

    link(anna, issuer=issuer)
    monkeypatch.setattr(mfa, "app_is_on", lambda _id: True)
    answer = sign_in_there(client)
    assert answer.headers["Location"].startswith("/login/second")
    assert not sessions()


def test_an_answer_is_taken_once(client, provider, anna, issuer):
    link(anna, issuer=issuer)
    back = agree(set_out(client))
    assert client.get(back).status_code == 303
    answer = client.get(back)
    assert answer.status_code == 400
    assert len(sessions()) == 1


def test_an_answer_to_another_browsers_question_is_refused(app, client, provider, anna, issuer):
    link(anna, issuer=issuer)
    back = agree(set_out(client))
    stranger = app.test_client()
    assert stranger.get(back).status_code == 400
    set_out(stranger)
    answer = stranger.get(back)
    assert answer.status_code == 400
    assert "doesn’t hold" in answer.text
    assert not sessions()
    assert client.get(back).status_code == 303, "and its own browser still gets in"


def test_an_answer_that_comes_late_is_refused(client, provider, anna, issuer):
    link(anna, issuer=issuer)
    back = agree(set_out(client))
    with frozen(now() + timedelta(minutes=11)):
        answer = client.get(back)
    assert answer.status_code == 400
    assert "took too long" in answer.text
    assert not sessions()


def test_a_code_of_another_question_is_refused(client, app, provider, anna, issuer):
    """The provider keeps the challenge (PKCE); our verifier of this way doesn't fit another's code."""
    link(anna, issuer=issuer)
    other = parse_qs(urlsplit(agree(set_out(app.test_client()))).query)["code"][0]
    state = parse_qs(urlsplit(set_out(client)).query)["state"][0]
    answer = client.get("/login/provider/callback", query_string={"code": other, "state": state})
    assert answer.status_code == 400
    assert not sessions()


def test_who_declines_there_hears_it_kindly(client, provider):
    state = parse_qs(urlsplit(set_out(client)).query)["state"][0]
    asked = {"error": "access_denied", "state": state, "error_description": "<script>alert(1)</script>"}
    answer = client.get("/login/provider/callback", query_string=asked)
    assert answer.status_code == 400
    assert "Nothing has changed here" in answer.text
    assert "alert(1)" not in answer.text


@pytest.mark.parametrize("asked", [{}, {"code": "x"}, {"state": "x"}, {"code": "x", "state": "é\x00"}])
def test_a_callback_that_nobody_began_is_refused(client, provider, asked):
    assert client.get("/login/provider/callback", query_string=asked).status_code == 400


def test_a_provider_that_is_down_is_told(client, provider, app, monkeypatch, caplog):
    gone = Provider("http://127.0.0.1:9", "portal", "s3cret")
    monkeypatch.setitem(app.extensions, flow_views.EXTENSION, gone)
    answer = client.get("/login/provider")
    assert answer.status_code == 503
    assert "can’t be reached" in answer.text


def test_one_of_many_answers_at_once_is_taken(committed_db, app, make_user, provider, issuer):
    user = make_user(role="client", email="anna@customer.test")
    db.session.add(LinkedIdentity(user_id=user.id, issuer=issuer, subject="anna-there"))
    db.session.commit()
    for _ in range(3):
        browser = app.test_client()
        back = agree(set_out(browser))
        cookie = browser.get_cookie("diglit_provider").value

        def come(_number, back=back, cookie=cookie):
            same = app.test_client()
            same.set_cookie("diglit_provider", cookie)
            with app.app_context():
                return same.get(back).status_code

        with ThreadPoolExecutor(6) as pool:
            assert sorted(pool.map(come, range(6))) == [303] + [400] * 5


def test_the_account_page_links_and_unlinks(as_client, provider, issuer):
    assert "Not linked" in as_client.get("/account/providers").text
    answer = sign_in_there(as_client, path="/account/providers/link")
    assert answer.headers["Location"] == "/account/providers"
    (made,) = links()
    assert made.user_id == as_client.user.id
    page = as_client.get("/account/providers").text
    assert "Anna@Customer.test" in page
    assert as_client.post(f"/account/providers/{made.id}/unlink").status_code == 303
    assert not links()
    assert [kind for _, kind, _ in published("user.provider")] == ["user.provider_linked", "user.provider_unlinked"]
    actions = set(db.session.scalars(select(AuditEntry.action)))
    assert {"link-provider", "unlink-provider"} <= actions


def test_an_old_sign_in_is_confirmed_first(as_client, provider, issuer):
    link(as_client.user, issuer=issuer)
    with frozen(now() + timedelta(minutes=20)):
        for answer in (
            as_client.get("/account/providers/link"),
            as_client.post(f"/account/providers/{links()[0].id}/unlink"),
        ):
            assert answer.status_code in (303, 403)
            assert "confirm" in answer.headers.get("Location", answer.text).lower()
    assert links()


def test_the_last_way_in_stays(as_client, provider, issuer):
    link(as_client.user, issuer=issuer)
    db.session.get(User, as_client.user.id).password_hash = None
    db.session.commit()
    page = as_client.post(f"/account/providers/{links()[0].id}/unlink", follow_redirects=True)
    assert "only way into your account" in page.text
    assert len(links()) == 1


def test_anothers_link_is_not_there(as_client, provider, make_user, issuer):
    link(make_user(role="client"), issuer=issuer)
    assert as_client.post(f"/account/providers/{links()[0].id}/unlink").status_code == 404
    assert len(links()) == 1
    assert "Anna@" not in as_client.get("/account/providers").text


def test_what_opens_anothers_account_is_not_linked_twice(as_client, provider, make_user, issuer):
    other = make_user(role="client")
    link(other, issuer=issuer)
    answer = sign_in_there(as_client, path="/account/providers/link")
    assert answer.status_code == 409
    assert "linked with another account" in answer.text
    assert [one.user_id for one in links()] == [other.id]


def test_an_account_is_linked_for_whom_it_was_begun_alone(app, as_client, as_expert, provider):
    """Somebody who has signed in as another meanwhile gets nobody's account linked."""
    back = agree(set_out(as_client, "/account/providers/link"))
    as_expert.set_cookie("diglit_provider", as_client.get_cookie("diglit_provider").value)
    assert as_expert.get(back).status_code == 400
    assert not links()


def test_strangers_see_no_providers_of_anybody(client, provider):
    for path in ("/account/providers", "/account/providers/link"):
        assert client.get(path).headers["Location"].startswith("/login")


def test_nothing_secret_is_logged_or_kept(client, provider, anna, issuer, capsys):
    link(anna, issuer=issuer)
    back = agree(set_out(client))
    token = client.get_cookie("diglit_provider").value
    client.get(back)
    written = capsys.readouterr().err
    code = parse_qs(urlsplit(back).query)["code"][0]
    for secret in (token, code, "s3cret", flow_views.proofs_of(token).verifier):
        assert secret not in written
    tickets = db.session.execute(select(OneTimeToken.data)).scalars().all()
    assert token not in str(tickets)
    assert flow_views.proofs_of(token).verifier not in str(tickets)
