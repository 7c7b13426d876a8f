"""What others change of identities (`psql`, another machine), heard from PostgreSQL by a thread of each web process.

The thread looks every second whether its connection still listens. While that isn't proven, nobody trusts what is kept:
every request asks the database. A connection that was lost may have missed something: with a new one, all is read anew.
"""

import atexit
import os
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import structlog

from app.auth.freshness.counters import EVERYTHING, SIGNING_KEYS, Counters, Name
from app.core.read_cache import Connect

log = structlog.get_logger(__name__)

CHANNEL = "identity"
APPLICATION_NAME = "identity-listener"
LOOKS_EVERY = 1.0
TRUSTED_FOR = 3.0
_WAIT_AT_MOST = 10.0


class Listener:
    """`between` is called about once a second from the thread, for work that may wait that long."""

    def __init__(self, connect: Connect, counters: Counters, between: Callable[[], None] | None = None) -> None:
        self._connect = connect
        self._counters = counters
        self._between = between
        self._trusted_until = float("-inf")
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process = 0

    def is_proven(self) -> bool:
        """Whether nothing can have been missed in the last seconds. Starts to listen when it is first asked."""
        if time.monotonic() < self._trusted_until and self._process == os.getpid():
            return True
        self._start()
        return False

    def stop(self) -> None:
        """Stop listening, and wait for the thread to end."""
        self._stop.set()
        self._trusted_until = float("-inf")
        thread = self._thread
        if thread is not None and thread.is_alive() and self._process == os.getpid():
            thread.join(2 * LOOKS_EVERY)

    def _start(self) -> None:
        if self._process == os.getpid() and self._thread is not None and self._thread.is_alive():
            return
        with self._lock:
            alive = self._process == os.getpid() and self._thread is not None and self._thread.is_alive()
            if alive or self._stop.is_set():
                return
            self._process, self._trusted_until = os.getpid(), float("-inf")
            self._thread = threading.Thread(target=self._run, name=APPLICATION_NAME, daemon=True)
            self._thread.start()
            atexit.register(self._stop.set)

    def _run(self) -> None:
        wait = LOOKS_EVERY
        while not self._stop.is_set():
            try:
                with self._connected() as connection:
                    wait = LOOKS_EVERY
                    self._listen(connection)
            except (psycopg.Error, OSError) as error:
                log.warning("not listening for changed identities", reason=str(error).strip(), again_in=wait)
            self._trusted_until = float("-inf")
            self._stop.wait(wait)
            wait = min(2 * wait, _WAIT_AT_MOST)

    def _connected(self) -> psycopg.Connection[Any]:
        return self._connect(
            autocommit=True, connect_timeout=2, application_name=APPLICATION_NAME,
            options="-c statement_timeout=2000", tcp_user_timeout=3000,
        )  # fmt: skip

    def _listen(self, connection: psycopg.Connection[Any]) -> None:
        connection.execute(f"listen {CHANNEL}")
        self._counters.move([EVERYTHING, SIGNING_KEYS])
        while not self._stop.is_set():
            began = time.monotonic()
            listens = connection.execute("select from pg_listening_channels() c where c = %s", [CHANNEL])
            if listens.rowcount == 0:
                raise psycopg.OperationalError("the connection doesn't listen any more; does a pooler share it?")
            for notice in connection.notifies(timeout=0):
                self._hear(notice.payload)
            self._trusted_until = began + TRUSTED_FOR
            self._attend()
            for notice in connection.notifies(timeout=LOOKS_EVERY):
                self._hear(notice.payload)

    def _hear(self, payload: str) -> None:
        name: Name = payload
        if payload not in (EVERYTHING, SIGNING_KEYS):
            try:
                name = UUID(payload)
            except ValueError:
                name = EVERYTHING
        self._counters.move([name])

    def _attend(self) -> None:
        if self._between is not None:
            try:
                self._between()
            except Exception as error:  # noqa: BLE001 - whatever it is, the listening goes on
                log.warning("work between two looks failed", reason=str(error))
