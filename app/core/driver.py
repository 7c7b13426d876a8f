"""Statements that go past SQLAlchemy, to the driver: a tenth of the work for what has neither parameters nor rows."""

from collections.abc import Callable
from typing import Any, cast

import psycopg
from psycopg import pq
from sqlalchemy import Connection
from sqlalchemy.exc import InternalError, OperationalError

Connect = Callable[..., psycopg.Connection[Any]]
"""Opens a connection as the application, with whatever psycopg takes."""


def driver_of(connection: Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    assert driver is not None
    return cast("psycopg.Connection[Any]", driver)


def literal(line: pq.abc.PGconn, value: str) -> bytes:
    """The value as it stands in a statement, in quotes."""
    return pq.Escaping(line).escape_literal(value.encode())


def begin_of(driver: psycopg.Connection[Any]) -> bytes:
    """The statement that begins a transaction of the kind that this connection is set to."""
    level, read_only, deferrable = driver.isolation_level, driver.read_only, driver.deferrable
    kind = [b"begin"]
    if level is not None:
        kind.append(b"isolation level " + level.name.replace("_", " ").encode())
    if read_only is not None:
        kind.append(b"read only" if read_only else b"read write")
    if deferrable is not None:
        kind.append(b"deferrable" if deferrable else b"not deferrable")
    return b" ".join(kind)


def send(connection: Connection, statement: bytes, *, failing: str) -> None:
    """Have the server run statements without parameters, whose rows nobody asks for.

    Raises what SQLAlchemy would, with `failing` to say what can't be done.
    """
    line = driver_of(connection).pgconn
    result = line.exec_(statement)
    if result.status in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK):
        return
    reason = f"{failing}: {result.error_message.decode(errors='replace').strip()}"
    raise_if_lost(connection, failing=failing, reason=reason)
    raise InternalError(failing, None, psycopg.InternalError(reason))


def raise_if_lost(connection: Connection, *, failing: str, reason: str) -> None:
    """Raise what SQLAlchemy would if the connection was lost by what went past it."""
    if driver_of(connection).pgconn.status == pq.ConnStatus.BAD:
        connection.invalidate()
        raise OperationalError(failing, None, psycopg.OperationalError(reason), connection_invalidated=True)
