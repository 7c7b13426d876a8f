"""A third party, as the tests of OAuth play it."""

import base64
import hashlib
import re
import secrets
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from app.auth.oauth import operations
from app.auth.oauth.schemas import ApplicationInput
from app.extensions import db
from app.identity.models import User
from tests import factories

CALLBACK = "https://shop.example/callback"
VERIFIER = secrets.token_urlsafe(48)


def make_application(owner: User | None = None, **fields: Any) -> operations.NewApplication:
    """An application that is registered, of a new company unless an owner is given."""
    owner = owner or factories.make_user(role="client")
    body = ApplicationInput.model_validate(
        {"name": "Shop reports", "redirect_uris": [CALLBACK], "scopes": ["products:read", "matches:read"], **fields}
    )
    made = operations.register_application(body, person=owner, actor=owner)
    db.session.commit()
    # Threads and requests of their own read it; none of them has this session.
    db.session.refresh(made.application)
    db.session.expunge(made.application)
    return made


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def request_for(made: operations.NewApplication, **changes: Any) -> str:
    """The address that a person is led to; a parameter that is None is left out."""
    asked = {
        "response_type": "code",
        "client_id": made.application.identifier,
        "redirect_uri": CALLBACK,
        "scope": "products:read",
        "state": "xyz",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
        **changes,
    }
    return "/oauth/authorize?" + urlencode({name: value for name, value in asked.items() if value is not None})


def answer_of(response: Any) -> dict[str, str]:
    """What the redirect to the application says."""
    assert response.status_code in (302, 303), f"{response.status}: {response.text[:2000]}"
    return {name: values[0] for name, values in parse_qs(urlsplit(response.location).query).items()}


def token_of_form(page: Any) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    return found[1] if found else ""


def decide(browser: Any, address: str, decision: str = "allow") -> Any:
    page = browser.get(address)
    assert page.status_code == 200, f"{page.status}: {page.text[:2000]}"
    return browser.post(address, data={"decision": decision, "csrf_token": token_of_form(page)})


def code_for(browser: Any, made: operations.NewApplication, **changes: Any) -> str:
    address = request_for(made, prompt="consent", **changes)
    return answer_of(decide(browser, address))["code"]


def exchange(program: Any, made: operations.NewApplication, code: str, /, **changes: Any) -> Any:
    """Trade a code for tokens; a parameter that is None is left out."""
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "client_id": made.application.identifier,
        "client_secret": made.secret,
        "code_verifier": VERIFIER,
        **changes,
    }
    return program.post("/oauth/token", data={name: value for name, value in asked.items() if value is not None})


def tokens_for(app: Any, browser: Any, made: operations.NewApplication, **changes: Any) -> dict[str, Any]:
    answer = exchange(app.test_client(), made, code_for(browser, made, **changes))
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json
    return told


def get(app: Any, path: str, access_token: str) -> Any:
    return app.test_client().get(path, headers={"Authorization": f"Bearer {access_token}"})
