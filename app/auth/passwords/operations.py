"""The password: changing it, and choosing a new one when it is forgotten. A new one ends all other sign-ins."""

from base64 import b64decode, b64encode
from datetime import timedelta
from uuid import UUID

from app.auth.errors import AccountSuspended, WrongCredentials
from app.auth.one_time_tokens import operations as one_time_tokens
from app.auth.one_time_tokens.models import OneTimeToken
from app.auth.passwords import hashing as passwords
from app.auth.passwords.hashing import Passwords
from app.auth.registration.errors import BadLink, HasPassword, SamePassword, WrongPassword
from app.core.addresses import path_of
from app.core.audit import audit_as
from app.core.clock import now
from app.core.events import publish
from app.core.sealing import seals
from app.extensions import db
from app.identity import queries as users
from app.identity import sessions
from app.identity.models import User
from app.jobs.queue import enqueue

RESET = "reset-password"
LIFETIME = timedelta(hours=1)
START = "accounts.start_reset"
ADDRESS = "forgotten"


def change_password(user_id: UUID, current: str, new: str, *, keep: UUID | None, hashing: Passwords) -> User:
    """Set another password; the sign-in `keep` goes on. One Argon2id checks, one hashes.

    Raises WrongPassword, or Invalid for a weak one.
    """
    user = users.get_user(user_id, for_update=True)
    passwords.check_strength(new, username=user.username, email=user.email, pointer="/new")
    if not hashing.is_right(current, user.password_hash):
        raise WrongPassword
    if new == current:
        raise SamePassword
    _set(user, hashing.hash(new), action="change-password", keep=keep)
    return user


def set_first_password(user_id: UUID, new: str, *, keep: UUID | None, hashing: Passwords) -> User:
    """Give a password to somebody who has none; the caller has made sure that it is them. Raises HasPassword."""
    user = users.get_user(user_id, for_update=True)
    if user.password_hash is not None:
        raise HasPassword
    passwords.check_strength(new, username=user.username, email=user.email, pointer="/new")
    _set(user, hashing.hash(new), action="change-password", keep=keep)
    return user


def start_reset(user: User) -> None:
    """Mail a link by which the user chooses a new password."""
    token = one_time_tokens.issue(RESET, lifetime=LIFETIME, user_id=user.id, state=_state_of(user))
    link = path_of("registration.reset_password", token=token)
    publish("user.password_reset_requested", about=user, actor=None, secret=link)


def find_reset(token: str) -> User:
    """Whose password the link is for, while it is good. Raises BadLink."""
    stored = one_time_tokens.find(token, RESET)
    return _check(stored, stored.user if stored else None)


def reset_password(token: str, password: str, *, hashing: Passwords) -> User:
    """Take the mailed link and set the password. The address is proven by that; a second factor stays as it is.

    Of many at once, one wins. Raises BadLink, or Invalid for a weak password, which leaves the link good.
    """
    user = find_reset(token)
    passwords.check_strength(password, username=user.username, email=user.email)
    password_hash = hashing.hash(password)
    # The user is locked first, as everywhere: whoever suspends one takes the one-time tokens afterwards.
    user = users.get_user(user.id, for_update=True)
    _check(one_time_tokens.use(token, RESET), user)
    audit_as(db.session, actor=user, action="reset-password")
    user.email_confirmed_at = user.email_confirmed_at or now()
    _set(user, password_hash, action="reset-password", keep=None)
    return user


def _set(user: User, password_hash: str, *, action: str, keep: UUID | None) -> None:
    audit_as(db.session, actor=user, action=action)
    user.password_hash = password_hash
    db.session.flush()
    sessions.end_other_sessions(user.id, keep=keep, reason="password")
    one_time_tokens.cancel(user.id, RESET)
    publish("user.password_changed", about=user, actor=user)


def _check(stored: OneTimeToken | None, user: User | None) -> User:
    if stored is None or user is None or stored.user_id != user.id or stored.state != _state_of(user):
        raise BadLink
    if not user.is_active or (user.client is not None and user.client.status != "active"):
        raise BadLink
    return user


def _state_of(user: User) -> bytes:
    return one_time_tokens.digest_of(user.id, user.email, user.password_hash)


def check_password(user: User | None, password: str, *, hashing: Passwords) -> User:
    """The user, when that is the password; raises WrongCredentials, alike in look and work for an unknown user.

    A password that was hashed at another cost than today's is hashed again.
    """
    known = user.password_hash if user is not None else None
    if not hashing.is_right(password, known) or user is None or known is None:
        raise WrongCredentials
    if not user.is_active or (user.client is not None and user.client.status != "active"):
        raise AccountSuspended
    if hashing.is_outdated(known):
        audit_as(db.session, actor=user, action="rehash-password")
        user.password_hash = hashing.hash(password)
        db.session.flush()
    return user


def ask_for_reset(email: str) -> None:
    """Queue the job that mails a link, if there is such an account. What the request does is the same whether there is
    or not: the address stands sealed in the job, which finds out."""
    enqueue(db.session, START, secret_address=b64encode(seals().seal(email.encode(), ADDRESS)).decode())


def opened(secret_address: str) -> str:
    """The address that the job is about."""
    return seals().open(b64decode(secret_address), ADDRESS).decode()
