"""The second cookie: by it a member of staff is taken for the customer whom they look through."""

from collections.abc import Callable
from datetime import timedelta

from app.identity import policy
from app.identity.cache.store import Loaded
from app.identity.cookies import Cookie

PERMISSION = "seeing:write"
LONGEST = timedelta(minutes=30)
COOKIE = Cookie("seeing", LONGEST + timedelta(minutes=1))
"""The token of the look."""


def through(own: Loaded, find: Callable[[str], Loaded | None]) -> Loaded:
    """Who it is to be taken for: the customer, where the second cookie is good for that; else who they are themselves.

    `own` is whom the first cookie names; `find` knows the sign-in of a token.
    """
    token = COOKIE.sent()
    if not token or not policy.can(own.identity, PERMISSION):
        return own
    seen = find(token)
    impersonator = seen.identity.impersonator if seen else None
    return seen if seen and impersonator and impersonator.id == own.identity.id else own
