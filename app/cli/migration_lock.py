"""Of several machines that start at once, one migrates and the others wait for it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

MIGRATING = 0x0D16117
PATIENCE = 5.0
TICK = 0.2

_TRY = text("select pg_try_advisory_lock(:key)")
_UNLOCK = text("select pg_advisory_unlock(:key)")
_HOLDER = text("""
    select l.pid, coalesce(nullif(a.application_name, ''), 'an unnamed program') as name,
           to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as since
      from pg_locks l left join pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and l.classid = 0 and l.objid = :key
       and l.database = (select oid from pg_database where datname = current_database())
""")


@contextmanager
def alone(connection: Connection, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock inside the block. Says after `PATIENCE` seconds whom it waits for."""
    began, told = time.monotonic(), False
    while not _scalar(connection, _TRY):
        if not told and time.monotonic() - began >= PATIENCE:
            told = True
            say(f"Waiting for {_holder(connection)}, which prepares the same database")
        time.sleep(TICK)
    try:
        yield
    finally:
        # A pooler that keeps the session open would keep the lock.
        with suppress(SQLAlchemyError):
            connection.rollback()
            _scalar(connection, _UNLOCK)


def _scalar(connection: Connection, statement: object) -> object:
    found = connection.scalar(statement, {"key": MIGRATING})  # type: ignore[call-overload]
    connection.rollback()
    return found


def _holder(connection: Connection) -> str:
    holder = connection.execute(_HOLDER, {"key": MIGRATING}).first()
    connection.rollback()
    if holder is None:
        return "somebody who has just finished"
    since = f", connected since {holder.since} UTC" if holder.since else ""
    return f"process {holder.pid} of the database ({holder.name}{since})"
