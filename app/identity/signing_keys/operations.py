"""Making and retiring the keys that sign access tokens."""

import json
from datetime import timedelta

from joserfc.jwk import ECKey
from sqlalchemy import delete, func, select, update

from app.core.clock import now
from app.extensions import db
from app.identity.signing_keys import queries
from app.identity.signing_keys.models import SigningKey

ALGORITHM = "ES256"
GOOD_FOR = timedelta(days=90)
_ONE_AT_A_TIME = 0x6B657973


def ensure_key(*, instead_of: str | None = None) -> str:
    """The name of the key that signs, made if there is none; of many who ask at once, one makes it.

    `instead_of` names one that can't be read any more, which is retired.
    """
    _wait_for_turn()
    newest = queries.newest_kid()
    return newest if newest is not None and newest != instead_of else rotate_keys()


def rotate_keys() -> str:
    """Make a key that signs from now on, and retire the others, which check until what they signed is over."""
    _wait_for_turn()
    db.session.execute(update(SigningKey).where(SigningKey.retired_at.is_(None)).values(retired_at=now()))
    made = ECKey.generate_key("P-256")
    kid = made.thumbprint()
    names = {"kid": kid, "use": "sig", "alg": ALGORITHM}
    public = {**made.as_dict(private=False), **names}
    private = json.dumps(made.as_dict(private=True))
    db.session.add(SigningKey(kid=kid, algorithm=ALGORITHM, private_key=private, public_key=public, created_at=now()))
    db.session.flush()
    return kid


def rotate_old_keys() -> bool:
    """Make a new key when the one that signs is 90 days old; tells whether it was."""
    _wait_for_turn()
    young = select(SigningKey.kid).where(SigningKey.retired_at.is_(None), SigningKey.created_at > now() - GOOD_FOR)
    if queries.newest_kid() is None or db.session.scalar(young.limit(1)) is not None:
        return False
    rotate_keys()
    return True


def forget_retired_keys() -> None:
    """Delete keys that nothing refers to any more."""
    over = now() - queries.KEPT_AFTER_RETIREMENT
    db.session.execute(delete(SigningKey).where(SigningKey.retired_at < over))


def _wait_for_turn() -> None:
    db.session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
