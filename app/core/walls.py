"""Tells every transaction for whom it is, so that the database itself walls the companies off from each other.

The tables carry row-level security (`wall_table` in the migrations): the role of staff (`core/roles.py`) sees all rows,
that of tenants those of the company and the user that the transaction is for (`core/standing.py`). It is told in the
exchange that begins the transaction, and ends with it: nothing is left in the session, so that a pooler may give the
next transaction another one, and a transaction that wasn't told sees nothing. Where the standing changes within a
transaction, it is told again before the next statement.
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import pq
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.pool import ConnectionPoolEntry

from app.core import roles
from app.core.driver import begin_of, driver_of, send
from app.core.standing import Standing, current

PINNED = "standing"
"""The execution option of a connection that is used for the same standing whatever the work around it stands for."""

_WALLED = "standing.settings"
"""The execution option of an engine whose transactions are told: what else each of them is told as it begins."""
_TOLD = "standing"
"""What the present transaction was last told, among the connection's `info`."""
_FAILING = "the transaction can't be opened for anybody"


def attend(engine: Engine, settings: Mapping[str, str]) -> None:
    """Have every transaction of this engine be for whom the work stands that uses it, under these settings."""
    engine.update_execution_options(**{_WALLED: _told(settings)})
    event.listen(engine, "before_cursor_execute", _before_statement)
    for ending in ("commit", "rollback", "rollback_savepoint"):
        event.listen(engine, ending, _undone)
    event.listen(engine, "reset", _undone_on_return)


def take_position(connection: Connection) -> None:
    """Tell the transaction the present standing, and begin it if need be. A statement that goes past SQLAlchemy, to the
    driver, needs it before."""
    told = _whatever_is_to_be_told(connection)
    if told:
        send(connection, told, failing=_FAILING)
        connection.info[_TOLD] = _standing_of(connection)


def send_within(connection: Connection, statement: bytes, *, failing: str) -> None:
    """Have the server run a `select` inside the transaction, which begins in the same exchange if it hasn't yet."""
    told = _whatever_is_to_be_told(connection)
    send(connection, told + statement, failing=failing)
    if told:
        connection.info[_TOLD] = _standing_of(connection)


def telling(standing: Standing, settings: Mapping[str, str] | None = None, *, to: str = "transaction") -> bytes:
    """The statements that tell it to the transaction that they are part of, and these settings beside it; to the whole
    `session`, on a connection that no pooler shares and that is for nothing else."""
    company, user = ("" if one is None else one.hex for one in (standing.client_id, standing.user_id))
    own = roles.own()
    role = own.staff if standing.sees_all else own.tenant
    return _told({"role": role, "diglit.company": company, 'diglit."user"': user} | dict(settings or {}), to)


def ask(
    driver: psycopg.Connection[Any], told: bytes, statement: str, values: Mapping[str, Any] | None = None
) -> psycopg.Cursor[Any]:
    """The rows of a statement on a connection in autocommit, with what `telling` made, in one exchange and so in one
    transaction. The values are put into its text, and nothing is prepared."""
    cursor = psycopg.ClientCursor(driver)
    cursor.execute(told + statement.encode(), values)
    while cursor.nextset():
        pass
    return cursor


def _told(settings: Mapping[str, str], to: str = "transaction") -> bytes:
    # No `select set_config(…)`: after a query, what kind of transaction this is can't be set any more.
    scope = "local" if to == "transaction" else "session"
    return "".join(f"set {scope} {name} = '{value}'; " for name, value in settings.items()).encode()


def _standing_of(connection: Connection) -> Standing:
    return connection.get_execution_options().get(PINNED) or current()


def _before_statement(connection: Connection, _cursor: Any, statement: str, *_more: Any) -> None:
    if not statement.startswith("ROLLBACK TO SAVEPOINT"):  # it would undo what is told right before it
        take_position(connection)


def _whatever_is_to_be_told(connection: Connection) -> bytes:
    driver = driver_of(connection)
    status = driver.pgconn.transaction_status
    settings: bytes | None = connection.get_execution_options().get(_WALLED)
    begins = status == pq.TransactionStatus.IDLE
    if status == pq.TransactionStatus.INERROR:
        return b""  # The statement that follows is refused anyhow.
    if driver.autocommit:
        if settings is None:
            return b""
        raise InvalidRequestError("Use a transaction: there is none in AUTOCOMMIT that could be told for whom it is.")
    if settings is None:
        return begin_of(driver) + b"; " if begins else b""
    standing = _standing_of(connection)
    if begins:
        return begin_of(driver) + b"; " + telling(standing) + settings
    return b"" if connection.info.get(_TOLD) == standing else telling(standing)


def _undone(connection: Connection, *_savepoint: Any) -> None:
    if not connection.invalidated:
        connection.info.pop(_TOLD, None)


def _undone_on_return(_driver: Any, record: ConnectionPoolEntry, _state: Any) -> None:
    record.info.pop(_TOLD, None)
