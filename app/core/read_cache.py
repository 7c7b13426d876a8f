"""Public answers kept in memory, and never served older than the last acknowledged write of any process.

An answer is kept together with the versions of its tables that were read *before* its data (`versions`); it is served
only while a look that began after the request came in still finds the same ones.
"""

from dataclasses import dataclass, field
from typing import Any

from app.core.bounded import Bounded
from app.core.driver import Connect
from app.core.versions import Lookout, Versions, versions_of

_FOR_BOOKKEEPING = 600


@dataclass(frozen=True)
class Kept:
    """An answer as it goes out, and the versions under which it is good."""

    headers: tuple[tuple[str, str], ...]
    headers_without_body: tuple[tuple[str, str], ...]
    body: bytes
    etag: str
    endpoint: str
    tables: tuple[bytes, ...] | None
    """What it depends on; None is every table."""
    versions: Versions
    packed: dict[str, bytes] = field(default_factory=dict, compare=False)
    """The body in the codings that it was sent in; an eighth of it each, as a rule."""

    @property
    def size(self) -> int:
        return (
            len(self.body) * 5 // 4 + sum(len(name) + len(value) for name, value in self.headers) * 2 + _FOR_BOOKKEEPING
        )


class ReadCache:
    """The answers most lately used, up to so many bytes."""

    def __init__(self, connect: Connect, *, capacity: int = 32 * 1024 * 1024) -> None:
        self.lookout = Lookout(connect)
        self._largest = capacity // 8
        self._answers: Bounded[Any, Kept] = Bounded(capacity, lambda kept: kept.size)
        self.clear = self._answers.clear

    def find(self, key: Any, versions: Versions) -> Kept | None:
        """The answer under that key, if nothing that it depends on has changed."""
        kept = self._answers.get(key)
        if kept is None or kept.versions != versions_of(kept.tables, versions):
            return None
        self._answers.touch(key)
        return kept

    def keep(self, key: Any, kept: Kept) -> None:
        if kept.size <= self._largest:
            self._answers.put(key, kept)
