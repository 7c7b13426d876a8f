"""The e-mail address: confirming it, and changing it."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.auth.errors import EmailTaken
from app.auth.one_time_tokens import operations as one_time_tokens
from app.auth.one_time_tokens.models import OneTimeToken
from app.auth.registration.errors import AlreadyConfirmed, BadLink, SameAddress, taken
from app.core.addresses import path_of
from app.core.audit import audit_as
from app.core.clock import now
from app.core.events import publish
from app.core.tenancy import as_system
from app.extensions import db
from app.identity import queries as users
from app.identity.models import User

CONFIRM, CHANGE = "email-confirm", "email-change"
LIFETIME = timedelta(days=3)


def ask_to_confirm(user: User) -> None:
    """Mail a link that confirms the user's address; earlier ones are good for nothing. Raises AlreadyConfirmed."""
    if user.email_confirmed_at is not None:
        raise AlreadyConfirmed
    _mail_link(user, CONFIRM, user.email)


def ask_to_change(user: User, email: str) -> None:
    """Mail a link to the address that is to be the user's, and a word of it to the present one; nothing changes yet.

    Raises SameAddress, or EmailTaken for somebody else's.
    """
    if email == user.email:
        raise SameAddress
    _refuse_taken(user, email)
    _mail_link(user, CHANGE, email)
    publish("user.email_change_requested", about=user, actor=user, old=user.email, new=email)


def find_address(token: str) -> str:
    """The address that the link confirms, while it is good. Raises BadLink."""
    stored = _find(token)
    return _address_of(stored, stored.user if stored else None)


def confirm_email(token: str) -> User:
    """Take the mailed link: the address is confirmed, and becomes the user's if it wasn't before.

    Raises BadLink, or EmailTaken when the new address has become somebody else's meanwhile.
    """
    found = _find(token)
    if found is None or found.user_id is None:
        raise BadLink
    user = users.get_user(found.user_id, for_update=True)
    email = _address_of(one_time_tokens.use(token, found.purpose), user)
    if email == user.email:
        audit_as(db.session, actor=user, action="confirm-email")
        user.email_confirmed_at = now()
        db.session.flush()
    else:
        _change(user, email)
    return user


def pending_change(user: User) -> str | None:
    """The address that waits to be confirmed as the user's new one."""
    stored = db.session.scalar(
        select(OneTimeToken)
        .where(
            OneTimeToken.user_id == user.id,
            OneTimeToken.purpose == CHANGE,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > now(),
        )
        .order_by(OneTimeToken.created_at.desc())
        .limit(1)
    )
    return str(stored.data["email"]) if stored is not None and stored.state == _state_of(user, CHANGE) else None


def _find(token: str) -> OneTimeToken | None:
    return one_time_tokens.find(token, CONFIRM) or one_time_tokens.find(token, CHANGE)


def _mail_link(user: User, purpose: str, email: str) -> None:
    one_time_tokens.cancel(user.id, purpose)
    token = one_time_tokens.issue(
        purpose, lifetime=LIFETIME, user_id=user.id, state=_state_of(user, purpose), data={"email": email}
    )
    link = path_of("registration.confirm_email", token=token)
    publish("user.email_confirmation_requested", about=user, actor=user, address=email, secret=link)


def _address_of(stored: OneTimeToken | None, user: User | None) -> str:
    if stored is None or user is None or not user.is_active or stored.state != _state_of(user, stored.purpose):
        raise BadLink
    return str(stored.data["email"])


def _state_of(user: User, purpose: str) -> bytes:
    """A new address kills every link; a new password kills those to a new address, which an intruder may have asked
    for."""
    return one_time_tokens.digest_of(user.id, user.email, user.password_hash if purpose == CHANGE else None)


def _change(user: User, email: str) -> None:
    _refuse_taken(user, email)
    old = user.email
    try:
        with db.session.begin_nested():
            audit_as(db.session, actor=user, action="change-email")
            user.email, user.email_confirmed_at = email, now()
            db.session.flush()
    except IntegrityError as error:
        raise taken(error, username=user.username, email=email) or error from None
    one_time_tokens.cancel(user.id, CONFIRM, CHANGE)
    publish("user.email_changed", about=user, actor=user, old=old, new=email)


def _refuse_taken(user: User, email: str) -> None:
    same = select(User.id).where(func.lower(User.email) == func.lower(email), User.id != user.id)
    with as_system("an address is unique across companies"):
        is_taken = db.session.scalar(same) is not None
    if is_taken:
        raise EmailTaken(email)
