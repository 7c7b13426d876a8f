"""How often somebody may try to sign in, whichever door is tried."""

from app.auth.models import User
from app.web import limits

PER_ACCOUNT = 10
PER_ADDRESS = 30


def count_sign_in(name: str, user: User | None, address: str) -> None:
    """Count a try, before any password is looked at; raises the limit's error when there were too many this minute.

    The account counts under its id, so that its name and its e-mail address are no two ways in.
    """
    account = str(user.id) if user is not None else name.casefold()
    limits.hit("sign-in", address, limit=PER_ADDRESS, seconds=60)
    limits.hit("sign-in-account", f"{account} {address}", limit=PER_ACCOUNT, seconds=60)
