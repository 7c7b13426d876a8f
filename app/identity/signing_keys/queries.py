"""Which keys sign access tokens, and which still check them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from app.core.clock import now
from app.extensions import db
from app.identity.signing_keys.models import SigningKey

KEPT_AFTER_RETIREMENT = timedelta(minutes=20)
"""Longer than any access token lives, with room for one that was being signed meanwhile."""


@dataclass(frozen=True)
class PublicKey:
    """The half of a key that everybody may know."""

    kid: str
    jwk: dict[str, Any]
    retired_at: datetime | None


def newest_kid() -> str | None:
    """The name of the key that signs."""
    signing = select(SigningKey.kid).where(SigningKey.retired_at.is_(None))
    return db.session.scalar(signing.order_by(SigningKey.created_at.desc(), SigningKey.kid).limit(1))


def private_key(kid: str) -> str | None:
    """The key itself. Raises Unreadable when SECRET_KEY has changed since."""
    return db.session.scalar(select(SigningKey.private_key).where(SigningKey.kid == kid))


def checking_keys() -> Sequence[PublicKey]:
    """The keys whose tokens may still be about, the newest first."""
    in_use = or_(SigningKey.retired_at.is_(None), SigningKey.retired_at > now() - KEPT_AFTER_RETIREMENT)
    columns = (SigningKey.kid, SigningKey.public_key, SigningKey.retired_at)
    found = select(*columns).where(in_use).order_by(SigningKey.created_at.desc(), SigningKey.kid)
    return [PublicKey(*row) for row in db.session.execute(found)]
