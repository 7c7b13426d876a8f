"""One browser's way to the provider and back.

A one-time token, whose text is in a cookie, holds the way together. What ties the answer to the question (state, nonce,
code verifier) is derived from the token, so that it stands nowhere in clear but in the browser.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import cast
from uuid import UUID

from flask import current_app, url_for

from app.auth.one_time_tokens import operations as one_time_tokens
from app.auth.one_time_tokens.models import OneTimeToken
from app.core.addresses import outside_address
from app.identity.cookies import Cookie
from app.integrations.openid.errors import BadAnswer
from app.integrations.openid.provider import Proofs, Provider, Someone
from app.web.resumed_forms import safe_path
from config import Settings

EXTENSION = "openid_provider"
WAY, PENDING = "provider", "provider-link"
LIFETIME = timedelta(minutes=10)
WAY_COOKIE, PENDING_COOKIE = Cookie("provider", LIFETIME), Cookie("provider_link", LIFETIME)


def settings() -> Settings:
    return cast("Settings", current_app.config["SETTINGS"])


def provider() -> Provider | None:
    """The provider that the settings name."""
    return cast("Provider | None", current_app.extensions[EXTENSION])


def name() -> str:
    """What people call it."""
    return settings().oidc_name


def redirect_uri() -> str:
    """Where the provider sends people back to; it must be registered there, letter for letter."""
    return f"{outside_address()}{url_for('providers.callback')}"


def set_out(*, wanted: str | None, link_for: UUID | None = None) -> str:
    """Begin the way; the token for the cookie. `link_for` is the user whose account is to be linked."""
    return one_time_tokens.issue(WAY, lifetime=LIFETIME, user_id=link_for, data={"next": safe_path(wanted) or ""})


def proofs_of(token: str) -> Proofs:
    return Proofs(*(_derived(token, purpose) for purpose in ("state", "nonce", "verifier")))


def come_back(answer: Mapping[str, str]) -> tuple[str, OneTimeToken] | None:
    """The way that this browser is on, which ends here: an answer is taken once. None where it is on none, or late.

    Raises BadAnswer for an answer to another question, and the way stays open: a stranger's link can't end it.
    """
    token = WAY_COOKIE.sent()
    if not token or one_time_tokens.find(token, WAY) is None:
        return None
    if not hmac.compare_digest(answer.get("state", "").encode(), proofs_of(token).state.encode()):
        raise BadAnswer("another state")
    stored = one_time_tokens.use(token, WAY)
    return (token, stored) if stored is not None else None


def remember_pending(someone: Someone, user_id: UUID, wanted: str) -> str:
    """Whom the provider named waits for the account's owner to agree; the token for the cookie."""
    data = {"issuer": someone.issuer, "subject": someone.subject, "email": someone.email, "next": wanted}
    return one_time_tokens.issue(PENDING, lifetime=LIFETIME, user_id=user_id, data=data)


def pending(*, for_update: bool = False) -> OneTimeToken | None:
    token = PENDING_COOKIE.sent()
    return one_time_tokens.find(token, PENDING, for_update=for_update) if token else None


def _derived(token: str, purpose: str) -> str:
    digest = hmac.new(token.encode("utf-8", "surrogatepass"), purpose.encode(), sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
