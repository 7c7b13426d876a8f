"""Public answers kept in memory, and never served older than the last acknowledged write of any process.

Each commit that changes a table of records moves `sum(version)` in `data_versions`, in the transaction of the change
itself. An answer is kept together with the versions that were read *before* its data; it is served only while a look at
`data_versions` that began after the request came in still finds the same ones. One look serves all requests of this
process that were waiting when it began.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import pq

from app.core.poolers import is_alone
from app.core.rls import tenant_statements
from app.core.tenancy import NOBODY

Connect = Callable[..., psycopg.Connection[Any]]
Versions = Mapping[bytes, bytes]

_LOOK = b"select table_name, sum(version) from data_versions group by table_name"
_NAME = b"look"
_PATIENCE = 2.0
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


def _told(to: str) -> bytes:
    # With the look behind it, one exchange and one transaction: nothing of it stays in a session that a pooler shares.
    return tenant_statements(NOBODY, {"statement_timeout": "2s"}, to=to)


class LookFailed(Exception):
    """The database could not be asked; the answer has to be made without the cache."""


class Lookout:
    """Looks at `data_versions` over a connection of its own, for one requester or for many at once."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._connection: psycopg.Connection[Any] | None = None
        self._turn = threading.Condition()
        self._looking = False
        self._started = 0
        self._finished = 0
        self._seen: Versions | None = None
        self._is_prepared = False

    def look(self) -> Versions:
        """The versions as of some moment after this call began."""
        with self._turn:
            needed = self._started + 1
            while self._looking and self._finished < needed:
                if not self._turn.wait(_PATIENCE):
                    raise LookFailed
            if self._finished >= needed:
                return self._found()
            self._looking = True
            self._started += 1
        seen = None
        try:
            seen = self._ask()
        finally:
            with self._turn:
                self._seen = seen
                self._finished = self._started
                self._looking = False
                self._turn.notify_all()
        return self._found_in(seen)

    def _found(self) -> Versions:
        return self._found_in(self._seen)

    @staticmethod
    def _found_in(seen: Versions | None) -> Versions:
        if seen is None:
            raise LookFailed
        return seen

    def _ask(self) -> Versions | None:
        for fresh in (False, True):
            connection = self._connected(fresh=fresh)
            if connection is None:
                return None
            line = connection.pgconn
            result = line.exec_prepared(_NAME, None) if self._is_prepared else line.exec_(_told("transaction") + _LOOK)
            if result.status == pq.ExecStatus.TUPLES_OK:
                value = result.get_value
                return {value(row, 0) or b"": value(row, 1) or b"" for row in range(result.ntuples)}
        return None

    def _connected(self, *, fresh: bool) -> psycopg.Connection[Any] | None:
        if self._connection is not None and not fresh:
            return self._connection
        self.close()
        try:
            self._connection = self._connect(
                autocommit=True, connect_timeout=2, application_name="read-cache", tcp_user_timeout=3000
            )
            self._is_prepared = is_alone(self._connection)
            if self._is_prepared:
                self._connection.pgconn.exec_(_told("session"))
                self._connection.pgconn.prepare(_NAME, _LOOK)
        except psycopg.Error:
            return None
        return self._connection

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class ReadCache:
    """The answers most lately used, up to so many bytes."""

    def __init__(self, connect: Connect, *, capacity: int = 32 * 1024 * 1024) -> None:
        self.lookout = Lookout(connect)
        self._capacity = capacity
        self._kept: OrderedDict[Any, Kept] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def find(self, key: Any, versions: Versions) -> Kept | None:
        """The answer under that key, if nothing that it depends on has changed."""
        kept = self._kept.get(key)
        if kept is None or kept.versions != relevant(versions, kept.tables):
            return None
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
        return kept

    def keep(self, key: Any, kept: Kept) -> None:
        if kept.size > self._capacity // 8:
            return
        with self._lock:
            before = self._kept.pop(key, None)
            self._size += kept.size - (before.size if before else 0)
            self._kept[key] = kept
            while self._size > self._capacity:
                _, oldest = self._kept.popitem(last=False)
                self._size -= oldest.size

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._size = 0


def relevant(versions: Versions, tables: tuple[bytes, ...] | None) -> Versions:
    """The versions of those tables alone; of every table for None."""
    return versions if tables is None else {table: versions.get(table, b"") for table in tables}
