"""What others change of identities (`psql`, another machine), heard from PostgreSQL by a thread of each web process.

Every second the thread sends itself a notification over a second connection, on the way that changes take, and waits
for it on the first: behind a pooler that shares sessions, `listen` succeeds and nothing arrives. While that isn't
proven, nobody trusts what is kept: every request asks the database. A connection that was lost may have missed
something: with a new one, all is read anew.
"""

import atexit
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
import structlog

from app.core.driver import Connect
from app.identity.cache.counters import EVERYTHING, SIGNING_KEYS, Counters, Name

log = structlog.get_logger(__name__)
Raw = psycopg.Connection[Any]

CHANNEL = "identity"
APPLICATION_NAME = "identity-listener"
LOOKS_EVERY = 1.0
TRUSTED_FOR = 3.0
ARRIVES_WITHIN = 2.0
_WAIT_AT_MOST = 10.0


DEAF = (
    "its own notifications don't arrive. DATABASE_DIRECT_URL must name the same database as DATABASE_URL, past any"
    " transaction pooler; until then every request asks the database who is asking"
)


class Listener:
    """`listen` connects to where sessions are one's own, `tell` to where changes are made. `between` is called about
    once a second from the thread, for work that may wait that long."""

    def __init__(
        self, listen: Connect, tell: Connect, counters: Counters, between: Callable[[], None] | None = None
    ) -> None:
        self._ways = (listen, tell)
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
                with self._connected() as (listening, telling):
                    self._listen(listening, telling)
            except (psycopg.Error, OSError) as error:
                wait = wait if self._trusted_until == float("-inf") else LOOKS_EVERY
                log.warning("not listening for changed identities", reason=str(error).strip(), again_in=wait)
            self._trusted_until = float("-inf")
            self._stop.wait(wait)
            wait = min(2 * wait, _WAIT_AT_MOST)

    @contextmanager
    def _connected(self) -> Iterator[tuple[Raw, Raw]]:
        listen, tell = (
            partial(way, autocommit=True, connect_timeout=2, application_name=APPLICATION_NAME, tcp_user_timeout=3000)
            for way in self._ways
        )
        with listen() as listening, tell() as telling:
            yield listening, telling

    def _listen(self, listening: Raw, telling: Raw) -> None:
        own = f"proof_{secrets.token_hex(8)}"
        listening.execute(f"listen {CHANNEL}; listen {own}")
        self._counters.move([EVERYTHING, SIGNING_KEYS])
        while not self._stop.is_set():
            began = time.monotonic()
            self._prove(listening, telling, own)
            self._trusted_until = began + TRUSTED_FOR
            self._attend()
            for notice in listening.notifies(timeout=max(0.0, began + LOOKS_EVERY - time.monotonic())):
                self._hear(notice)

    def _prove(self, listening: Raw, telling: Raw, own: str) -> None:
        """Tell it on the channel of one's own, and wait until it is heard. What came before it is heard before it."""
        proof = secrets.token_hex(8)
        telling.execute("select pg_notify(%s, %s)", [own, proof])
        until = time.monotonic() + ARRIVES_WITHIN
        while time.monotonic() < until:
            # To its end: what came along with the proof would be lost.
            heard = list(listening.notifies(timeout=until - time.monotonic(), stop_after=1))
            for notice in heard:
                self._hear(notice)
            if any((notice.channel, notice.payload) == (own, proof) for notice in heard):
                return
        raise psycopg.OperationalError(DEAF)

    def _hear(self, notice: psycopg.Notify) -> None:
        if notice.channel != CHANNEL:
            return
        payload = notice.payload
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
