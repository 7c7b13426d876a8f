"""Tickets: a random token that is good for one use within a short time, for one purpose, by one person perhaps.

Mailed links, half-done sign-ins, challenges, codes: whatever must work once and never twice. A ticket that is bound to
a `state` is no good once what it would change has changed by another way (a password reset after a new password).
"""

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, select, update

from app.core.clock import now
from app.extensions import db
from app.identity import sessions
from app.identity.models import Ticket

KEPT_AFTER_END = timedelta(days=1)


def digest_of(*parts: object) -> bytes:
    """What a ticket's `state` is made of: a digest of values, each told from its neighbours."""
    whole = sha256()
    for part in parts:
        text = repr(part).encode()
        whole.update(len(text).to_bytes(8, "big") + text)
    return whole.digest()


def issue_ticket(
    purpose: str,
    *,
    lifetime: timedelta,
    user_id: UUID | None = None,
    state: bytes | None = None,
    data: Mapping[str, Any] | None = None,
) -> str:
    """Make a ticket; the token, which nobody can be told again. `data` is JSON, and not secret."""
    moment = now()
    db.session.execute(delete(Ticket).where(Ticket.expires_at < moment - KEPT_AFTER_END))
    token = sessions.new_token()
    ticket = Ticket(
        token_hash=sessions.hash_of(token),
        purpose=purpose,
        user_id=user_id,
        state=state,
        data=dict(data or {}),
        created_at=moment,
        expires_at=moment + lifetime,
    )
    db.session.add(ticket)
    db.session.flush()
    return token


def find_ticket(token: str, purpose: str, *, for_update: bool = False) -> Ticket | None:
    """The ticket, if it is still good. It stays so; `for_update` holds it until the transaction ends."""
    query = _open(token, purpose)
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(query)


def use_ticket(token: str, purpose: str) -> Ticket | None:
    """Take the ticket; of many who send it at once, one gets it. The caller checks its `state`, and commits."""
    ticket = find_ticket(token, purpose, for_update=True)
    if ticket is not None:
        end_ticket(ticket)
    return ticket


def end_ticket(ticket: Ticket) -> None:
    """Let a ticket that is held be good for nothing."""
    ticket.used_at = now()
    db.session.flush()


def cancel_tickets(user_id: UUID, *purposes: str) -> None:
    """Let the person's open tickets of those purposes be good for nothing."""
    theirs = (Ticket.user_id == user_id, Ticket.purpose.in_(purposes), Ticket.used_at.is_(None))
    db.session.execute(update(Ticket).where(*theirs).values(used_at=now()))


def _open(token: str, purpose: str) -> Select[Ticket]:
    return select(Ticket).where(
        Ticket.token_hash == sessions.hash_of(token),
        Ticket.purpose == purpose,
        Ticket.used_at.is_(None),
        Ticket.expires_at > now(),
    )
