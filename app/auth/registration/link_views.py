"""The token of a mailed link, on its way through the browser.

A link names the token in its address, for there is no other way. The page takes it out at once: it goes into a cookie
of that one page, and the browser is led on to the address without it. So no history, bookmark, screenshot or Referer
keeps a link that still works; our own log holds paths without their queries.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from flask import Response, redirect, request, url_for

from app.auth.brute_force import attempts
from app.auth.registration.errors import BadLink
from app.identity.cookies import Cookie

LONGEST = 200
COOKIE = Cookie("link", timedelta(hours=1), for_one_path=True)


def moved_token(endpoint: str) -> Response | None:
    """Where the address holds a token: the answer that leads on without it. None where it doesn't."""
    token = request.args.get("token")
    if token is None:
        return None
    answer: Response = redirect(url_for(endpoint), 303)  # type: ignore[assignment]
    is_one = len(token) <= LONGEST and token.isascii() and token.isprintable()
    COOKIE.keep(answer, token if is_one else "", path=url_for(endpoint))
    return answer


def sent_token() -> str:
    """The token that the browser brought along to this page; empty where there is none."""
    return COOKIE.sent()


def drop_token(answer: Response, endpoint: str) -> Response:
    """Let the browser forget it: it has been used."""
    COOKIE.keep(answer, "", path=url_for(endpoint))
    return answer


@contextmanager
def counted() -> Iterator[None]:
    """A link that doesn't work is counted as a guess. Raises TooManyRequests in its place when it is one too many."""
    try:
        yield
    except BadLink:
        attempts.count_secret("mailed-token", request.remote_addr or "")
        raise
