"""Connections for httpcore that go to checked addresses alone, and end at a deadline."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpcore

from app.integrations.outgoing.addresses import Forbidden, Networks, NoAddress, require_allowed, resolve

LONGEST_CONNECT = 10.0
MOST_ADDRESSES = 2
PIECE = 16_384


class NameNotFound(httpcore.ConnectError):
    """The host of the address has none."""


class TlsFailed(httpcore.ConnectError):
    """The host could not prove who it is."""


class Stream(httpcore.NetworkStream):
    """A connection that ends at the deadline, however steadily something trickles in or out."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, left_until(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # In pieces: the inner one begins to count anew whenever a part was taken.
        for at in range(0, len(buffer), PIECE):
            self._inner.write(buffer[at : at + PIECE], left_until(self._deadline, timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            inner = self._inner.start_tls(ssl_context, server_hostname, left_until(self._deadline, timeout))
        except httpcore.ConnectError as error:
            raise TlsFailed(str(error)) from None
        return Stream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


@dataclass
class Backend(httpcore.NetworkBackend):
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
            addresses = resolve(host.strip("[]"), port, left_until(self.deadline))
        except NoAddress:
            raise NameNotFound from None
        for address in addresses:
            require_allowed(address, self.private)
        failure: Exception = httpcore.ConnectError()
        for address in addresses[:MOST_ADDRESSES]:
            left = left_until(self.deadline, LONGEST_CONNECT)
            try:
                stream = self.inner.connect_tcp(str(address), port, left, local_address, socket_options)
                return Stream(stream, self.deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def connect_unix_socket(self, *_arguments: Any, **_options: Any) -> httpcore.NetworkStream:
        raise Forbidden


def left_until(deadline: float, most: float | None = None) -> float:
    """Seconds until then, at most so many. Raises `ReadTimeout` when it has passed."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the deadline has passed")
    return left if most is None else min(left, most)
