"""Identities by the token or cookie that they came in with, each good while its counters stand still."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from app.core.bounded import Bounded
from app.core.clock import now
from app.identity.cache.counters import Counters, Name
from app.identity.cache.listener import Listener
from app.identity.identities import Identity

IDENTITIES = "identity_cache"
"""The application's extension of that name, where identities are kept."""
COOKIE, BEARER = b"cookie:", b"bearer:"
REFUSED = "diglit.refused"
"""In the environ of a request: what its caller is to hear, found out before the framework was entered."""
CAPACITY = 10_000
LONGEST = timedelta(seconds=60)
"""However sure we are, the database is asked again after that; it also bounds how late a use is noted."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """An identity that may be kept for the next requests with the same token, on these terms."""

    identity: Identity
    until: datetime | None = None
    """When it is over by itself."""
    admit: Callable[[str], None] | None = None
    """Called at every request with the caller's address; raises what the caller is to hear if that one may not."""


@dataclass(frozen=True, slots=True)
class _Kept:
    loaded: Loaded
    until: datetime
    slots: tuple[int, ...]
    numbers: tuple[int, ...]


class IdentityCache:
    """`listener` is None where every writer is known to share the counters."""

    def __init__(self, counters: Counters, listener: Listener | None = None) -> None:
        self.listener = listener
        self._counters = counters
        self._kept: Bounded[bytes, _Kept] = Bounded(CAPACITY)

    def find(self, kind: bytes, token: str) -> Loaded | None:
        """The identity that came in with that token a while ago, if nothing has changed about it."""
        kept = self._kept.get(_key(kind, token))
        if kept is None or self._counters.read(kept.slots) != kept.numbers or kept.until <= now():
            return None
        return kept.loaded if self.listener is None or self.listener.is_proven() else None

    def get(self, kind: bytes, token: str, load: Callable[[], Loaded | None]) -> Loaded | None:
        """The identity that comes in with that token, read by `load` where none is kept."""
        found = self.find(kind, token)
        if found is None:
            before = self._counters.snapshot()
            found = load()
            if found is not None:
                self._keep(_key(kind, token), found, before)
        return found

    def _keep(self, key: bytes, loaded: Loaded, before: memoryview) -> None:
        slots = self._counters.slots_of(_names_of(loaded.identity))
        belt = now() + LONGEST
        until = belt if loaded.until is None else min(belt, loaded.until)
        self._kept.put(key, _Kept(loaded, until, slots, tuple([before[slot] for slot in slots])))

    def clear(self) -> None:
        self._kept.clear()


def bearer_token(header: str) -> str | None:
    """The token of an `Authorization` header (RFC 6750), if it is of that kind."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.casefold() == "bearer" else None


def _key(kind: bytes, token: str) -> bytes:
    # A memory image then shows no token that works.
    return sha256(kind + token.encode("utf-8", "surrogatepass")).digest()


def _names_of(identity: Identity) -> list[Name]:
    """The records that an identity is made of."""
    impersonator = identity.impersonator.id if identity.impersonator else None
    records = (
        identity.id,
        identity.client_id,
        identity.session_id,
        identity.application_id,
        identity.key_id,
        impersonator,
    )
    return [record for record in records if record is not None]
