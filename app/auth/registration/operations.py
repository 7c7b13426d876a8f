"""Registering. Accepting an invitation is in `acceptance.py`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from app.auth.accounts import operations as accounts
from app.auth.emails.operations import ask_to_confirm
from app.auth.passwords import hashing as passwords
from app.auth.passwords.hashing import Passwords
from app.auth.registration.errors import taken
from app.auth.registration.schemas import Registration
from app.core.audit import audit_as
from app.core.permissions import Role
from app.extensions import db
from app.identity.models import Client, User


@dataclass(frozen=True)
class _Newcomer:
    """Somebody who isn't anybody yet, as the audit names them."""

    username: str
    id: None = None


def register(values: Registration, *, hashing: Passwords) -> User:
    """Make a user, the owner of a company made with them, and mail a link that confirms the address.

    Raises UsernameTaken, EmailTaken, or Invalid for a weak password.
    """
    passwords.check_strength(values.password, username=values.username, email=values.email)
    password_hash = hashing.hash(values.password)
    actor = _Newcomer(values.username)
    with told_who_was_faster(values.username, values.email):
        audit_as(db.session, actor=actor, action="register")
        company = Client(name=values.company)
        db.session.add(company)
        db.session.flush()
        user = accounts.add_user(
            username=values.username,
            email=values.email,
            role=Role.CLIENT,
            password_hash=password_hash,
            client_id=company.id,
            actor=actor,
        )
    ask_to_confirm(user)
    return user


@contextmanager
def told_who_was_faster(username: str, email: str) -> Iterator[None]:
    """What the database refuses because somebody took the name or the address a moment ago is told as such."""
    try:
        with db.session.begin_nested():
            yield
    except IntegrityError as error:
        raise taken(error, username=username, email=email) or error from None
