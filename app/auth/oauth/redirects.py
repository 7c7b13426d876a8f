"""Redirect URIs: where a person's browser takes the answer to, and so what must never be a stranger's.

They are compared letter by letter (RFC 9700 section 2.1). On a loopback address the port is free, since a program on a
person's own machine takes whichever it gets (RFC 8252 section 7.3).
"""

import re
from urllib.parse import SplitResult, urlsplit

from pydantic_core import PydanticCustomError

LONGEST = 1_000
MOST = 20
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_TAKEN_IN_A_QUERY = frozenset({"code", "state", "iss", "error", "error_description"})
_PLAIN = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()+,;=%]+")
"""What a URI may be made of (RFC 3986), but for `#` and `*`."""
_HOST = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]")


def check_redirect_uri(uri: str) -> str:
    """The URI as it came, when an answer may be sent there; for `AfterValidator` in a schema."""
    problem = _problem_of(uri)
    if problem is not None:
        raise PydanticCustomError("redirect_uri", "{problem}", {"problem": problem})
    return uri


def _problem_of(uri: str) -> str | None:
    if "#" in uri:
        return "A redirect address has no fragment (“#…”)."
    if "*" in uri:
        return "A redirect address is exact: write one for each place, without “*”."
    if len(uri) > LONGEST or not _PLAIN.fullmatch(uri):
        return f"Write an address of {LONGEST:,} plain characters at most, such as https://shop.example/callback."
    try:
        parts = urlsplit(uri)
        known = parts.port != 0 and _HOST.fullmatch(re.sub(r":\d+$", "", parts.netloc)) is not None
    except ValueError:
        known = False
    if not known:
        return "Write a whole address, such as https://shop.example/callback."
    if not (parts.scheme == "https" or is_loopback(uri)):
        return "It must begin with https://; http:// is for this machine alone (127.0.0.1, [::1], localhost)."
    if _TAKEN_IN_A_QUERY & {part.partition("=")[0] for part in parts.query.split("&")}:
        return "Its query may not hold what the answer adds: code, state, iss, error."
    return None


def is_loopback(uri: str) -> bool:
    """Whether it leads to the person's own machine, over http."""
    parts = urlsplit(uri)
    return parts.scheme == "http" and parts.hostname in LOOPBACK


def matches(registered: str, asked: str) -> bool:
    """Whether an answer to `registered` may go to `asked`."""
    if registered == asked:
        return True
    if not is_loopback(registered) or _problem_of(asked) is not None or not is_loopback(asked):
        return False
    return _without_port(urlsplit(registered)) == _without_port(urlsplit(asked))


def _without_port(parts: SplitResult) -> tuple[str | None, str, str]:
    return parts.hostname, parts.path, parts.query


def origin_of(uri: str) -> str:
    """The origin that the URI is of, as a browser names it."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def host_of(uri: str) -> str:
    """Where the URI leads to, for people to read."""
    return urlsplit(uri).netloc.lower()
