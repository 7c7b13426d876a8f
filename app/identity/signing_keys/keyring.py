"""The keys as a process holds them. The database says which one signs; what checks is read again when it changed."""

import json
import threading
import time
from collections import deque
from datetime import datetime

import structlog
from joserfc.jwk import ECKey

from app.core.clock import now
from app.core.sealing import Unreadable
from app.core.tenancy import as_system
from app.identity.cache.counters import SIGNING_KEYS, Counters
from app.identity.signing_keys import operations, queries

log = structlog.get_logger(__name__)

READ_EVERY = 300.0
_SEARCHES, _WITHIN = 5, 10.0


class KeyRing:
    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._slots = counters.slots_of([SIGNING_KEYS])
        self._lock = threading.Lock()
        self._private: dict[str, ECKey] = {}
        self._public: dict[str, tuple[ECKey, datetime | None]] = {}
        self._seen: tuple[int, ...] = ()
        self._read_at = float("-inf")
        self._searches: deque[float] = deque(maxlen=_SEARCHES)

    def signing(self) -> tuple[str, ECKey]:
        """The key that signs, by its name. It is asked for each time, so that a new one counts at once everywhere."""
        with as_system("signing keys have no tenant"):
            kid = queries.newest_kid() or operations.ensure_key()
            try:
                return kid, self._private.get(kid) or self._open(kid)
            except Unreadable:
                log.warning("signing key can't be opened with SECRET_KEY or its fallbacks; making another", kid=kid)
                kid = operations.ensure_key(instead_of=kid)
                return kid, self._open(kid)

    def checking(self, kid: str) -> ECKey | None:
        """The key of that name, while tokens of it may be about."""
        self._keep_up()
        found = self._public.get(kid)
        if found is None and self._may_search():
            self._read()
            found = self._public.get(kid)
        return found[0] if found and (found[1] is None or found[1] > now() - queries.KEPT_AFTER_RETIREMENT) else None

    def _open(self, kid: str) -> ECKey:
        found = queries.private_key(kid)
        if found is None:
            raise Unreadable(f"signing key {kid} has gone")
        key = self._private[kid] = ECKey.import_key(json.loads(found))
        return key

    def _keep_up(self) -> None:
        if self._counters.read(self._slots) != self._seen or time.monotonic() - self._read_at > READ_EVERY:
            self._read()

    def _may_search(self) -> bool:
        """Tokens with made-up names must not cost a query each."""
        with self._lock:
            moment = time.monotonic()
            if len(self._searches) == _SEARCHES and moment - self._searches[0] < _WITHIN:
                return False
            self._searches.append(moment)
            return True

    def _read(self) -> None:
        seen, moment = self._counters.read(self._slots), time.monotonic()
        with as_system("signing keys have no tenant"):
            found = {key.kid: (ECKey.import_key(key.jwk), key.retired_at) for key in queries.checking_keys()}
        with self._lock:
            self._public, self._seen, self._read_at = found, seen, moment
            self._private = {kid: key for kid, key in self._private.items() if kid in found}
