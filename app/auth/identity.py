"""Who asks: by cookie in the portal, by `Authorization: Bearer` under /api, never by the one in place of the other."""

from typing import cast

import structlog
from flask import Flask, Request, Response, current_app, g, request

from app.api.addresses import under_api
from app.auth import attempts, operations, queries, sessions
from app.auth.models import User, UserSession
from app.auth.passwords import CHEAP_HASHER, Passwords
from app.auth.person import Identity, Nobody, identity_of
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


def hashing() -> Passwords:
    return cast("Passwords", current_app.extensions["passwords"])


def access_tokens() -> AccessTokens:
    return cast("AccessTokens", current_app.extensions["access_tokens"])


def refresh_tokens() -> RefreshTokens:
    return cast("RefreshTokens", current_app.extensions["refresh_tokens"])


def current_session() -> UserSession | None:
    """The sign-in that this request came under."""
    return cast("UserSession | None", g.get("user_session"))


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


def _user_of(asked: Request) -> Identity | None:
    with as_system():
        session = _session_of_bearer(asked) if under_api() else _session_of_cookie(asked)
        if session is None or session.user is None:
            return None
        found = identity_of(session.user, session)
    g.user_session = session
    return found


def _session_of_cookie(asked: Request) -> UserSession | None:
    token = asked.cookies.get(cookie_name())
    session = queries.find_portal_session(token) if token else None
    if session is not None and operations.note_use(session):
        db.session.commit()
    return session


def _session_of_bearer(asked: Request) -> UserSession | None:
    scheme, _, token = asked.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() != "bearer":
        return None
    claims = access_tokens().read(token.strip())
    session = queries.find_api_session(claims.session_id) if claims else None
    return session if session and claims and session.user_id == claims.user_id else None
