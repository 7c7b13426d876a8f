"""Accepting an invitation: `operations.py` sends it."""

from app.auth.accounts.operations import refuse_taken_name
from app.auth.one_time_tokens import operations as one_time_tokens
from app.auth.one_time_tokens.models import OneTimeToken
from app.auth.passwords import hashing as passwords
from app.auth.passwords.hashing import Passwords
from app.auth.people.operations import INVITATION
from app.auth.registration.errors import BadLink
from app.auth.registration.operations import told_who_was_faster
from app.auth.registration.schemas import AcceptInput
from app.core.audit import audit_as
from app.core.clock import now
from app.extensions import db
from app.identity import queries as users
from app.identity.models import User


def find_invited(token: str) -> User:
    """Whom an invitation is for, while it is good. Raises BadLink."""
    stored = one_time_tokens.find(token, INVITATION)
    return _check(stored, stored.user if stored else None)


def accept_invitation(token: str, values: AcceptInput, *, hashing: Passwords) -> User:
    """Let an invited person in, under the name and the password of their choice; the address is proven by the link.

    Of two at once, one gets in. Raises BadLink, UsernameTaken, LooksTaken, or Invalid for a weak password; all but
    the first leave the link good.
    """
    user = find_invited(token)
    passwords.check_strength(values.password, username=values.username, email=user.email)
    password_hash = hashing.hash(values.password)
    user = users.get_user(user.id, for_update=True)
    _check(one_time_tokens.use(token, INVITATION), user)
    refuse_taken_name(values.username, but=user)
    with told_who_was_faster(values.username, user.email):
        audit_as(db.session, actor=user, action="accept-invitation")
        user.username, user.password_hash = values.username, password_hash
        user.status, user.email_confirmed_at = "active", now()
        db.session.flush()
    one_time_tokens.cancel(user.id, INVITATION)
    return user


def _check(stored: OneTimeToken | None, user: User | None) -> User:
    if stored is None or user is None or stored.user_id != user.id or user.status != "invited":
        raise BadLink
    if user.client is not None and user.client.status != "active":
        raise BadLink
    return user
