"""Passwords: how they are hashed, and which are refused.

One Argon2id hash takes about 105 ms on the two-core machine where this was tuned (`python -m
app.auth.passwords.hashing` measures it here). A password that was hashed at another cost is hashed again at the next
sign-in.
"""

import unicodedata
from threading import BoundedSemaphore
from typing import cast

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app

from app.auth.passwords.common import is_common
from app.core.errors import Invalid

MIN_LENGTH = 12
MAX_LENGTH = 1024

HASHER = PasswordHasher(time_cost=3, memory_cost=46 * 1024, parallelism=1)
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""For tests alone, which sign in hundreds of times."""

AT_ONCE = 2
"""How many hashes a process works on at once. The others wait, so that a rush of sign-ins takes 2 x 46 MiB, not 32."""


class Passwords:
    """Hashes and checks passwords. `is_right` takes as long for somebody who doesn't exist as for somebody who does."""

    def __init__(self, hasher: PasswordHasher = HASHER) -> None:
        self._hasher = hasher
        self._turn = BoundedSemaphore(AT_ONCE)

    def hash(self, password: str) -> str:
        with self._turn:
            return self._hasher.hash(_canonical(password))

    def is_right(self, password: str, password_hash: str | None) -> bool:
        """Whether it is the password of that hash; without one, the same work is done for a plain no."""
        if password_hash is None:
            self.hash(password)
            return False
        try:
            with self._turn:
                return self._hasher.verify(password_hash, _canonical(password))
        except (VerificationError, InvalidHashError):
            return False

    def is_outdated(self, password_hash: str) -> bool:
        return self._hasher.check_needs_rehash(password_hash)


def _canonical(password: str) -> bytes:
    """The same bytes for the same characters, whichever way the keyboard composed them."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


class WeakPassword(Invalid):
    """Which rule it breaks is the code of the field's error."""


def check_strength(password: str, *, username: str, email: str, pointer: str = "/password") -> None:
    """Raise WeakPassword for a password that is short, common, or says who its owner is."""
    problem = _weakness(password, username, email)
    if problem is not None:
        code, message = problem
        raise WeakPassword(message, at=pointer, wrong=code)


def _weakness(password: str, username: str, email: str) -> tuple[str, str] | None:
    if len(password) < MIN_LENGTH:
        return "password_too_short", f"Use {MIN_LENGTH} characters or more; a few unrelated words are easy to remember."
    if len(password) > MAX_LENGTH:
        return "password_too_long", f"Use {MAX_LENGTH} characters at most."
    if is_common(password):
        return (
            "password_common",
            "This is one of the passwords that are tried first. Choose one that nobody would guess.",
        )
    if _names_its_owner(password.casefold(), username.casefold(), email.casefold()):
        return "password_is_name", "Choose a password that isn't made of your user name or e-mail address."
    return None


def _names_its_owner(password: str, username: str, email: str) -> bool:
    """The name with a few characters around it is no secret; a long sentence that mentions it may be."""
    names = (username, email, email.partition("@")[0])
    return any(len(name) >= 4 and name in password and len(password) - len(name) < 6 for name in names)


def password_hasher() -> Passwords:
    """How this application hashes passwords."""
    return cast("Passwords", current_app.extensions["passwords"])


if __name__ == "__main__":
    from timeit import repeat

    times = repeat(lambda: HASHER.hash("correct horse"), number=1, repeat=9)
    print(f"one Argon2id hash: {sorted(times)[4] * 1000:.0f} ms")  # noqa: T201
