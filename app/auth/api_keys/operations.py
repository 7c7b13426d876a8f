"""What changes API keys."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.auth.api_keys import key_format, policy, queries
from app.auth.api_keys.models import ApiKey, ApiKeyUse
from app.auth.api_keys.schemas import ApiKeyInput
from app.core.audit import audit_as
from app.core.clock import now
from app.core.errors import Conflict, Invalid, Refused
from app.core.events import publish
from app.extensions import db
from app.identity.models import User
from app.identity.policy import is_staff
from app.identity.scopes import in_order


class ScopeNotHeld(Invalid):
    """A key may do no more than its person."""

    def __init__(self, scope: str, at: int) -> None:
        super().__init__(f"You may not do “{scope}” yourself, and so no key of yours may.", at=f"/scopes/{at}")


class LimitTooHigh(Invalid):
    at = "/requests_per_minute"

    def __init__(self, most: int) -> None:
        super().__init__(f"Up to {most} requests a minute can be chosen here. Ask us where you need more.")


class TooManyKeys(Conflict):
    def __init__(self, most: int) -> None:
        super().__init__(f"You have {most} API keys. Revoke one that is out of use first.")


class AlreadyReplaced(Conflict):
    says = "This key has a successor already. Replace that one instead, or revoke this one."


class KeyExpired(Conflict):
    says = "This key has expired. Make a new one."


class NotYourKey(Refused):
    says = "Only the person whose key it is can replace it. You can revoke it."


class AddressNotAllowed(Refused):
    """Said to somebody who has the key, and so may know that it is one."""

    def __init__(self, address: str) -> None:
        super().__init__(f"This API key may not be used from {address}.")


MOST = 50
"""How many keys a person has at a time."""
USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Made:
    """A key, and what nobody can be told again."""

    record: ApiKey
    key: str


def create_key(values: ApiKeyInput, *, actor: Any) -> Made:
    """Make a key for the actor. Raises ScopeNotHeld, LimitTooHigh or TooManyKeys."""
    held = set(policy.scopes_of(actor))
    for at, scope in enumerate(values.scopes):
        if scope not in held:
            raise ScopeNotHeld(scope, at)
    _check_limit(values.requests_per_minute, None, actor)
    # Of many that are made at once, each is counted.
    db.session.execute(select(User.id).where(User.id == actor.id).with_for_update(key_share=True))
    if queries.count_keys(actor.id) >= MOST:
        raise TooManyKeys(MOST)
    audit_as(db.session, actor=actor, action="create")
    made = _add(
        user_id=actor.id,
        client_id=actor.client_id,
        name=values.name,
        scopes=in_order(values.scopes),
        allowed_addresses=list(values.allowed_addresses),
        requests_per_minute=values.requests_per_minute,
        expires_at=values.expires_at,
    )
    publish("api_key.created", about=made.record, user_id=actor.id, actor=actor, name=made.record.name)
    return made


def update_key(key: ApiKey, changes: dict[str, Any], *, actor: Any) -> ApiKey:
    """Change the name, the addresses or the limit of a key. Raises LimitTooHigh."""
    if "requests_per_minute" in changes:
        _check_limit(changes["requests_per_minute"], key.requests_per_minute, actor)
    audit_as(db.session, actor=actor, action="update")
    for name, value in changes.items():
        setattr(key, name, value)
    db.session.flush()
    return key


def rotate_key(key: ApiKey, *, overlap: timedelta, actor: Any) -> Made:
    """Make a successor that may do the same. The old key, which the caller holds locked, stays good for the overlap,
    but no longer than it would have. Raises NotYourKey, AlreadyReplaced or KeyExpired."""
    if not policy.is_own(actor, key):
        raise NotYourKey
    moment = now()
    if key.expires_at is not None and key.expires_at <= moment:
        raise KeyExpired
    if key.replaced_by_id is not None:
        raise AlreadyReplaced
    audit_as(db.session, actor=actor, action="rotate")
    made = _add(
        user_id=key.user_id,
        client_id=key.client_id,
        name=key.name,
        scopes=list(key.scopes),
        allowed_addresses=list(key.allowed_addresses),
        requests_per_minute=key.requests_per_minute,
        expires_at=key.expires_at,
    )
    key.replaced_by_id = made.record.id
    if overlap:
        until = moment + overlap
        key.expires_at = until if key.expires_at is None else min(until, key.expires_at)
    else:
        key.revoked_at = moment
    db.session.flush()
    publish("api_key.created", about=made.record, user_id=key.user_id, actor=actor, name=key.name)
    return made


def revoke_key(key: ApiKey, *, actor: Any) -> None:
    """Let the key open nothing from now on."""
    audit_as(db.session, actor=actor, action="revoke")
    key.revoked_at = now()
    db.session.flush()
    publish("api_key.revoked", about=key, user_id=key.user_id, actor=actor, name=key.name)


def note_use(key_id: UUID, address: str) -> None:
    """Note that the key is in use, once a minute at most."""
    moment = now()
    use = insert(ApiKeyUse).values(api_key_id=key_id, last_used_at=moment, address=address)
    later = use.on_conflict_do_update(
        index_elements=["api_key_id"],
        set_={"last_used_at": use.excluded.last_used_at, "address": use.excluded.address},
        where=ApiKeyUse.last_used_at <= moment - USE_NOTED_EVERY,
    )
    db.session.execute(later)


def _add(**values: Any) -> Made:
    secret = key_format.new_key()
    record = ApiKey(prefix=key_format.prefix_of(secret), secret_hash=key_format.hash_of(secret), **values)
    db.session.add(record)
    db.session.flush()
    return Made(record, secret)


def _check_limit(wanted: int | None, present: int | None, actor: Any) -> None:
    if wanted is None or wanted <= max(policy.USUAL_PER_MINUTE, present or 0):
        return
    if not is_staff(actor):
        raise LimitTooHigh(policy.USUAL_PER_MINUTE)
