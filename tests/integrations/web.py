"""A server on this machine for tests of outgoing requests: what it does at each path is a function of its handler."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Heard:
    method: str
    path: str
    headers: Message
    """By name, however it is capitalised."""
    body: bytes


@dataclass
class Web:
    """`does` says what happens at a path; any other answers 404. `heard` are the requests in their order."""

    does: dict[str, Callable[[Any], None]] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def answer(handler: Any, status: int = 200, body: bytes | str = b"", **headers: str) -> None:
    raw = body.encode() if isinstance(body, str) else body
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(raw)))
    handler.end_headers()
    handler.wfile.write(raw)


def answers(status: int = 200, body: bytes | str = b"", **headers: str) -> Callable[[Any], None]:
    return lambda handler: answer(handler, status, body, **headers)


@contextmanager
def web(host: str = "127.0.0.1", **does: Callable[[Any], None]) -> Iterator[Web]:
    """`web(loop=…)` does that at `/loop`."""
    told = Web({f"/{name}": function for name, function in does.items()})

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            with suppress(OSError):
                super().handle_one_request()

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told.heard.append(Heard(self.command, self.path, self.headers, body))
            with suppress(OSError):
                told.does.get(self.path.partition("?")[0], answers(404))(self)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815

        def do_HEAD(self) -> None:
            self._any()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer((host, 0), Handler)
    server.daemon_threads = True
    told.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
