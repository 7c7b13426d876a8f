"""One number for each record that identities depend on, in a file that all processes of this machine map.

A move puts a random number in the place of the old one, so that two processes which move the same counter at once need
no lock: whatever the order, nobody's remembered number is left.
"""

import mmap
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import structlog

log = structlog.get_logger(__name__)

Name = UUID | str
EVERYTHING = "everything"
SIGNING_KEYS = "signing-keys"

_FIXED = {EVERYTHING: 0, SIGNING_KEYS: 1}
_FIRST_OF_RECORDS = 8
_SLOTS = 1 << 13
_BYTES = _SLOTS * 8


class Counters:
    """Records share a counter where their ids meet; one of them moving then costs the other a reading, no more."""

    def __init__(self, path: Path) -> None:
        self._memory = _mapped(path)
        self._numbers = memoryview(self._memory).cast("Q")

    def slots_of(self, names: Iterable[Name]) -> tuple[int, ...]:
        """Where to look for those; `EVERYTHING` and `SIGNING_KEYS`, without which no token holds, are always among
        them."""
        return (*_FIXED.values(), *(_slot_of(name) for name in names))

    def read(self, slots: tuple[int, ...]) -> tuple[int, ...]:
        """The numbers as they stand. Read them before what they answer for."""
        numbers = self._numbers
        return tuple([numbers[slot] for slot in slots])

    def snapshot(self) -> memoryview:
        """All numbers as they stand, by slot."""
        return memoryview(self._memory[:]).cast("Q")

    def move(self, names: Iterable[Name]) -> None:
        """Let everything that depends on those be read anew, in every process. Call it after the commit."""
        for name in names:
            self._numbers[_slot_of(name)] = secrets.randbits(64)


def _slot_of(name: Name) -> int:
    if isinstance(name, str):
        return _FIXED[name]
    # The end of a UUID of version 7 is random.
    return _FIRST_OF_RECORDS + name.int % (_SLOTS - _FIRST_OF_RECORDS)


def _mapped(path: Path) -> mmap.mmap:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(descriptor, _BYTES)
            return mmap.mmap(descriptor, _BYTES)
        finally:
            os.close(descriptor)
    except OSError as error:
        log.warning("other processes hear of changed accounts by the database alone", path=str(path), reason=str(error))
        return mmap.mmap(-1, _BYTES)
