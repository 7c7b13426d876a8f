"""OAuth 2.0 as clients of others speak it: oauthlib and requests-oauthlib, against a server on a socket."""

import re
from threading import Thread

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from joserfc import jwt
from joserfc.jwk import KeySet
from oauthlib.oauth2 import BackendApplicationClient, InvalidGrantError
from oauthlib.oauth2.rfc6749.errors import AccessDeniedError, MissingCodeError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session
from werkzeug.serving import make_server

from tests.auth.oauth_party import make_application
from tests.factories import PASSWORD

pytestmark = pytest.mark.committed
CALLBACK = "http://127.0.0.1:9/callback"


@pytest.fixture
def live(app, committed_db, db_session, monkeypatch):
    """The portal on a socket of this machine; its metadata, as a client reads it."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    serving = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{serving.server_port}"
    yield requests.get(f"{base}/.well-known/oauth-authorization-server", timeout=10).json()
    serving.shutdown()
    thread.join()


@pytest.fixture
def person(live, make_user):
    """Somebody's browser, signed in through the page."""
    user = make_user(role="client")
    browser = requests.Session()
    page = browser.get(f"{live['issuer']}/login", timeout=10)
    browser.post(
        f"{live['issuer']}/login",
        data={"username": user.username, "password": PASSWORD, "csrf_token": token_in(page)},
        headers={"Referer": page.url},
        timeout=10,
    )
    browser.user = user
    return browser


def token_in(page):
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[1]


def answer_of(person, address, decision="allow"):
    """Where the person's browser is sent, once they have decided."""
    page = person.get(address, timeout=10, allow_redirects=False)
    if page.status_code == 303:
        return page.headers["Location"]
    assert page.status_code == 200, page.text[:2000]
    sent = {"decision": decision, "csrf_token": token_in(page)}
    answer = person.post(address, data=sent, headers={"Referer": address}, allow_redirects=False, timeout=10)
    assert answer.status_code == 303, answer.text[:2000]
    return answer.headers["Location"]


def me(live, session):
    return session.get(f"{live['issuer']}/api/auth/me", timeout=10)


@pytest.mark.parametrize("public", [True, False])
def test_code_with_pkce_refresh_and_revocation(live, person, public):
    made = make_application(redirect_uris=[CALLBACK], public=public)
    session = OAuth2Session(
        made.application.identifier, redirect_uri=CALLBACK, scope=["products:read", "matches:read"], pkce="S256"
    )
    address, state = session.authorization_url(live["authorization_endpoint"])
    back = answer_of(person, address)
    assert f"state={state}" in back
    tokens = session.fetch_token(
        live["token_endpoint"],
        authorization_response=back,
        client_secret=made.secret,
        include_client_id=public or None,
    )
    assert tokens["scope"] == ["products:read", "matches:read"]
    assert me(live, session).json()["username"] == person.user.username

    proof = {} if public else {"auth": HTTPBasicAuth(made.application.identifier, made.secret)}
    extra = {"client_id": made.application.identifier} if public else {}
    fresh = session.refresh_token(live["token_endpoint"], **proof, **extra)
    assert fresh["refresh_token"] != tokens["refresh_token"]
    assert me(live, session).status_code == 200

    sent = {"token": fresh["refresh_token"], "token_type_hint": "refresh_token", **extra}
    assert requests.post(live["revocation_endpoint"], data=sent, timeout=10, **proof).status_code == 200
    assert me(live, session).status_code == 401
    with pytest.raises(InvalidGrantError):
        session.refresh_token(live["token_endpoint"], **proof, **extra)


def test_refusing_is_understood(live, person):
    made = make_application(redirect_uris=[CALLBACK])
    session = OAuth2Session(made.application.identifier, redirect_uri=CALLBACK, scope=["products:read"], pkce="S256")
    back = answer_of(person, session.authorization_url(live["authorization_endpoint"])[0], "refuse")
    with pytest.raises((AccessDeniedError, MissingCodeError)):
        session.fetch_token(live["token_endpoint"], authorization_response=back, client_secret=made.secret)


def test_a_code_that_is_used_twice_is_understood(live, person):
    made = make_application(redirect_uris=[CALLBACK])
    session = OAuth2Session(made.application.identifier, redirect_uri=CALLBACK, scope=["products:read"], pkce="S256")
    back = answer_of(person, session.authorization_url(live["authorization_endpoint"])[0])
    session.fetch_token(live["token_endpoint"], authorization_response=back, client_secret=made.secret)
    with pytest.raises(InvalidGrantError):
        session.fetch_token(live["token_endpoint"], authorization_response=back, client_secret=made.secret)
    assert me(live, session).status_code == 401


def test_client_credentials_and_introspection(live, make_user):
    made = make_application(make_user(role="client"), grant_types=["client_credentials"], redirect_uris=[])
    session = OAuth2Session(client=BackendApplicationClient(made.application.identifier, scope=["matches:read"]))
    tokens = session.fetch_token(live["token_endpoint"], client_secret=made.secret)
    assert tokens["scope"] == ["matches:read"]
    assert me(live, session).status_code == 403
    told = requests.post(
        live["introspection_endpoint"],
        data={"token": tokens["access_token"]},
        auth=(made.application.identifier, made.secret),
        timeout=10,
    ).json()
    assert told["active"] is True
    assert told["sub"] == str(made.application.id)
    assert "username" not in told


def test_the_tokens_are_signed_by_a_key_that_is_published(live, person):
    made = make_application(redirect_uris=[CALLBACK])
    session = AuthlibSession(
        made.application.identifier,
        made.secret,
        redirect_uri=CALLBACK,
        scope="products:read",
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic",
    )
    verifier = "v" * 64
    address, _ = session.create_authorization_url(live["authorization_endpoint"], code_verifier=verifier)
    back = answer_of(person, address)
    tokens = session.fetch_token(live["token_endpoint"], authorization_response=back, code_verifier=verifier)
    keys = KeySet.import_key_set(requests.get(live["jwks_uri"], timeout=10).json())
    claims = jwt.decode(tokens["access_token"], keys, algorithms=["ES256"]).claims
    assert claims["sub"] == str(person.user.id)
    assert claims["client_id"] == made.application.identifier
    assert claims["scope"] == "products:read"
