"""How often somebody may guess, at whichever door.

| counted by | doors | what | limit |
| --- | --- | --- | --- |
| `count_sign_in` | sign-in by password, step-up, current password | an account and address | 10 a minute |
| | | an address | 30 a minute |
| | | wrong ones at an account, of all strangers | 60 an hour, then 1 a minute |
| | | | 200 a day, then 4 an hour |
| | the same in a known browser | that browser at that account | 10 a minute |
| | | wrong ones since the last right one | 30 a day, then it is a stranger |
| `count_otp` | one-time codes | wrong ones of an account and address, or known browser | 5 in 5 minutes |
| | | of an account from all strangers; of a known browser | 20 a day, 100 in 30 days |
| `count_secret` | API keys, client secrets, mailed tokens, recovery codes | wrong ones of an address | 30 a minute |
| `count_registration` | registration | an address | 20 an hour |
| `may_ask_for_reset` | asking for a reset; the answer stays the same | an account | 5 an hour |
| | | an address | 60 an hour |
| `count_refresh` | refreshing | an address | 60 a minute |

What follows from it. *Passwords:* strangers have at most 200 tries at an account before the day's bound, and 96 a
day after it, some 9,000 a month over all addresses that they may own; none of them can be a common password.
*Codes:* three of a million 6-digit codes are good at any moment, so that 100 wrong ones a month find one with a chance
of 3 in 10,000, and that only for somebody who knows the password. *Secrets* have 256 random bits (recovery codes, which
need the password besides, 50): the count keeps the noise down, and a right one is never refused for wrong ones.

The owner is not locked out by any of it: wrong tries of strangers count neither against a known browser (a random token
in a cookie, for 400 days, see `known_browsers.py`), nor against a passkey, nor against a mailed link: a new password
by one makes the browser known, and begins the counts of strangers anew. A try that is refused for being one too many
prolongs nothing.

A name that nobody has is counted exactly as one that somebody has. An address is IPv4, or the /64 of IPv6 that one
subscriber has to oneself (RFC 6177).
"""

from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address
from uuid import UUID

from flask import request

from app.auth.brute_force import known_browsers
from app.identity.models import User
from app.web import limits
from app.web.limits import TooManyRequests

Window = tuple[str, ...]
"""A limit's name, and whose it is."""

UNKNOWN_NAMES = 1 << 14
"""How many counters all names that nobody has share, so that inventing names can't push out those of accounts."""


@dataclass(frozen=True)
class Attempt:
    """A try that is counted as wrong until somebody says that it was right."""

    counted: tuple[Window, ...] = ()
    outlived: tuple[Window, ...] = ()

    def succeeded(self) -> None:
        """It was right: it is no wrong one, and the earlier wrong ones of this browser are forgotten."""
        for window in self.counted:
            limits.give_back(*window)
        for window in self.outlived:
            limits.clear(*window)


def count_sign_in(name: str, user: User | None, address: str) -> Attempt:
    """Count a try with a password, before it is looked at; raises TooManyRequests when there were too many.

    It counts as wrong until `succeeded` is called, so that a thousand at the same moment are no way around. The account
    counts under its id, so that its name and its e-mail address are no two ways in.
    """
    account = str(user.id) if user is not None else name.casefold()
    browser = known_browsers.known_to(user.id if user is not None else None)
    if browser is not None and _is_trusted(account, browser):
        limits.hit("sign-in-browser", account, browser)
        lately = ("browser-failures-day", account, browser)
        return _count(lately, outlived=(lately,))
    network = network_of(address)
    limits.hit("sign-in-address", network)
    limits.hit("sign-in", account, network)
    return _count_stranger(account if user is not None else _shared(account))


