from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from app.auth.mfa.models import Passkey, RecoveryCode, TwoFactor
from app.core.errors import NotFound
from app.extensions import db


def app_of(user_id: UUID, *, for_update: bool = False) -> TwoFactor | None:
    """The user's authenticator app, confirmed or not; `for_update` holds it until the transaction ends."""
    query = select(TwoFactor).where(TwoFactor.user_id == user_id)
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(query)


def app_is_on(user_id: UUID) -> bool:
    """Whether the user signs in with an authenticator app."""
    on = select(TwoFactor.user_id).where(TwoFactor.user_id == user_id, TwoFactor.confirmed_at.is_not(None))
    return db.session.scalar(on) is not None


def codes_left(user_id: UUID) -> int:
    """How many recovery codes are unused."""
    unused = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(unused) or 0


def has_passkey(user_id: UUID) -> bool:
    return db.session.scalar(select(Passkey.id).where(Passkey.user_id == user_id).limit(1)) is not None


def passkeys_of(user_id: UUID) -> Sequence[Passkey]:
    """The user's passkeys, the newest first."""
    theirs = select(Passkey).where(Passkey.user_id == user_id)
    return db.session.scalars(theirs.order_by(Passkey.created_at.desc(), Passkey.id.desc())).all()


def get_passkey(passkey_id: UUID, user_id: UUID) -> Passkey:
    """A passkey of that user, held until the transaction ends."""
    theirs = select(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id).with_for_update()
    passkey = db.session.scalar(theirs.execution_options(populate_existing=True))
    if passkey is None:
        raise NotFound("There is no such passkey.")
    return passkey


def find_passkey(credential_id: bytes) -> Passkey | None:
    """The passkey of that credential, held until the transaction ends."""
    found = select(Passkey).where(Passkey.credential_id == credential_id).with_for_update(of=Passkey)
    return db.session.scalar(found.execution_options(populate_existing=True))
