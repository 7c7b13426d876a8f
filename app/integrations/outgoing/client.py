"""A request that reaches only what it may: each connection, redirects included, goes to an address that was checked.

Settings of the environment (proxies, .netrc) have no part in it: a proxy would connect to what nobody has checked.
"""

import json as json_text
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpcore
import httpx

from app.integrations.outgoing.addresses import Forbidden, Networks
from app.integrations.outgoing.decoding import Undecodable, read_body
from app.integrations.outgoing.stream import Backend, NameNotFound, TlsFailed

MOST_REDIRECTS = 5
MOST_BYTES = 1 << 20
MOST_PORT = 65_535
NO_URL = "Enter a URL that starts with http:// or https://."
AGENT = "DIGLIT-Automations/1"


class Unreachable(Exception):
    """No answer came: the message says why, in words for whoever wrote the address. It never contains the address,
    which may hold a secret."""


class Refused(Unreachable):
    """The request can't be made as it stands, now or later."""


class NotAllowed(Refused):
    """The address isn't a public one."""


@dataclass(frozen=True)
class Answer:
    """What came back. `truncated` says that the body had more than `MOST_BYTES`."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool


_OURS = frozenset(
    ["accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization",
     "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"]
)  # fmt: skip
"""Headers that belong to the connection."""
_TRAVELS = frozenset(
    ["accept", "accept-encoding", "accept-language", "automation-run", "connection", "content-length", "content-type",
     "host", "idempotency-key", "user-agent"]
)  # fmt: skip
"""What a redirect to another origin takes along. Any other header may be a key for the first one."""
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,8192}")
_PORTS_OF_OTHERS = frozenset(
    [0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
     110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
     532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
     5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080]
)  # fmt: skip
"""The ports that browsers don't send HTTP to (the Fetch standard's “bad ports”): mail servers and the like, which could
take a request for commands of theirs."""


class _Transport(httpx.HTTPTransport):
    def __init__(self, backend: Backend) -> None:
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
    """Send a request and read the answer, within so many seconds in all. Raises `Unreachable`."""
    backend = Backend(private, time.monotonic() + seconds)
    body = _body(json, content)
    given = _headers(headers or {}, is_json=json is not None)
    try:
        with httpx.Client(transport=_Transport(backend), timeout=seconds, trust_env=False) as client:
            whole = httpx.URL(url)
            if query:  # Not as `params`: those replace the query of the address.
                whole = whole.copy_merge_params(dict(query))
            return _follow(client, client.build_request(method, whole, headers=given, content=body), redirects)
    except Forbidden:
        raise NotAllowed("This is a private address. Requests to it are refused.") from None
    except httpx.TimeoutException:
        raise Unreachable(f"The request timed out after {seconds:g} seconds.") from None
    except (httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError):
        raise Refused(NO_URL) from None
    except Undecodable as error:
        raise Unreachable(str(error)) from None
    except httpx.HTTPError as error:
        raise Unreachable(_reason(error)) from None


def require_url(url: str) -> None:
    """Raises `Refused` for a text that is no address for HTTP, whatever is there and wherever requests may go."""
    try:
        _require_http(httpx.URL(url))
    except (httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError):
        raise Refused(NO_URL) from None


def require_header(name: str, value: str) -> None:
    """Raises `Refused` for a header that no request of ours can have."""
    _headers({name: value}, is_json=False)


def is_port_for_http(port: int | None) -> bool:
    return port is None or (port not in _PORTS_OF_OTHERS and port <= MOST_PORT)


def _follow(client: httpx.Client, request: httpx.Request, redirects: int) -> Answer:
    for _ in range(redirects + 1):
        _require_usable(request.url)
        answer = client.send(request, stream=True)
        try:
            following = answer.next_request
            if following is None or not redirects:
                body, truncated = read_body(answer, MOST_BYTES)
                return Answer(answer.status_code, dict(answer.headers), body, truncated)
        finally:
            answer.close()
        if _origin(following.url) != _origin(request.url):
            for name in [name for name in following.headers if name.lower() not in _TRAVELS]:
                del following.headers[name]
        request = following
    raise Unreachable(f"More than {redirects} redirects.")


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or {"https": 443}.get(url.scheme, 80)


def _require_usable(url: httpx.URL) -> None:
    _require_http(url)
    if not is_port_for_http(url.port):
        raise Refused("Requests to this port are refused: it isn’t used for HTTP.")


def _require_http(url: httpx.URL) -> None:
    if url.scheme not in ("http", "https") or not url.host or (url.port or 0) > MOST_PORT:
        raise httpx.UnsupportedProtocol("")


def _body(json: Any, content: str | None) -> bytes | None:
    try:
        if json is not None:
            return json_text.dumps(json, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        return None if content is None else content.encode()
    except (ValueError, RecursionError):
        raise Refused("The body can’t be encoded as JSON in UTF-8.") from None


def _headers(given: Mapping[str, str], *, is_json: bool) -> dict[bytes, bytes]:
    """The headers to be sent. A value is sent as UTF-8 where it isn't ASCII."""
    ours = {"User-Agent": AGENT, "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
    if is_json:
        ours["Content-Type"] = "application/json"
    made = {name.lower(): (name.encode(), value.encode()) for name, value in ours.items()}
    for name, value in given.items():
        try:
            encoded = value.encode()
        except UnicodeError:
            encoded = b"\n"
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(encoded.decode("latin-1")):
            raise Refused("A header has an invalid name or value.")
        if name.lower() in _OURS:
            raise Refused(f"The header {name} is set automatically and can’t be changed.")
        made[name.lower()] = (name.encode(), encoded)
    return dict(made.values())


def _reason(error: httpx.HTTPError) -> str:
    match error.__cause__:
        case NameNotFound():
            return "The host name couldn’t be resolved."
        case TlsFailed():
            return "TLS failed: the server has no trusted certificate for this host name."
        case httpcore.ConnectError():
            return "The connection failed: nothing is listening at this address and port."
        case httpcore.RemoteProtocolError():
            return "The answer isn’t valid HTTP or is incomplete."
    return "The connection was lost."
