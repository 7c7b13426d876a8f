"""The second cookie: by it a member of staff is taken for the customer whom they look through."""

from collections.abc import Callable
from datetime import timedelta

from flask import Request, current_app, request
from werkzeug.wrappers import Response

from app.identity import policy
from app.identity.cache.store import Loaded

PERMISSION = "seeing:write"
LONGEST = timedelta(minutes=30)


def cookie_name() -> str:
    return "__Host-diglit_seeing" if _is_production() else "diglit_seeing"


def sent_with(asked: Request) -> str | None:
    """The token of the look that the browser holds, good or not."""
    return asked.cookies.get(cookie_name()) or None


def through(own: Loaded, asked: Request, find: Callable[[str], Loaded | None]) -> Loaded:
    """Who it is to be taken for: the customer, where the second cookie is good for that; else who they are themselves.

    `own` is whom the first cookie names; `find` knows the sign-in of a token.
    """
    token = sent_with(asked)
    if token is None or not policy.can(own.identity, PERMISSION):
        return own
    seen = find(token)
    impersonator = seen.identity.impersonator if seen else None
    return seen if seen and impersonator and impersonator.id == own.identity.id else own


def keep_cookie(answer: Response, token: str) -> None:
    answer.set_cookie(
        cookie_name(),
        token,
        max_age=int(LONGEST.total_seconds()) + 60,
        secure=_is_production(),
        httponly=True,
        samesite="Lax",
        path="/",
    )


def drop_cookie(answer: Response) -> None:
    """Let the browser forget the look that it holds, if any."""
    if sent_with(request) is None:
        return
    answer.delete_cookie(cookie_name(), secure=_is_production(), httponly=True, samesite="Lax", path="/")


def _is_production() -> bool:
    return bool(current_app.config["SETTINGS"].is_production)
