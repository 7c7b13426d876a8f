"""What changes accounts and sign-ins."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update

from app.auth import passwords, sessions
from app.auth.errors import AccountSuspended, EmailTaken, UsernameTaken, WrongCredentials
from app.auth.models import User, UserSession
from app.auth.passwords import Passwords
from app.core.audit import Actor, attribute
from app.core.clock import now
from app.core.permissions import Role
from app.extensions import db

KEPT_AFTER_END = timedelta(days=30)


@dataclass(frozen=True)
class Device:
    """What somebody signs in with."""

    name: str
    address: str


@dataclass(frozen=True)
class SignIn:
    session: UserSession
    token: str
    """What the browser keeps; the database doesn't know it."""


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
        attribute(db.session, actor=user, action="rehash-password")
        user.password_hash = hashing.hash(password)
        db.session.flush()
    return user


def start_session(user: User, *, kind: str, device: Device) -> SignIn:
    """Begin a sign-in of `kind` `portal` or `api`; what ended long ago is swept away."""
    token = sessions.new_token()
    started = now()
    session = UserSession(
        user=user,
        kind=kind,
        token_hash=sessions.hash_of(token) if kind == "portal" else None,
        device=device.name,
        address=device.address,
        created_at=started,
        last_used_at=started,
        expires_at=started + sessions.LONGEST,
    )
    over = started - KEPT_AFTER_END
    stale = or_(UserSession.ended_at < over, UserSession.expires_at < over)
    db.session.execute(delete(UserSession).where(UserSession.user_id == user.id, stale))
    db.session.add(session)
    db.session.flush()
    return SignIn(session, token)


def end_session(session_id: UUID) -> None:
    """End a sign-in: its cookie and its tokens open nothing from now on. Ending it again changes nothing."""
    open_one = update(UserSession).where(UserSession.id == session_id, UserSession.ended_at.is_(None))
    db.session.execute(open_one.values(ended_at=now()))


def note_use(session: UserSession) -> bool:
    """Note that the sign-in is in use, once a minute at most; tells whether anything was written."""
    if session.last_used_at > now() - sessions.USE_NOTED_EVERY:
        return False
    session.last_used_at = now()
    db.session.flush()
    return True


def create_user(
    *, username: str, email: str, password: str, role: Role, hashing: Passwords, actor: Actor, **more: Any
) -> User:
    """Make a user who can sign in at once; raises UsernameTaken, EmailTaken, or Invalid for a weak password. `more` are
    the other arguments of `add_user`."""
    passwords.check_strength(password, username=username, email=email)
    password_hash = hashing.hash(password)
    return add_user(username=username, email=email, role=role, password_hash=password_hash, actor=actor, **more)


def add_user(
    *,
    username: str,
    email: str,
    role: Role,
    password_hash: str | None,
    actor: Actor,
    client_id: UUID | None = None,
    company_role: str | None = None,
    status: str = "active",
    email_is_confirmed: bool = False,
) -> User:
    """Make a user whose password, if any, is hashed already; raises UsernameTaken or EmailTaken.

    One of a company (`client_id`) has a `company_role`: `owner`, unless another is given.
    """
    _refuse_taken(username, email)
    attribute(db.session, actor=actor, action="create")
    user = User(
        username=username,
        email=email,
        role=role.value,
        client_id=client_id,
        company_role=company_role or ("owner" if role == Role.CLIENT else None),
        password_hash=password_hash,
        status=status,
        email_confirmed_at=now() if email_is_confirmed else None,
    )
    db.session.add(user)
    db.session.flush()
    return user


def _refuse_taken(username: str, email: str) -> None:
    same_name, same_email = (
        func.lower(User.username) == func.lower(username),
        func.lower(User.email) == func.lower(email),
    )
    for name_is_taken in db.session.scalars(select(same_name).where(or_(same_name, same_email))):
        raise UsernameTaken(username) if name_is_taken else EmailTaken(email)
