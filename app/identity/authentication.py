"""Who asks: by cookie in the portal, by `Authorization: Bearer` under /api, never by the one in place of the other."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import cast
from uuid import UUID

import structlog
from flask import Flask, Request, current_app, request
from flask.globals import app_ctx
from flask_login import current_user

from app.core.addresses import under_api
from app.core.audit import NamedActor
from app.core.clock import now
from app.core.database_login import database_login, direct_url
from app.core.tenancy import as_system
from app.extensions import db
from app.identity import impersonation, queries, sessions
from app.identity.access_tokens import AccessTokens
from app.identity.cache.invalidation import counters
from app.identity.cache.listener import Listener
from app.identity.cache.session_uses import Uses
from app.identity.cache.store import BEARER, COOKIE, IDENTITIES, REFUSED, IdentityCache, Loaded, bearer_token
from app.identity.cookies import Cookie
from app.identity.identities import Identity, Nobody, Owed, identity_of, identity_of_application
from app.identity.login import login_manager
from app.identity.models import User, UserSession
from app.identity.sessions import Device
from app.identity.signing_keys.keyring import KeyRing
from app.identity.tenancy import set_tenant_of
from config import Settings

log = structlog.get_logger(__name__)

SIGN_IN = Cookie("session", sessions.LONGEST)
"""The token by which a browser is known."""


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
    app.extensions["access_tokens"] = AccessTokens(KeyRing(counters(app)), settings.public_url)
    if settings.app_env != "testing" and not settings.is_command:
        switch_on(app)


def switch_on(app: Flask) -> IdentityCache:
    """Keep identities in memory, in this process and from its next request on."""
    login = database_login(app)
    listen = partial(login.connect, direct_url(app))
    tell = partial(login.connect, app.config["SQLALCHEMY_DATABASE_URI"])
    uses = app.extensions["session_uses"] = Uses()
    listener = Listener(listen, tell, counters(app), partial(uses.write, app))
    cache = app.extensions[IDENTITIES] = IdentityCache(counters(app), listener)
    return cache


def switch_off(app: Flask) -> None:
    app.extensions.pop("session_uses", None)
    cache: IdentityCache | None = app.extensions.pop(IDENTITIES, None)
    if cache is not None and cache.listener is not None:
        cache.listener.stop()


Duty = Callable[[User, UserSession], Owed | None]


def second_factor_duty(app: Flask, owed: Duty) -> None:
    """Let `owed` say what a sign-in lacks of a second factor."""
    app.extensions["second_factor_duty"] = owed


Loader = Callable[[str, Request], Identity | Loaded | None]
_loaders: dict[str, Loader] = {}


def access_tokens() -> AccessTokens:
    return cast("AccessTokens", current_app.extensions["access_tokens"])


def current_session() -> UserSession | None:
    """The sign-in that this request came under, to change it; what it says is in `current_user`."""
    session_id = current_user.session_id
    return db.session.get(UserSession, session_id) if session_id else None


def own_session() -> UserSession | None:
    """The portal sign-in that the browser itself has, also while it is taken for a customer's."""
    token = SIGN_IN.sent()
    found = queries.find_portal_session(token) if token else None
    return found.session if found and found.session.impersonator_id is None else None


def device() -> Device:
    """What the request comes from."""
    return Device(sessions.device_of(request.user_agent.string), request.remote_addr or "")


def bearer_loader(prefix: str, loader: Loader) -> None:
    """Let bearer tokens of another kind in: those that begin with `prefix` go to `loader(token, request)`.

    It is called as the system, and answers with an `Identity`, with a `Loaded` one that may be kept for later requests
    with the same token, or with None; it raises Unauthorized or TooManyRequests where there is more to say.
    """
    if _loaders.setdefault(prefix, loader) is not loader:
        raise ValueError(f"there are two kinds of tokens that begin with {prefix!r}")


def _user_of(asked: Request) -> Identity | None:
    environ = asked.environ
    if under_api(asked.path):
        kind, token = BEARER, bearer_token(environ.get("HTTP_AUTHORIZATION", ""))
    else:
        kind, token = COOKIE, asked.cookies.get(SIGN_IN.full_name) if "HTTP_COOKIE" in environ else None
    if not token:
        return None
    if (refused := environ.get(REFUSED)) is not None:
        raise refused
    cache: IdentityCache | None = app_ctx.app.extensions.get(IDENTITIES)
    # Most calls are a program's that has called before: they take the shortest way.
    found = cache.find(BEARER, token) if cache is not None and kind is BEARER else None
    if found is None or found.admit is not None:
        found = _look_up(kind, token, asked, cache)
    if found is None or (kind is BEARER and found.identity.impersonator is not None):
        return None
    set_tenant_of(found.identity)
    return found.identity


def _look_up(kind: bytes, token: str, asked: Request, cache: IdentityCache | None) -> Loaded | None:
    def find(of: str) -> Loaded | None:
        load = partial(_load, kind, of, asked)
        return load() if cache is None else cache.get(kind, of, load)

    with as_system("a token is looked up before it is known whose it is"):
        found = find(token)
        if found is not None and kind is COOKIE:
            found = impersonation.through(found, find) if found.identity.impersonator is None else None
        if found is not None and found.admit is not None:
            found.admit(asked.remote_addr or "")
    return found


def _load(kind: bytes, token: str, asked: Request) -> Loaded | None:
    if kind == COOKIE:
        found = queries.find_portal_session(token)
        return _loaded(found) if found else None
    for prefix, load in _loaders.items():
        if token.startswith(prefix):
            loaded = load(token, asked)
            return Loaded(loaded, until=now()) if isinstance(loaded, Identity) else loaded
    claims = access_tokens().read(token)
    found = queries.find_program_session(claims.session_id) if claims else None
    if found is None or claims is None or _subject_of(found) != claims.subject:
        return None
    return _loaded(found, until=datetime.fromtimestamp(claims.expires_at, UTC))


def _subject_of(found: queries.OpenSession) -> UUID | None:
    return found.session.user_id or found.session.application_id


def _loaded(found: queries.OpenSession, until: datetime | None = None) -> Loaded | None:
    session = found.session
    _note_use(session)
    if session.user is None:
        assert found.application is not None, "a sign-in is a user's or an application's"
        identity = identity_of_application(found.application, found.company, session)
    else:
        impersonator = found.impersonator
        duty: Duty = current_app.extensions["second_factor_duty"]
        owed = duty(session.user, session)
        if owed == Owed.PROOF:
            return None
        who = NamedActor(impersonator.username, impersonator.id) if impersonator else None
        identity = identity_of(session.user, session, who, must_add_factor=owed == Owed.FACTOR)
    return Loaded(identity, until=min(session.expires_at, until or session.expires_at))


def _note_use(session: UserSession) -> None:
    """Once a minute; where a thread is there for it, the request doesn't wait."""
    uses: Uses | None = current_app.extensions.get("session_uses")
    if uses is not None and sessions.use_is_due(session):
        uses.note(session.id)
    elif uses is None and sessions.note_use(session):
        db.session.commit()
