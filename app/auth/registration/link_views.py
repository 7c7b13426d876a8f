"""The token of a mailed link, on its way through the browser.

A link names the token in its address, for there is no other way. The page takes it out at once: it goes into a cookie
of that one page, and the browser is led on to the address without it. So no history, bookmark, screenshot or Referer
keeps a link that still works; our own log holds paths without their queries.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Response, redirect, request, url_for

from app.auth.brute_force import attempts
from app.auth.registration.errors import BadLink
from app.identity import authentication

LONGEST = 200
KEPT = 3600


def moved_token(endpoint: str) -> Response | None:
    """Where the address holds a token: the answer that leads on without it. None where it doesn't."""
    token = request.args.get("token")
    if token is None:
        return None
    answer: Response = redirect(url_for(endpoint), 303)  # type: ignore[assignment]
    answer.set_cookie(
        _cookie_name(),
        token if len(token) <= LONGEST and token.isascii() and token.isprintable() else "",
        max_age=KEPT,
        path=url_for(endpoint),
        secure=authentication.is_production(),
        httponly=True,
        # Lax, not Strict: the link is followed from a mail program, which is another site.
        samesite="Lax",
    )
    return answer


def sent_token() -> str:
    """The token that the browser brought along to this page; empty where there is none."""
    return request.cookies.get(_cookie_name(), "")


def drop_token(answer: Response, endpoint: str) -> Response:
    """Let the browser forget it: it has been used."""
    answer.delete_cookie(
        _cookie_name(), path=url_for(endpoint), secure=authentication.is_production(), httponly=True, samesite="Lax"
    )
    return answer


@contextmanager
def counted() -> Iterator[None]:
    """A link that doesn't work is counted as a guess. Raises TooManyRequests in its place when it is one too many."""
    try:
        yield
    except BadLink:
        attempts.count_secret("mailed-token", request.remote_addr or "")
        raise


def _cookie_name() -> str:
    return "__Secure-diglit_link" if authentication.is_production() else "diglit_link"
