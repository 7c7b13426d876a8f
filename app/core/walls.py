"""Tells each connection for whom it is used, so that the database itself walls the companies off from each other.

The tables carry row-level security (`wall_table` in the migrations): the role `diglit_staff` sees all rows,
`diglit_tenant` those of the company and the user that the connection stands for. Before a statement the connection's
standing is compared with the present one (`core/standing.py`), and told only where they differ: a request that stands
for whom the one before it stood costs nothing.
"""

from typing import Any

from psycopg import pq
from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from app.core.driver import driver_of, send
from app.core.standing import Standing, current

STAFF = "diglit_staff"
TENANT = "diglit_tenant"
PINNED = "standing"
"""The execution option of a connection that is used for the same standing whatever the work around it stands for."""

_TOLD = "standing"
_IN_TRANSACTION = "standing.in-transaction"


def attend(engine: Engine) -> None:
    """Have every connection of this engine stand for whom the work stands that uses it."""
    event.listen(engine, "begin", take_position)
    event.listen(engine, "before_cursor_execute", _before_statement)
    for ending in ("commit", "rollback", "rollback_savepoint"):
        event.listen(engine, ending, _perhaps_undone)
    event.listen(engine, "reset", _perhaps_undone_on_return)


def take_position(connection: Connection) -> None:
    """Tell the connection the present standing. Needed before a statement that goes past SQLAlchemy, to the driver."""
    wanted = connection.get_execution_options().get(PINNED) or current()
    info = connection.info
    if info.get(_TOLD) != wanted:
        _tell(connection, wanted, info)


def _before_statement(connection: Connection, _cursor: Any, statement: str, *_more: Any) -> None:
    if not statement.startswith("ROLLBACK TO SAVEPOINT"):  # it would undo what is told right before it
        take_position(connection)


def _tell(connection: Connection, wanted: Standing, info: dict[str, Any]) -> None:
    status = driver_of(connection).pgconn.transaction_status
    if status == pq.TransactionStatus.INERROR:
        return  # The statement that follows is refused anyhow.
    info.pop(_TOLD, None)
    send(connection, _statement_for(wanted), failing="the connection can't stand for anybody")
    # Outside of a transaction it outlives whatever becomes of the next one.
    info[_TOLD] = wanted
    info[_IN_TRANSACTION] = status != pq.TransactionStatus.IDLE


def _statement_for(standing: Standing) -> bytes:
    role = STAFF if standing.sees_all else TENANT
    company, user = ("" if one is None else one.hex for one in (standing.client_id, standing.user_id))
    return (
        f"set role {role}; select set_config('diglit.company', '{company}', false),"
        f" set_config('diglit.user', '{user}', false)"
    ).encode()


def _perhaps_undone(connection: Connection, *_savepoint: Any) -> None:
    # A commit may fail, too: what was told inside the transaction is told once more after it.
    if not connection.invalidated:
        _forget(connection.info)


def _perhaps_undone_on_return(_driver: Any, record: ConnectionPoolEntry, _state: Any) -> None:
    _forget(record.info)


def _forget(info: dict[str, Any]) -> None:
    if info.pop(_IN_TRANSACTION, None):
        info.pop(_TOLD, None)
