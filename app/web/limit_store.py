"""Counters in a file that all processes of this machine map into their memory."""

import fcntl
import mmap
import os
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

import structlog
from limits.storage import Storage

log = structlog.get_logger(__name__)

_SLOT = struct.Struct("=16sdQ")
"""A counter: the digest of its key, when it expires, how far it has counted."""
_SLOTS = 1 << 16
_BUCKET = 16
_BUCKETS = _SLOTS // _BUCKET
_BUCKET_BYTES = _BUCKET * _SLOT.size


class MappedStorage(Storage):
    """A table of 65,536 counters in 4,096 buckets. A bucket is locked while a counter in it moves; the lock is the
    kernel's, and goes with the process that held it. A full bucket gives up the counter that would expire first."""

    STORAGE_SCHEME = None

    def __init__(self, path: Path) -> None:
        super().__init__(wrap_exceptions=True)
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.ftruncate(self._descriptor, _SLOTS * _SLOT.size)
            self._memory = mmap.mmap(self._descriptor, _SLOTS * _SLOT.size)
        except OSError as error:
            log.warning("rate limits are counted in each process by itself", path=str(path), reason=str(error))
            self._descriptor = None
            self._memory = mmap.mmap(-1, _SLOTS * _SLOT.size)

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return (OSError, ValueError)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = time.time()
        with self._bucket(key) as (digest, start):
            place, expires_at, count = self._find(digest, start, now)
            if count == 0:
                expires_at = now + expiry
            count = max(0, count + amount)
            _SLOT.pack_into(self._memory, place, digest, expires_at, count)
        return count

    def get(self, key: str) -> int:
        with self._bucket(key) as (digest, start):
            return self._find(digest, start, time.time())[2]

    def get_expiry(self, key: str) -> float:
        now = time.time()
        with self._bucket(key) as (digest, start):
            _, expires_at, count = self._find(digest, start, now)
        return expires_at if count else now

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        with self._lock:
            self._memory[:] = bytes(len(self._memory))
        return None

    def clear(self, key: str) -> None:
        with self._bucket(key) as (digest, start):
            place = self._find(digest, start, time.time())[0]
            _SLOT.pack_into(self._memory, place, digest, 0.0, 0)

    @contextmanager
    def _bucket(self, key: str) -> Iterator[tuple[bytes, int]]:
        """The key's digest, and where its bucket starts, locked."""
        digest = blake2b(key.encode(), digest_size=16).digest()
        start = int.from_bytes(digest[:4], "little") % _BUCKETS * _BUCKET_BYTES
        with self._lock:
            if self._descriptor is None:
                yield digest, start
                return
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX, _BUCKET_BYTES, start)
            try:
                yield digest, start
            finally:
                fcntl.lockf(self._descriptor, fcntl.LOCK_UN, _BUCKET_BYTES, start)

    def _find(self, digest: bytes, start: int, now: float) -> tuple[int, float, int]:
        """The counter's place, expiry and count; where there is none, the place to start one."""
        place, soonest = start, float("inf")
        for at in range(start, start + _BUCKET_BYTES, _SLOT.size):
            found, expires_at, count = _SLOT.unpack_from(self._memory, at)
            if found == digest:
                return (at, expires_at, count) if expires_at > now else (at, 0.0, 0)
            if expires_at < soonest:
                place, soonest = at, expires_at
        return place, 0.0, 0
