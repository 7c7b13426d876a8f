"""Row-level security: tells every transaction of which tenant it may see the rows.

The tables carry policies (`enable_rls` in the migrations): the role of staff (`core/roles.py`) sees all rows, that of
tenants those of the company and the user that the transaction names (`core/tenancy.py`). The context is set in the
exchange that begins the transaction, and ends with it: nothing is left in the session, so that a pooler may give the
next transaction another one, and a transaction without a context sees nothing. Where the context changes within a
transaction, it is set again before the next statement.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

import psycopg
from psycopg import pq
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.pool import ConnectionPoolEntry

from app.core import roles
from app.core.driver import begin_of, driver_of, send
from app.core.tenancy import TenantContext, current_tenant

PINNED = "tenant"
"""The execution option of a connection that keeps one tenant context, whatever that of the work around it is."""

_SETTINGS = "tenant.settings"
"""The execution option of an engine whose transactions get a context: what else is set as each of them begins."""
_APPLIED = "tenant"
"""The context that the present transaction has, among the connection's `info`."""
_FAILING = "the transaction can't be opened"


def register_engine_events(engine: Engine, settings: Mapping[str, str]) -> None:
    """Give every transaction of this engine the tenant context of the work that uses it, and these settings."""
    engine.update_execution_options(**{_SETTINGS: _set_statements(settings)})
    event.listen(engine, "before_cursor_execute", _before_statement)
    for ending in ("commit", "rollback", "rollback_savepoint"):
        event.listen(engine, ending, _forget)
    event.listen(engine, "reset", _forget_on_return)


def apply_tenant(connection: Connection) -> None:
    """Give the transaction the present tenant context, and begin it if need be. A statement that goes past SQLAlchemy,
    to the driver, needs it before."""
    statements = _missing_statements(connection)
    if statements:
        send(connection, statements, failing=_FAILING)
        connection.info[_APPLIED] = _tenant_of(connection)


def send_within(connection: Connection, statement: bytes, *, failing: str) -> None:
    """Have the server run a statement inside the transaction, which begins in the same exchange if it hasn't yet."""
    statements = _missing_statements(connection)
    send(connection, statements + statement, failing=failing)
    if statements:
        connection.info[_APPLIED] = _tenant_of(connection)


def rows_of(connection: Connection, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows, if any, of a fixed statement that is written for the driver, which has a third of the work with it that
    SQLAlchemy has. Raises what SQLAlchemy would."""
    apply_tenant(connection)
    cursor = driver_of(connection).cursor()
    try:
        cursor.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.pgresult is not None and cursor.pgresult.nfields else []
    except psycopg.Error as error:
        # Its way with errors has no public name: it raises its own, after what listens for them.
        connection._handle_dbapi_exception(error, statement, values, None, None)  # noqa: SLF001


def tenant_statements(
    tenant: TenantContext, settings: Mapping[str, str] | None = None, *, to: str = "transaction"
) -> bytes:
    """The statements that give this context to the transaction that they are part of, and these settings; to the whole
    `session`, on a connection that no pooler shares and that is for nothing else."""
    own = roles.own()
    statements = _statements_of(own.staff if tenant.sees_all else own.tenant, tenant.client_id, tenant.user_id, to)
    return statements + _set_statements(settings, to) if settings else statements


@lru_cache(1024)
def _statements_of(role: str, client_id: UUID | None, user_id: UUID | None, to: str) -> bytes:
    company, user = ("" if one is None else one.hex for one in (client_id, user_id))
    return _set_statements({"role": role, "diglit.company": company, 'diglit."user"': user}, to)


def ask(
    driver: psycopg.Connection[Any], tenant: bytes, statement: str, values: Mapping[str, Any] | None = None
) -> psycopg.Cursor[Any]:
    """The rows of a statement on a connection in autocommit, with what `tenant_statements` made, in one exchange and so
    in one transaction. The values are put into its text, and nothing is prepared."""
    cursor = psycopg.ClientCursor(driver)
    cursor.execute(tenant + statement.encode(), values)
    while cursor.nextset():
        pass
    return cursor


def _set_statements(settings: Mapping[str, str], to: str = "transaction") -> bytes:
    # No `select set_config(…)`: after a query, what kind of transaction this is can't be set any more.
    scope = "local" if to == "transaction" else "session"
    return "".join(f"set {scope} {name} = '{value}'; " for name, value in settings.items()).encode()


def _tenant_of(connection: Connection) -> TenantContext:
    return connection.get_execution_options().get(PINNED) or current_tenant()


def _before_statement(connection: Connection, _cursor: Any, statement: str, *_more: Any) -> None:
    if not statement.startswith("ROLLBACK TO SAVEPOINT"):  # it would undo what is set right before it
        apply_tenant(connection)


def _missing_statements(connection: Connection) -> bytes:
    driver = driver_of(connection)
    status = driver.pgconn.transaction_status
    settings: bytes | None = connection.get_execution_options().get(_SETTINGS)
    begins = status == pq.TransactionStatus.IDLE
    if status == pq.TransactionStatus.INERROR:
        return b""  # The statement that follows is refused anyhow.
    if driver.autocommit:
        if settings is None:
            return b""
        raise InvalidRequestError("Use a transaction: in AUTOCOMMIT there is none that could have a tenant context.")
    if settings is None:
        return begin_of(driver) + b"; " if begins else b""
    tenant = _tenant_of(connection)
    if begins:
        return begin_of(driver) + b"; " + tenant_statements(tenant) + settings
    return b"" if connection.info.get(_APPLIED) == tenant else tenant_statements(tenant)


def _forget(connection: Connection, *_savepoint: Any) -> None:
    if not connection.invalidated:
        connection.info.pop(_APPLIED, None)


def _forget_on_return(_driver: Any, record: ConnectionPoolEntry, _state: Any) -> None:
    record.info.pop(_APPLIED, None)
