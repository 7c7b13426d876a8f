"""Whether an address leads to a pooler that gives one session of the database to several connections in turn.

What lasts longer than a transaction is lost behind such a one: `listen`, locks of a session, its settings.
"""

from collections.abc import Callable
from typing import Any

import psycopg

from config import libpq_url

LOOKS = 5
Connect = Callable[[], psycopg.Connection[Any]]

NOT_DIRECT = (
    "DATABASE_URL leads to a transaction pooler. Set DATABASE_DIRECT_URL to the address of the same database past the"
    " pooler: migrations, the worker and LISTEN need sessions of their own."
)
NOT_DIRECT_EITHER = (
    "DATABASE_DIRECT_URL leads to a transaction pooler, too; it must be the address of the database itself."
)


class SharedSessions(Exception):
    """Sessions of one's own are needed, and can't be had; the message says what to set, in one line."""


def require_own_sessions(url: str, direct_url: str | None) -> None:
    """Raise `SharedSessions` unless one of the addresses, the direct one if there is any, leads to no such pooler."""

    def connect() -> psycopg.Connection[Any]:
        return psycopg.connect(
            libpq_url(direct_url or url), autocommit=True, connect_timeout=10, prepare_threshold=None
        )

    if shares_sessions(connect):
        raise SharedSessions(NOT_DIRECT_EITHER if direct_url else NOT_DIRECT)


def shares_sessions(connect: Connect) -> bool:
    """Whether two connections that are open at once were served by one process of the database, or one by two."""
    with connect() as one:
        if is_alone(one):
            return False
        with connect() as other:
            for _ in range(LOOKS):
                mine = _server_of(one)
                with other.transaction():
                    if _server_of(other) == mine or _server_of(one) != mine:
                        return True
    return False


def is_alone(connection: psycopg.Connection[Any]) -> bool:
    """Whether no pooler is between: each makes up the process that it announces, to pass on cancellations itself."""
    return _server_of(connection) == connection.pgconn.backend_pid


def _server_of(connection: psycopg.Connection[Any]) -> int:
    return int(connection.pgconn.exec_(b"select pg_backend_pid()").get_value(0, 0) or 0)
