"""Who asks: by cookie in the portal, by `Authorization: Bearer` under /api, never by the one in place of the other."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

import structlog
from flask import Flask, Request, Response, current_app, request
from flask_login import current_user

from app.api.addresses import under_api
from app.auth import attempts, operations, queries, sessions
from app.auth.models import User, UserSession
from app.auth.passwords import CHEAP_HASHER, Passwords
from app.auth.person import Identity, Nobody, Who, identity_of, identity_of_application
from app.auth.refreshing import RefreshTokens
from app.auth.tokens import AccessTokens
from app.core.errors import Unauthorized
from app.core.sealing import derived_key
from app.core.standing import as_system
from app.extensions import db, login_manager
from config import Settings

log = structlog.get_logger(__name__)


def init_app(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]
    app.config.update(
        SESSION_COOKIE_NAME="__Host-diglit_form" if settings.is_production else "diglit_form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_production,
    )
    login_manager.anonymous_user = Nobody
    login_manager.request_loader(_user_of)
    app.extensions["passwords"] = Passwords(CHEAP_HASHER) if settings.app_env == "testing" else Passwords()
    app.extensions["refresh_tokens"] = RefreshTokens(derived_key(settings.secret_key, "refresh-tokens"))
    app.extensions["access_tokens"] = AccessTokens(derived_key(settings.secret_key, "access-tokens"))


@dataclass(frozen=True)
class Loaded:
    """An identity that may be kept for the next requests with the same token, on these terms."""

    identity: Identity
    until: datetime | None = None
    """When it is over by itself."""
    admit: Callable[[str], None] | None = None
    """Called at every request with the caller's address; raises what the caller is to hear if that one may not."""


Loader = Callable[[str, Request], Identity | Loaded | None]
_loaders: dict[str, Loader] = {}


def hashing() -> Passwords:
    return cast("Passwords", current_app.extensions["passwords"])


def access_tokens() -> AccessTokens:
    return cast("AccessTokens", current_app.extensions["access_tokens"])


def refresh_tokens() -> RefreshTokens:
    return cast("RefreshTokens", current_app.extensions["refresh_tokens"])


def current_session() -> UserSession | None:
    """The sign-in that this request came under, to change it; what it says is in `current_user`."""
    session_id = current_user.session_id
    return db.session.get(UserSession, session_id) if session_id else None


def identify(name: str, password: str) -> User:
    """The user of that name or e-mail address and password. Raises TooManyRequests before any password is looked at,
    and WrongCredentials or AccountSuspended."""
    user = queries.find_user(name)
    attempts.count_sign_in(name, user, request.remote_addr or "")
    try:
        return operations.check_password(user, password, hashing=hashing())
    except Unauthorized as error:
        log.info("sign-in refused", reason=error.code, user_id=str(user.id) if user else None)
        raise


def device() -> operations.Device:
    """What the request comes from."""
    return operations.Device(sessions.device_of(request.user_agent.string), request.remote_addr or "")


def cookie_name() -> str:
    """In production the name binds the cookie to this host, to HTTPS and to no sub-path."""
    return "__Host-diglit_session" if is_production() else "diglit_session"


def keep_cookie(response: Response, token: str) -> None:
    """Let the browser know its sign-in by `token`."""
    response.set_cookie(
        cookie_name(),
        token,
        max_age=int(sessions.LONGEST.total_seconds()),
        secure=is_production(),
        httponly=True,
        samesite="Lax",
        path="/",
    )


def drop_cookie(response: Response) -> None:
    response.delete_cookie(cookie_name(), secure=is_production(), httponly=True, samesite="Lax", path="/")


def is_production() -> bool:
    return cast("Settings", current_app.config["SETTINGS"]).is_production


def bearer_loader(prefix: str, loader: Loader) -> None:
    """Let bearer tokens of another kind in: those that begin with `prefix` go to `loader(token, request)`.

    It is called as the system, and answers with an `Identity`, with a `Loaded` one that may be kept for later requests
    with the same token, or with None; it raises Unauthorized or TooManyRequests where there is more to say.
    """
    if _loaders.setdefault(prefix, loader) is not loader:
        raise ValueError(f"there are two kinds of tokens that begin with {prefix!r}")


def _user_of(asked: Request) -> Identity | None:
    with as_system():
        found = _of_bearer(asked) if under_api() else _of_cookie(asked)
    return found.identity if found else None


def _of_cookie(asked: Request) -> Loaded | None:
    token = asked.cookies.get(cookie_name())
    found = queries.find_portal_session(token) if token else None
    return _loaded(found) if found else None


def _of_bearer(asked: Request) -> Loaded | None:
    scheme, _, token = asked.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() != "bearer":
        return None
    token = token.strip()
    for prefix, load in _loaders.items():
        if token.startswith(prefix):
            loaded = load(token, asked)
            return Loaded(loaded) if isinstance(loaded, Identity) else loaded
    claims = access_tokens().read(token)
    found = queries.find_program_session(claims.session_id) if claims else None
    return _loaded(found) if found and claims and _subject_of(found) == claims.subject else None


def _subject_of(found: queries.OpenSession) -> UUID | None:
    return found.session.user_id or found.session.application_id


def _loaded(found: queries.OpenSession) -> Loaded:
    session = found.session
    if operations.note_use(session):
        db.session.commit()
    if session.user is None:
        assert found.application is not None, "a sign-in is a user's or an application's"
        identity = identity_of_application(found.application, found.company, session)
    else:
        onlooker = found.impersonator
        identity = identity_of(session.user, session, Who(onlooker.id, onlooker.username) if onlooker else None)
    return Loaded(identity, until=session.expires_at)
