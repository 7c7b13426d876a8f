"""How often somebody may try to sign in, whichever door is tried."""

from app.auth.models import User
from app.web import limits


def count_sign_in(name: str, user: User | None, address: str) -> None:
    """Count a try, before any password is looked at; raises TooManyRequests when there were too many.

    The account counts under its id, so that its name and its e-mail address are no two ways in.
    """
    limits.hit("sign-in-address", address)
    limits.hit("sign-in", str(user.id) if user is not None else name.casefold(), address)
