"""Statements that go past SQLAlchemy, to the driver: a tenth of the work for what has neither parameters nor rows."""

from typing import Any, cast

import psycopg
from psycopg import pq
from sqlalchemy import Connection
from sqlalchemy.exc import InternalError, OperationalError


def driver_of(connection: Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    assert driver is not None
    return cast("psycopg.Connection[Any]", driver)


def literal(line: pq.abc.PGconn, value: str) -> bytes:
    """The value as it stands in a statement, in quotes."""
    return pq.Escaping(line).escape_literal(value.encode())


def send(connection: Connection, statement: bytes, *, failing: str) -> None:
    """Have the server run a statement whose last part is a `select`, whether in a transaction or outside of one.

    Raises what SQLAlchemy would, with `failing` to say what can't be done.
    """
    line = driver_of(connection).pgconn
    result = line.exec_(statement)
    if result.status == pq.ExecStatus.TUPLES_OK:
        return
    reason = f"{failing}: {result.error_message.decode(errors='replace').strip()}"
    if line.status == pq.ConnStatus.BAD:
        connection.invalidate()
        raise OperationalError(failing, None, psycopg.OperationalError(reason), connection_invalidated=True)
    raise InternalError(failing, None, psycopg.InternalError(reason))


def send_within(connection: Connection, statement: bytes, *, failing: str) -> None:
    """The same inside a transaction; one that hasn't begun at the server begins with it, in the same exchange."""
    driver = driver_of(connection)
    if driver.pgconn.transaction_status == pq.TransactionStatus.IDLE and not driver.autocommit:
        if (driver.isolation_level, driver.read_only, driver.deferrable) == (None, None, None):
            statement = b"begin; " + statement
        else:
            driver.execute("select")  # the driver knows how this one is to begin
    send(connection, statement, failing=failing)
