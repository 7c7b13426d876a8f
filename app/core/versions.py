"""Whether anything in certain tables has changed: what every cache in memory asks before it answers.

The database counts the changes of each table in `data_versions`, in the transaction of the change itself. A cache reads
the version of the tables that it depends on first, then what it keeps, and uses that only while a later look finds the
same version. So nothing is older than the last acknowledged commit of any process. There are two ways to look:

    VERSION   in a query that is sent anyway, within the caller's transaction (lists, skills, the index of matching)
    Lookout   over a connection of its own, one look for all who wait (answers of public reads)

The clock is no table: what depends on the day has the day in its key.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from psycopg import pq
from sqlalchemy import Engine

from app.core.driver import Connect
from app.core.poolers import is_alone
from app.core.rls import tenant_statements
from app.core.sessions import AnySession
from app.core.tenancy import NOBODY

V = TypeVar("V")
Versions = Mapping[bytes, bytes]
"""The version of each table that ever changed."""

VERSION = """
    case when coalesce(bool_or(xid = pg_current_xact_id_if_assigned()), false) then null
         else coalesce(sum(version), 0)::bigint end
"""
"""For a query of `data_versions` that names the tables: moves with every commit that changes one of them. Null in a
transaction that has changed one itself: what it reads is for nobody else."""

_LOOK = b"select table_name, sum(version) from data_versions group by table_name"
_NAME = b"look"
_PATIENCE = 2.0


class LookFailed(Exception):
    """The database could not be asked; the answer has to be made without the cache."""


class SharedLook(Generic[V]):
    """A look that serves everybody who was waiting when it began."""

    def __init__(self, look: Callable[[], V], *, patience: float) -> None:
        self._look = look
        self._patience = patience
        self._turn = threading.Condition()
        self._is_looking = False
        self._started = self._finished = 0
        self._seen: V | None = None

    def __call__(self) -> V | None:
        """What a look saw that began after this call; None where somebody else's failed. Raises what the look raises,
        and `LookFailed` after too long a wait."""
        with self._turn:
            needed = self._started + 1
            while self._is_looking and self._finished < needed:
                if not self._turn.wait(self._patience):
                    raise LookFailed
            if self._finished >= needed:
                return self._seen
            self._is_looking = True
            self._started += 1
        seen = None
        try:
            seen = self._look()
        finally:
            with self._turn:
                self._seen, self._finished, self._is_looking = seen, self._started, False
                self._turn.notify_all()
        return seen


class Lookout:
    """Looks at the versions of all tables over a connection of its own, for one requester or for many at once."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._connection: psycopg.Connection[Any] | None = None
        self._is_prepared = False
        self._shared = SharedLook(self._ask, patience=_PATIENCE)

    def look(self) -> Versions:
        """The versions as of some moment after this call began. Raises `LookFailed`."""
        seen = self._shared()
        if seen is None:
            raise LookFailed
        return seen

    def _ask(self) -> Versions | None:
        for fresh in (False, True):
            connection = self._connected(fresh=fresh)
            if connection is None:
                return None
            line = connection.pgconn
            result = (
                line.exec_prepared(_NAME, None) if self._is_prepared else line.exec_(_as_nobody("transaction") + _LOOK)
            )
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
                self._connection.pgconn.exec_(_as_nobody("session"))
                self._connection.pgconn.prepare(_NAME, _LOOK)
        except psycopg.Error:
            return None
        return self._connection

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _as_nobody(to: str) -> bytes:
    # With the look behind it, one exchange and one transaction: nothing of it stays in a session that a pooler shares.
    return tenant_statements(NOBODY, {"statement_timeout": "2s"}, to=to)


def versions_of(tables: tuple[bytes, ...] | None, versions: Versions) -> Versions:
    """The versions of those tables alone; of every table for None."""
    return versions if tables is None else {table: versions.get(table, b"") for table in tables}


class PerDatabase(Generic[V]):
    """Something that is kept for each database of the process."""

    def __init__(self, make: Callable[[], V]) -> None:
        self._make = make
        self._made: WeakKeyDictionary[Engine, V] = WeakKeyDictionary()

    def of(self, session: AnySession) -> V | None:
        """That of the session's database; none on a connection of its own, whose transaction may never end."""
        bind = session.get_bind()
        return self._made.setdefault(bind, self._make()) if isinstance(bind, Engine) else None

    def clear(self) -> None:
        self._made.clear()
