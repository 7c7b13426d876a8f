"""How many requests are worked on at once, and that nobody who is slow to send takes the places of others.

The web server gives a request its thread as soon as the headers are there, and a read that waits for the body can't be
broken off. So there are more threads than places to work at, and a request takes its place when its body has come. Only
so many may wait for their bodies, and fewer from one address; further ones are told to come back. Requests without a
body always find a thread.
"""

import io
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from flask import Flask

from app.core.database_errors import Unavailable
from app.core.engine import BLOCKING_THREADS
from app.web.sizes import LARGEST_FORM

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

SERVER = "Granian"
"""What the web server calls itself."""
PLACES = BLOCKING_THREADS
WAITING = 60
WAITING_FROM_ONE_ADDRESS = 32
"""Bodies that are there already are among them, for the moment that reading takes: many at once are no reason to refuse
any."""
THREADS = PLACES + WAITING
"""What the web server is to have."""
HELD = LARGEST_FORM
"""Bytes that are waited for before the work begins. Of longer bodies, which few may send, the rest is read as it comes,
and the place is left while it doesn't."""

_TOO_MANY = "Too many requests are still being sent. Try again in a moment."


class Queue:
    """So many places, for whoever came first. A `threading.Semaphore` gives a place that becomes free to whoever asks
    at that moment, and those who wait go on waiting."""

    def __init__(self, places: int) -> None:
        self.free = places
        self.waiting: deque[threading.Lock] = deque()
        self._lock = threading.Lock()

    def acquire(self) -> None:
        with self._lock:
            if self.free:
                self.free -= 1
                return
            turn = threading.Lock()
            turn.acquire()
            self.waiting.append(turn)
        turn.acquire()

    def release(self) -> None:
        with self._lock:
            if self.waiting:
                self.waiting.popleft().release()
            else:
                self.free += 1


class Places:
    """Goes around the framework, in the web server alone."""

    def __init__(self, wsgi: Wsgi) -> None:
        self._wsgi = wsgi
        self._places = Queue(PLACES)
        self._waiting: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("SERVER_SOFTWARE") != SERVER:
            return self._wsgi(environ, start_response)
        if not _has_body(environ):
            return self._work(environ, start_response)
        address = environ.get("REMOTE_ADDR", "")
        if not self._wait(address):
            environ["wsgi.input"] = _Refused()
            return self._work(environ, start_response)
        try:
            body = _Body(environ, self._left)
        except BaseException:
            self._waits_no_more(address)
            raise
        environ["wsgi.input"] = body
        if body.is_whole:
            self._waits_no_more(address)
            return self._work(environ, start_response)
        return self._work(environ, start_response, lambda: self._waits_no_more(address))

    def _work(
        self, environ: Environ, start_response: Callable[..., Any], ended: Callable[[], None] = lambda: None
    ) -> Iterable[bytes]:
        def leave() -> None:
            self._places.release()
            ended()

        self._places.acquire()
        answer: Iterable[bytes] | None = None
        try:
            answer = self._wsgi(environ, start_response)
        finally:
            if answer is None or isinstance(answer, list):
                leave()
        return answer if isinstance(answer, list) else _Streamed(answer, leave)

    def _wait(self, address: str) -> bool:
        with self._lock:
            if self._waiting.total() >= WAITING or self._waiting[address] >= WAITING_FROM_ONE_ADDRESS:
                return False
            self._waiting[address] += 1
            return True

    def _waits_no_more(self, address: str) -> None:
        with self._lock:
            self._waiting[address] -= 1
            if not self._waiting[address]:
                del self._waiting[address]

    @contextmanager
    def _left(self) -> Iterator[None]:
        self._places.release()
        try:
            yield
        finally:
            self._places.acquire()


def _has_body(environ: Environ) -> bool:
    length = environ.get("CONTENT_LENGTH")
    if length is not None or "HTTP_TRANSFER_ENCODING" in environ:
        return bool(length != "0")
    # HTTP/2 needs neither.
    return environ["REQUEST_METHOD"] not in ("GET", "HEAD") and environ["SERVER_PROTOCOL"] == "HTTP/2"


class _Body(io.RawIOBase):
    """A body of which the beginning has come, as a rule the whole."""

    def __init__(self, environ: Environ, waiting: Callable[[], Any]) -> None:
        self._stream: IO[bytes] = environ["wsgi.input"]
        self._waiting = waiting
        length = environ.get("CONTENT_LENGTH")
        promised = None if length is None else int(length)
        held, self.is_whole = b"", False
        if promised is None or promised <= HELD:
            wanted = HELD + 1 if promised is None else promised
            held = self._stream.read(wanted)
            self.is_whole = promised is not None or len(held) < wanted
        self._held = io.BytesIO(held)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        found = self._held.readinto(buffer)
        if found or self.is_whole or not len(buffer):
            return found
        with self._waiting():
            data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Refused(io.RawIOBase):
    """Raises where somebody reads it: who may not do a thing at all hears that instead."""

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: Any) -> int:
        raise Unavailable(_TOO_MANY)


class _Streamed:
    """An answer that is worked on until it has been sent."""

    def __init__(self, parts: Iterable[bytes], ended: Callable[[], object]) -> None:
        self._parts = parts
        self._ended = ended
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._parts)

    def close(self) -> None:
        with self._lock:
            ended, self._ended = self._ended, lambda: None
        try:
            getattr(self._parts, "close", lambda: None)()
        finally:
            ended()

    __del__ = close


def init_app(app: Flask) -> None:
    """Goes right around the framework: what is answered out of memory needs no place, and behind proxies the addresses
    are those of the callers."""
    app.wsgi_app = Places(app.wsgi_app)  # type: ignore[method-assign]
