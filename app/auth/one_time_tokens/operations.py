"""One-time tokens: random, good for one use within a short time, for one purpose, by one person perhaps.

Mailed links, half-done sign-ins, challenges, codes: whatever must work once and never twice. One that is bound to
a `state` is no good once what it would change has changed by another way (a password reset after a new password).
"""

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, select, update

from app.auth.one_time_tokens.models import OneTimeToken
from app.core.clock import now
from app.extensions import db
from app.identity import sessions

KEPT_AFTER_END = timedelta(days=1)


def digest_of(*parts: object) -> bytes:
    """What a token's `state` is made of: a digest of values, each told from its neighbours."""
    whole = sha256()
    for part in parts:
        text = repr(part).encode()
        whole.update(len(text).to_bytes(8, "big") + text)
    return whole.digest()


def issue(
    purpose: str,
    *,
    lifetime: timedelta,
    user_id: UUID | None = None,
    state: bytes | None = None,
    data: Mapping[str, Any] | None = None,
) -> str:
    """Make one; the text of it, which nobody can be told again. `data` is JSON, and not secret."""
    moment = now()
    db.session.execute(delete(OneTimeToken).where(OneTimeToken.expires_at < moment - KEPT_AFTER_END))
    token = sessions.new_token()
    one_time = OneTimeToken(
        token_hash=sessions.hash_of(token),
        purpose=purpose,
        user_id=user_id,
        state=state,
        data=dict(data or {}),
        created_at=moment,
        expires_at=moment + lifetime,
    )
    db.session.add(one_time)
    db.session.flush()
    return token


def find(token: str, purpose: str, *, for_update: bool = False) -> OneTimeToken | None:
    """The token, if it is still good. It stays so; `for_update` holds it until the transaction ends."""
    query = _open(token, purpose)
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(query)


def use(token: str, purpose: str) -> OneTimeToken | None:
    """Take the token; of many who send it at once, one gets it. The caller checks its `state`, and commits."""
    one_time = find(token, purpose, for_update=True)
    if one_time is not None:
        end(one_time)
    return one_time


def end(one_time: OneTimeToken) -> None:
    """Let a token that is held be good for nothing."""
    one_time.used_at = now()
    db.session.flush()


def cancel(user_id: UUID, *purposes: str) -> None:
    """Let the person's open tokens of those purposes be good for nothing."""
    theirs = (OneTimeToken.user_id == user_id, OneTimeToken.purpose.in_(purposes), OneTimeToken.used_at.is_(None))
    db.session.execute(update(OneTimeToken).where(*theirs).values(used_at=now()))


def _open(token: str, purpose: str) -> Select[OneTimeToken]:
    return select(OneTimeToken).where(
        OneTimeToken.token_hash == sessions.hash_of(token),
        OneTimeToken.purpose == purpose,
        OneTimeToken.used_at.is_(None),
        OneTimeToken.expires_at > now(),
    )


def sweep() -> None:
    """Delete tokens that were good for the last time a day ago."""
    db.session.execute(delete(OneTimeToken).where(OneTimeToken.expires_at < now() - KEPT_AFTER_END))
