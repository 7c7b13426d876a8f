"""`Idempotency-Key`: a POST that arrives twice is done once, and both hear the same answer.

The key is stored in the transaction of the change itself. Whoever brings the same key meanwhile waits at the key's row,
and finds the answer there when the first is done, or does the work when the first failed.

An answer may hold what is told once only (an API key), a request what is told to nobody (a password). So the answer is
stored sealed, and of the request a digest under a key of the application's: a copy of the database tells neither, nor
lets anybody try passwords against it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest, digest
from typing import Any

from flask import Response, current_app, request
from sqlalchemy import CheckConstraint, Index, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import now
from app.core.db import Base
from app.core.errors import Conflict, Invalid
from app.core.sealing import Unreadable, derived_key, seals
from app.core.tenancy import as_system
from app.extensions import db

HEADER = "Idempotency-Key"
PURPOSE = "idempotency"
KEPT = timedelta(hours=24)
_TOLD_AGAIN = ("Location", "ETag", "Content-Type", "Link", "Cache-Control")


class IdempotencyKey(Base):
    """A key that a caller has used, what it was used for, and the answer that was given."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        CheckConstraint("length(key) between 1 and 255", name="key_length"),
        Index("idempotency_keys_created_at_idx", "created_at"),
    )

    scope: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None]
    body: Mapped[bytes | None]
    created_at: Mapped[datetime]


class BadKey(Invalid):
    code, at, wrong = "bad-idempotency-key", "/header/Idempotency-Key", "bad_key"
    says = "An Idempotency-Key has 1 to 255 printable ASCII characters; a UUID is a good one."


class KeyReused(Invalid):
    code, at, wrong = "idempotency-key-reused", "/header/Idempotency-Key", "reused"
    says = "This Idempotency-Key was used for another request. Take a new key for each new request."


class AnswerLost(Conflict):
    code = "idempotency-answer-lost"
    says = "This was done before, but its answer can't be read any more. Look up what it has made."


@dataclass(frozen=True)
class Claim:
    """What a request claims with its key. `fingerprints` are of the request under each of our secrets, newest first."""

    scope: str
    key: str
    fingerprints: tuple[bytes, ...]


def claim_of(caller: str, body: Any) -> Claim | None:
    """What this request claims with its key; None when it brings none. `caller` is whose keys these are."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not (1 <= len(key) <= 255 and key.isascii() and key.isprintable() and key.strip()):
        raise BadKey
    asked = json.dumps([request.method, request.path, request.query_string.decode("latin-1"), body], sort_keys=True)
    return Claim(caller, key, tuple(digest(secret, asked.encode(), "sha256") for secret in _secrets()))


def _secrets() -> list[bytes]:
    settings = current_app.config["SETTINGS"]
    return [derived_key(secret, PURPOSE) for secret in (settings.secret_key, *settings.secret_key_fallbacks)]


def once(claim: Claim, perform: Callable[[], Response]) -> Response:
    """Do the work, or give the answer it had. The caller commits the transaction."""
    if not take(claim):
        answer = earlier_answer(claim)
        if answer is None:
            raise AnswerLost
        return answer
    answer = perform()
    if answer.status_code < 400:
        keep(claim, answer)
    return answer


def take(claim: Claim) -> bool:
    """Whether the claim is the first with its key. Waits for another that isn't decided yet."""
    moment = now()
    new = insert(IdempotencyKey).values(
        scope=claim.scope, key=claim.key, fingerprint=claim.fingerprints[0], created_at=moment
    )
    taken = new.on_conflict_do_update(
        index_elements=["scope", "key"],
        set_={
            "fingerprint": new.excluded.fingerprint,
            "created_at": new.excluded.created_at,
            "status": None,
            "headers": None,
            "body": None,
        },
        where=IdempotencyKey.created_at < moment - KEPT,
    )
    with as_system("keys of requests have no tenant; each is looked up by its owner"):
        return db.session.execute(taken.returning(IdempotencyKey.key)).first() is not None


def keep(claim: Claim, answer: Response) -> None:
    """Store the answer for those who bring the key again."""
    headers = {name: answer.headers[name] for name in _TOLD_AGAIN if name in answer.headers}
    kept = update(IdempotencyKey).where(IdempotencyKey.scope == claim.scope, IdempotencyKey.key == claim.key)
    sealed = seals().seal(answer.get_data(), PURPOSE)
    with as_system("keys of requests have no tenant; each is looked up by its owner"):
        db.session.execute(
            kept.values(status=answer.status_code, headers=headers, body=sealed),
            execution_options={"synchronize_session": False},
        )


def release(claim: Claim) -> None:
    """Give the key up, if nothing was done for it."""
    mine = delete(IdempotencyKey).where(
        IdempotencyKey.scope == claim.scope, IdempotencyKey.key == claim.key, IdempotencyKey.status.is_(None)
    )
    with as_system("keys of requests have no tenant; each is looked up by its owner"):
        db.session.execute(mine, execution_options={"synchronize_session": False})


def earlier_answer(claim: Claim) -> Response | None:
    """What the first with this key was answered; None while that isn't there."""
    columns = (IdempotencyKey.fingerprint, IdempotencyKey.status, IdempotencyKey.headers, IdempotencyKey.body)
    taken = select(*columns).where(IdempotencyKey.scope == claim.scope, IdempotencyKey.key == claim.key)
    with as_system("keys of requests have no tenant; each is looked up by its owner"):
        found = db.session.execute(taken).one_or_none()
    if found is None or found.status is None:
        return None
    if not any(compare_digest(found.fingerprint, fingerprint) for fingerprint in claim.fingerprints):
        raise KeyReused
    answer = Response(_opened(found.body), found.status)
    answer.headers.pop("Content-Type", None)
    answer.headers.extend(found.headers or {})
    answer.headers["Idempotency-Replayed"] = "true"
    return answer


def _opened(body: bytes | None) -> bytes:
    try:
        return seals().open(body, PURPOSE) if body is not None else b""
    except Unreadable:
        raise AnswerLost from None


def forget_old_keys() -> int:
    """Delete the keys that are past their time; says how many."""
    done = db.session.execute(
        delete(IdempotencyKey).where(IdempotencyKey.created_at < now() - KEPT),
        execution_options={"synchronize_session": False},
    )
    return int(done.rowcount)  # type: ignore[attr-defined]
