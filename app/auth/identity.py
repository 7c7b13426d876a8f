"""Who asks: by cookie in the portal, by `Authorization: Bearer` under /api, and never by the one in the other's place."""

from typing import cast

from flask import Flask, Request, Response, current_app, g, request

from app.api.addresses import under_api
from app.auth import operations, queries, sessions
from app.auth.models import User, UserSession
from app.auth.passwords import CHEAP_HASHER, Passwords
from app.auth.tokens import AccessTokens, derived_key
from app.extensions import db, login_manager
from config import Settings


class Nobody:
    """The current user where nobody has signed in."""

    id = None
    username = "anonymous"
    email = ""
    role = None
    client = client_id = None
    timezone = theme = None
    is_authenticated = is_active = False
    is_anonymous = True

    def get_id(self) -> None:
        return None


def init_app(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]
    app.config.update(
        SESSION_COOKIE_NAME="diglit_form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_production,
    )
    login_manager.anonymous_user = Nobody
    login_manager.request_loader(_user_of)
    app.extensions["passwords"] = Passwords(CHEAP_HASHER) if settings.app_env == "testing" else Passwords()
    app.extensions["access_tokens"] = AccessTokens(derived_key(settings.secret_key, "access-tokens"))


def hashing() -> Passwords:
    return cast("Passwords", current_app.extensions["passwords"])


def access_tokens() -> AccessTokens:
    return cast("AccessTokens", current_app.extensions["access_tokens"])


def current_session() -> UserSession | None:
    """The sign-in that this request came under."""
    return cast("UserSession | None", g.get("user_session"))


def device() -> operations.Device:
    """What the request comes from."""
    return operations.Device(sessions.device_of(request.user_agent.string), request.remote_addr or "")


def cookie_name() -> str:
    """In production the name binds the cookie to this host, to HTTPS and to no sub-path."""
    return "__Host-diglit_session" if _is_production() else "diglit_session"


def keep_cookie(response: Response, token: str) -> None:
    """Let the browser know its sign-in by `token`."""
    response.set_cookie(
        cookie_name(),
        token,
        max_age=int(sessions.LONGEST.total_seconds()),
        secure=_is_production(),
        httponly=True,
        samesite="Lax",
        path="/",
    )


def drop_cookie(response: Response) -> None:
    response.delete_cookie(cookie_name(), secure=_is_production(), httponly=True, samesite="Lax", path="/")


def _is_production() -> bool:
    return cast("Settings", current_app.config["SETTINGS"]).is_production


def _user_of(asked: Request) -> User | None:
    session = _session_of_bearer(asked) if under_api() else _session_of_cookie(asked)
    if session is None:
        return None
    g.user_session = session
    return session.user


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
    return queries.find_api_session(claims.session_id, claims.user_id) if claims else None