def count_otp(user_id: UUID, address: str) -> Attempt:
    """Count a one-time code of 6 digits, before it is looked at; raises TooManyRequests. It counts as wrong until
    `succeeded` is called.

    A recovery code is no such code: it is counted by `count_secret`, and stays good where codes are refused.
    """
    account, browser = str(user_id), known_browsers.known_to(user_id)
    place = f"browser:{browser}" if browser else f"address:{network_of(address)}"
    whom = (account, browser) if browser else (account, "strangers")
    short = ("otp", account, place)
    long = (("otp-failures-day", *whom), ("otp-failures-month", *whom))
    return _count(short, *long, outlived=(short, *long) if browser else (short,))


def count_secret(kind: str, address: str) -> None:
    """Count a secret that was wrong; raises TooManyRequests in place of the caller's own error when it is one too many.

    `kind` says what it was to be: `api-key`, `client-secret`, `mailed-token`, `recovery-code`.
    """
    limits.hit("wrong-secret", kind, network_of(address))


def count_registration(address: str) -> None:
    """Count a registration; raises TooManyRequests."""
    limits.hit("registration", network_of(address))


def count_refresh(address: str) -> None:
    """Count a refreshing; raises TooManyRequests."""
    limits.hit("refresh", address)


def may_ask_for_reset(email: str, address: str) -> bool:
    """Count somebody's asking for a reset; False when it is one too many, which the answer must not show."""
    from_here = limits.allows("reset-address", network_of(address))
    for_account = limits.allows("reset", email.casefold())
    return from_here and for_account


def remember_browser(user: User, *, keep: bool = True) -> None:
    """The whole sign-in has succeeded: know this browser from now on, and tell the owner if it wasn't known.

    Call it just before the session is started, in the same transaction. The cookie goes with the answer to this
    request; `keep=False` is for programs that keep none (`"token_delivery": "body"`).
    """
    browser = known_browsers.remember(user, keep=keep)
    standing = limits.look("sign-in", str(user.id), network_of(request.remote_addr or "")) if browser else None
    if browser is not None and standing is not None:
        # What it has used of this minute as a stranger, it has used as one that is known.
        limits.allows("sign-in-browser", str(user.id), browser, cost=standing.limit - standing.remaining)


def trust_browser(user: User) -> None:
    """Know this browser from now on without a word: its owner has chosen a new password in it, by a mailed link."""
    known_browsers.trust(user)
    forget_guesses(user.id)


def forget_guesses(user_id: UUID) -> None:
    """The password is new: what strangers tried at the old one, and codes that they tried with it, count no more."""
    for window in ("failures-hour", "failures-day"):
        limits.clear(window, str(user_id))
    for window in ("otp-failures-day", "otp-failures-month"):
        limits.clear(window, str(user_id), "strangers")


def network_of(address: str) -> str:
    """What of the address stands for one who guesses: IPv4 as it is, IPv6 by its /64."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"


def _is_trusted(account: str, browser: str) -> bool:
    """Whether no more than a person's typing errors came from the browser since its last sign-in."""
    standing = limits.look("browser-failures-day", account, browser)
    return standing is None or standing.allowed


def _count_stranger(account: str) -> Attempt:
    """Count a try of somebody whose browser isn't known. Past a bound, all strangers together go at a slow pace."""
    counted: list[Window] = []
    for bound, pace in (("failures-hour", "sign-in-slow"), ("failures-day", "sign-in-slower")):
        try:
            limits.take(bound, account)
            counted.append((bound, account))
        except TooManyRequests:
            _take((pace, account), counted)
    return Attempt(tuple(counted))


def _count(*windows: Window, outlived: tuple[Window, ...] = ()) -> Attempt:
    counted: list[Window] = []
    for window in windows:
        _take(window, counted)
    return Attempt(tuple(counted), outlived)


def _take(window: Window, counted: list[Window]) -> None:
    """Count one more; or take back what this try has counted so far, and raise TooManyRequests."""
    try:
        limits.take(*window)
    except TooManyRequests:
        for earlier in counted:
            limits.give_back(*earlier)
        raise
    counted.append(window)


def _shared(name: str) -> str:
    digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return f"unknown:{int.from_bytes(digest, 'big') % UNKNOWN_NAMES}"
