"""How every sign-in ends, whichever door it came by: what is asked besides the first proof, and the session.

A door (password, provider, mailed link) calls `begin_sign_in` once its proof is given; pages call `flow_views.enter`,
which does so and answers. Who has an authenticator app on is asked for a second factor; whoever must have a second
factor (`mfa.policy`) is asked for a passkey too, where that is all there is. A passkey that its owner unlocked
(`user verification`) is two factors already: something they have, and what they know or are.
"""

from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import select

from app.auth.brute_force import attempts
from app.auth.errors import AccountSuspended
from app.auth.mfa import policy as mfa_policy
from app.auth.mfa import queries as mfa
from app.auth.one_time_tokens import operations as one_time_tokens
from app.auth.one_time_tokens.models import OneTimeToken
from app.auth.passwords import operations as passwords
from app.auth.passwords.hashing import password_hasher
from app.core.errors import Unauthorized
from app.extensions import db
from app.identity import queries as users
from app.identity import sessions
from app.identity.models import User
from app.identity.sessions import Device, SignIn

log = structlog.get_logger(__name__)

PURPOSE = "second-factor"
LIFETIME = timedelta(minutes=10)
MOST_WRONG = 5
"""So many wrong answers end a half-done sign-in; it begins again with the first proof."""


@dataclass(frozen=True)
class Started:
    """The sign-in is done."""

    sign_in: SignIn


@dataclass(frozen=True)
class NeedsSecondFactor:
    """The sign-in is half done. `ways` are of `otp`, `recovery-code` and `passkey`."""

    ways: tuple[str, ...]


def begin_sign_in(
    user: User, *, methods: tuple[str, ...], device: Device, kind: str = "portal", keep_browser: bool = True
) -> Started | NeedsSecondFactor:
    """Go on with a sign-in whose first proof is given, by `methods` (`password`, `provider`, `link`, `passkey`).

    Raises AccountSuspended. Starts the session, or says what is needed besides. `keep_browser=False` is for programs
    that keep no cookies.
    """
    refuse_suspended(user)
    ways = () if mfa_policy.has_second_factor(methods) else ways_of(user)
    if ways:
        return NeedsSecondFactor(ways)
    return Started(start(user, methods=methods, device=device, kind=kind, keep_browser=keep_browser))


def start(user: User, *, methods: tuple[str, ...], device: Device, kind: str, keep_browser: bool = True) -> SignIn:
    """Begin the session of a sign-in that has been proved in full."""
    attempts.remember_browser(user, keep=keep_browser)
    started = sessions.start_session(user, kind=kind, device=device, methods=methods)
    log.info("signed in", user_id=str(user.id), session_id=str(started.session.id), methods=list(methods))
    return started


def ways_of(user: User) -> tuple[str, ...]:
    """By what the user proves to be it a second time; none where the first proof is enough."""
    ways: tuple[str, ...] = ("otp", "recovery-code") if mfa.app_is_on(user.id) else ()
    if (ways or mfa_policy.is_obliged(user)) and mfa.has_passkey(user.id):
        ways += ("passkey",)
    return ways


def refuse_suspended(user: User) -> None:
    """Raise AccountSuspended where the user, or the user's company, may not come in."""
    if not user.is_active or (user.client is not None and user.client.status != "active"):
        raise AccountSuspended


def remember_first_proof(user: User, methods: tuple[str, ...]) -> str:
    """A token for a half-done sign-in, which the browser keeps for ten minutes."""
    data = {"methods": list(methods), "wrong": 0}
    return one_time_tokens.issue(PURPOSE, lifetime=LIFETIME, user_id=user.id, state=_state_of(user), data=data)


def find_first_proof(token: str, *, for_update: bool = False) -> OneTimeToken | None:
    """The half-done sign-in of that token, unless it has ended: late, used, a new password since, a suspension.

    `for_update` holds it, so that of two answers one is judged after the other.
    """
    stored = one_time_tokens.find(token, PURPOSE, for_update=for_update)
    if stored is None:
        return None
    user = db.session.scalar(select(User).where(User.id == stored.user_id).execution_options(populate_existing=True))
    if user is None or stored.state != _state_of(user) or not user.is_active:
        return None
    return stored


def end_first_proof(stored: OneTimeToken) -> None:
    """Let a half-done sign-in that is held be done: it is good for no second one."""
    one_time_tokens.end(stored)


def count_wrong(stored: OneTimeToken) -> int:
    """Note a wrong answer; how many more the half-done sign-in bears. The caller commits."""
    wrong = int(stored.data.get("wrong", 0)) + 1
    stored.data = {**stored.data, "wrong": wrong}
    if wrong >= MOST_WRONG:
        one_time_tokens.end(stored)
    db.session.flush()
    return max(0, MOST_WRONG - wrong)


def _state_of(user: User) -> bytes:
    return one_time_tokens.digest_of(user.password_hash)


def identify(name: str, password: str, *, address: str) -> User:
    """The user of that name or e-mail address and password. Raises TooManyRequests before any password is looked at,
    and WrongCredentials or AccountSuspended."""
    user = users.find_user(name)
    attempt = attempts.count_sign_in(name, user, address)
    try:
        found = passwords.check_password(user, password, hashing=password_hasher())
    except Unauthorized as error:
        log.info("sign-in refused", reason=error.code, user_id=str(user.id) if user else None)
        raise
    attempt.succeeded()
    return found
