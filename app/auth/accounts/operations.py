"""What changes accounts and sign-ins."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from app.auth.errors import EmailTaken, LooksTaken, UsernameTaken
from app.auth.passwords import hashing as passwords
from app.auth.passwords.hashing import Passwords
from app.core.audit import Actor, audit_as
from app.core.clock import now
from app.core.permissions import Role
from app.extensions import db
from app.identity.confusables import skeletons_of
from app.identity.models import User


def create_user(
    *, username: str, email: str, password: str, role: Role, hashing: Passwords, actor: Actor, **more: Any
) -> User:
    """Make a user who can sign in at once; raises UsernameTaken, LooksTaken, EmailTaken, or Invalid for a weak
    password. `more` are the other arguments of `add_user`."""
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
    """Make a user whose password, if any, is hashed already; raises UsernameTaken, LooksTaken or EmailTaken.

    One of a company (`client_id`) has a `company_role`: `owner`, unless another is given.
    """
    _refuse_taken(username, email)
    audit_as(db.session, actor=actor, action="create")
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
    refuse_taken_name(username)
    if db.session.scalar(select(User.id).where(func.lower(User.email) == func.lower(email))) is not None:
        raise EmailTaken(email)


def refuse_taken_name(username: str, *, but: User | None = None) -> None:
    """Raise UsernameTaken or LooksTaken where somebody else has the name, or one that looks like it."""
    same = func.lower(User.username) == func.lower(username)
    query = select(same).where(or_(same, User.name_skeleton.in_(skeletons_of(username))))
    if but is not None:
        query = query.where(User.id != but.id)
    found = db.session.scalars(query).all()
    if found:
        raise UsernameTaken(username) if any(found) else LooksTaken
