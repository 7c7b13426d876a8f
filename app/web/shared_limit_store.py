"""Counters of rate limits in PostgreSQL, which all machines count in together."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b

from limits.storage import Storage
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from app.core import counters
from app.core.tenancy import as_system


class DatabaseStorage(Storage):
    """Each count is a transaction of its own: it holds whatever becomes of the request that made it."""

    STORAGE_SCHEME = None

    def __init__(self, engine: Callable[[], Engine]) -> None:
        super().__init__(wrap_exceptions=True)
        self._engine = engine

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        with self._connection() as connection:
            return counters.count(connection, _digest(key), seconds=expiry, amount=amount)

    def get(self, key: str) -> int:
        with self._connection() as connection:
            return counters.read(connection, _digest(key))[0]

    def get_expiry(self, key: str) -> float:
        with self._connection() as connection:
            return counters.read(connection, _digest(key))[1] or time.time()

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        """Not offered: a deployment's counts are not one process's to drop."""
        return None

    def clear(self, key: str) -> None:
        with self._connection() as connection:
            counters.clear(connection, _digest(key))

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with as_system("limits count before it is known who asks"), self._engine().begin() as connection:
            yield connection


def _digest(key: str) -> bytes:
    return blake2b(key.encode(), digest_size=16).digest()
