"""Who calls. Whether they may is decided by the guard (`app/web/guards.py`) before any operation runs; what an
operation has to ask besides, it asks here."""

from functools import cached_property
from typing import Any

from flask import request

from app.core.errors import Refused, Unauthorized
from app.core.sides import Side
from app.identity.login import who
from app.identity.policy import can, side_of
from app.web import guards

_AUDIENCES = {
    audience.name: audience
    for audience in (
        guards.PUBLIC,
        guards.ENTRANCE,
        guards.SIGNED_IN,
        guards.PERSON,
        guards.OWNER,
        guards.STAFF,
        guards.ADMIN,
    )
}


def audience(allow: str) -> guards.Audience:
    """The audience that an operation declares: `public`, `signed-in`, …, or a permission such as `products:write`."""
    return _AUDIENCES.get(allow) or guards.permission(allow)


def has_credentials() -> bool:
    return "HTTP_AUTHORIZATION" in request.environ


def may(permission: str) -> bool:
    """Whether the caller has the permission; nobody has any without credentials."""
    return has_credentials() and who().is_authenticated and can(who(), permission)


def require_permission(permission: str) -> None:
    if may(permission):
        return
    if not has_credentials():
        raise Unauthorized("Sign in first, and send the access token as “Authorization: Bearer …”.")
    raise Refused("Your role doesn't allow this.")


def actor() -> Any:
    """The signed-in user, as operations take it."""
    return who()


class Caller:
    """The caller as the reader of an answer (`core/withheld.py`), looked up where a field is withheld from some."""

    @cached_property
    def side(self) -> Side:
        return side_of(who())


def caller() -> str:
    """Whose idempotency keys these are: a user's, or an address's for those who aren't signed in."""
    if has_credentials() and (person := who()).is_authenticated:
        return f"user:{person.get_id()}"
    return f"address:{request.remote_addr}"
