"""A request that reaches only what it may: each connection, redirects included, goes to an address that was checked."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpcore
import httpx

from app.integrations.outgoing.addresses import Forbidden, Networks, require_allowed, resolve

MOST_REDIRECTS = 5
MOST_BYTES = 1 << 20


class Unreachable(Exception):
    """No answer came: the message says why, in words for whoever wrote the address."""


class NotAllowed(Unreachable):
    """The address isn't a public one."""


@dataclass(frozen=True)
class Answer:
    """What came back. `truncated` says that the body had more than `MOST_BYTES`."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool
    url: str


class _Stream(httpcore.NetworkStream):
    """A connection that ends at the deadline, however steadily something trickles in."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def _left(self, timeout: float | None) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the deadline has passed")
        return left if timeout is None else min(left, timeout)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, self._left(timeout)), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


@dataclass
class _Backend(httpcore.NetworkBackend):
    """Looks names up itself, checks every address, and connects to one that it has checked."""

    private: Networks
    deadline: float
    inner: httpcore.NetworkBackend = field(default_factory=httpcore.SyncBackend)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            addresses = resolve(host.strip("[]"), port)
        except (OSError, ValueError, UnicodeError):
            raise httpcore.ConnectError(f"{host} has no address") from None
        for address in addresses:
            require_allowed(address, self.private)
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ConnectTimeout("the deadline has passed")
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses[:2]:
            try:
                stream = self.inner.connect_tcp(str(address), port, min(left, 10.0), local_address, socket_options)
                return _Stream(stream, self.deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def connect_unix_socket(self, *_arguments: Any, **_options: Any) -> httpcore.NetworkStream:
        raise Forbidden


class _Transport(httpx.HTTPTransport):
    def __init__(self, backend: _Backend) -> None:
        self._pool = httpcore.ConnectionPool(ssl_context=_tls(), network_backend=backend, max_connections=4)


@cache
def _tls() -> Any:
    """The certificates that are trusted take a tenth of a second to read."""
    return httpx.create_ssl_context(trust_env=False)


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    json: Any = None,
    content: str | None = None,
    seconds: float = 30.0,
    private: Networks = (),
    redirects: int = MOST_REDIRECTS,
) -> Answer:
    """Send a request and read the answer, within so many seconds in all. Raises `Unreachable`, whose message doesn't
    contain the address: it may hold a secret."""
    backend = _Backend(private, time.monotonic() + seconds)
    options: dict[str, Any] = {"headers": dict(headers or {})}
    if query:
        options["params"] = dict(query)
    if json is not None:
        options["json"] = json
    elif content is not None:
        options["content"] = content.encode()
    try:
        with (
            httpx.Client(
                transport=_Transport(backend), timeout=seconds, follow_redirects=redirects > 0, trust_env=False,
                max_redirects=redirects or 1,
            ) as client,
            client.stream(method, url, **options) as answer,
        ):  # fmt: skip
            body, truncated = _read(answer)
            return Answer(answer.status_code, dict(answer.headers), body, truncated, str(answer.url))
    except Forbidden:
        raise NotAllowed("This address is a private one, and can’t be reached from here.") from None
    except httpx.TooManyRedirects:
        raise Unreachable(f"It leads on more than {redirects} times.") from None
    except httpx.TimeoutException:
        raise Unreachable(f"No whole answer came within {seconds:g} seconds.") from None
    except (httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError):
        raise Unreachable("This isn’t an address that begins with http:// or https://.") from None
    except httpx.HTTPError as error:
        raise Unreachable(_reason(error)) from None


def _read(answer: httpx.Response) -> tuple[bytes, bool]:
    body = bytearray()
    for chunk in answer.iter_bytes(65_536):
        body += chunk
        if len(body) > MOST_BYTES:
            return bytes(body[:MOST_BYTES]), True
    return bytes(body), False


def _reason(error: httpx.HTTPError) -> str:
    match error:
        case httpx.ConnectError():
            return "No connection could be made: the name has no address, nobody listens there, or TLS failed."
        case httpx.RemoteProtocolError() | httpx.DecodingError():
            return "What came back isn’t HTTP, or broke off."
    return "The connection broke off."
