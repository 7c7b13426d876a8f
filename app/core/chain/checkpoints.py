"""Checkpoints: the heads of all chains at a moment, signed with Ed25519 (RFC 8032).

The key follows from SECRET_KEY, which the database never sees: whoever rewrites the whole audit can't sign a checkpoint
of it. One that is kept elsewhere shows even that the newest entries were cut off together with every later checkpoint;
it is checked with the public key alone (`flask audit public-key`).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import select, text

from app.core.chain.models import AuditCheckpoint
from app.core.clock import now
from app.core.sealing import derived_key
from app.core.sessions import AnySession

FORM = "diglit-audit-checkpoint-1"
HEADS = text("select chain, length, encode(hash, 'hex') as hash from audit_chains order by chain")


class Unusable(Exception):
    """A checkpoint that isn't one, or that none of the known keys signed."""


@dataclass(frozen=True)
class Head:
    """The end of a chain: its number, how many entries it has, the newest one's hash in hexadecimal."""

    chain: int
    length: int
    hash: str


@dataclass(frozen=True)
class Checkpoint:
    """A signed statement of how long the chains were."""

    at: datetime
    entries: int
    heads: tuple[Head, ...]
    signature: bytes

    def to_json(self) -> str:
        """As it is kept elsewhere: one line."""
        return json.dumps({**_content(self.at, self.entries, self.heads), "signature": self.signature.hex()})

    @classmethod
    def from_json(cls, given: str) -> Self:
        """Raises Unusable for what isn't a checkpoint."""
        try:
            told = json.loads(given)
            heads = tuple(Head(int(chain), int(length), str(hash_)) for chain, length, hash_ in told["heads"])
            at = datetime.fromisoformat(told["at"])
            return cls(at, int(told["entries"]), heads, bytes.fromhex(told["signature"]))
        except (ValueError, KeyError, TypeError):
            raise Unusable("this is no checkpoint") from None

    @classmethod
    def of(cls, kept: AuditCheckpoint) -> Self:
        return cls(kept.at, kept.entries, tuple(Head(*head) for head in kept.heads), kept.signature)

    def check(self, keys: Sequence[Ed25519PublicKey]) -> None:
        """Raises Unusable unless one of the keys signed it."""
        signed = _signed(self.at, self.entries, self.heads)
        for key in keys:
            try:
                return key.verify(self.signature, signed)
            except InvalidSignature:
                continue
        raise Unusable(f"the checkpoint of {self.at:%Y-%m-%d %H:%M} UTC bears no valid signature")


def signing_key(secret: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(derived_key(secret, "audit-checkpoints"))


def take_checkpoint(session: AnySession, key: Ed25519PrivateKey) -> Checkpoint:
    """Sign the present heads and keep that. The edge commits."""
    heads = tuple(Head(*row) for row in session.execute(HEADS))
    at, entries = now(), sum(head.length for head in heads)
    taken = Checkpoint(at, entries, heads, key.sign(_signed(at, entries, heads)))
    session.add(AuditCheckpoint(at=at, entries=entries, heads=_listed(heads), signature=taken.signature))
    session.flush()
    return taken


def _content(at: datetime, entries: int, heads: Sequence[Head]) -> dict[str, Any]:
    return {"form": FORM, "at": at.isoformat(), "entries": entries, "heads": _listed(heads)}


def _signed(at: datetime, entries: int, heads: Sequence[Head]) -> bytes:
    return json.dumps(_content(at, entries, heads), sort_keys=True, separators=(",", ":")).encode()


def _listed(heads: Sequence[Head]) -> list[list[Any]]:
    return [[head.chain, head.length, head.hash] for head in heads]


def last_checkpoint(session: AnySession) -> Checkpoint | None:
    """The newest checkpoint that is kept here; None before the first."""
    newest = select(AuditCheckpoint).order_by(AuditCheckpoint.at.desc(), AuditCheckpoint.id.desc()).limit(1)
    found = session.scalar(newest)
    return Checkpoint.of(found) if found else None
