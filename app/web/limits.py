"""Rate limits of every surface: so many requests a minute for a user, or else for an address, and tighter ones by name.

The counts are exact over all processes of a machine: they stand in a small file that all of them map, or in Redis when
`REDIS_URL` is set. Where the count can't be taken, the request goes on, and the log says so.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, request
from flask_login import current_user
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from app.core.errors import DomainError
from app.web.limit_store import MappedStorage

log = structlog.get_logger(__name__)

LIMITS: dict[str, RateLimitItem] = {
    "requests": parse("600/minute"),
    "sign-in": parse("10/minute"),
    "sign-in-address": parse("30/minute"),
    "registration": parse("20/hour"),
    "reset": parse("5/hour"),
    "refresh": parse("60/minute"),
}
EXTENSION = "rate_limits"
_EXEMPT = ("/static/", "/healthz", "/readyz", "/metrics", "/favicon.ico")


class TooManyRequests(DomainError):
    """The asker has to wait for `retry_after` seconds."""

    status, code = 429, "too-many-requests"

    def __init__(self, retry_after: int) -> None:
        seconds = "a second" if retry_after == 1 else f"{retry_after} seconds"
        super().__init__(f"Too many requests. Try again in {seconds}.")
        self.retry_after = retry_after


@dataclass(frozen=True)
class Standing:
    """How a caller stands to a limit after a hit."""

    limit: int
    window: int
    remaining: int
    resets_at: float
    allowed: bool

    @property
    def seconds_left(self) -> int:
        return max(1, ceil(self.resets_at - time.time()))


class Limiter:
    """Counts hits."""

    def __init__(self, storage: Storage) -> None:
        self._strategy = FixedWindowRateLimiter(storage)

    def hit(self, name: str, *whom: str) -> Standing | None:
        """Count one against the named limit of whoever it is; None where it couldn't be counted."""
        item = LIMITS[name]
        try:
            allowed = self._strategy.hit(item, name, *whom)
            resets_at, remaining = self._strategy.get_window_stats(item, name, *whom)
        except (StorageError, OSError, ValueError):
            log.exception("rate limits can't be counted", limit=name)
            return None
        return Standing(item.amount, item.get_expiry(), remaining, resets_at, allowed)


def _limiter() -> Limiter | None:
    return current_app.extensions.get(EXTENSION)


def allows(name: str, *whom: str) -> bool:
    """Count one against the named limit; False when it is used up, for those who must not show that."""
    limiter = _limiter()
    standing = limiter.hit(name, *whom) if limiter else None
    return standing is None or standing.allowed


def hit(name: str, *whom: str) -> None:
    """Count one against the named limit of whoever it is. Raises `TooManyRequests` when it is used up."""
    limiter = _limiter()
    standing = limiter.hit(name, *whom) if limiter else None
    if standing is not None and not standing.allowed:
        raise TooManyRequests(standing.seconds_left)


def init_app(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    if settings.rate_limits == "on":
        app.extensions[EXTENSION] = Limiter(_storage(app))
    app.before_request(_count)
    app.after_request(_tell)


def _storage(app: Flask) -> Storage:
    settings = app.config["SETTINGS"]
    return redis_storage(settings.redis_url) if settings.redis_url else MappedStorage(settings.data_dir / "rate-limits")


def redis_storage(url: str) -> Storage:
    """Counters in Redis, which gives an answer within a second or counts as away."""
    address = f"redis+{url}" if url.startswith("unix:") else str(url)
    options = {"socket_connect_timeout": 1, "socket_timeout": 1}
    return storage_from_string(address, wrap_exceptions=True, **options)  # type: ignore[return-value]


def _count() -> None:
    limiter = _limiter()
    if limiter is None or request.path.startswith(_EXEMPT):
        return
    standing = g.rate_limit = limiter.hit("requests", _whom())
    if standing is not None and not standing.allowed:
        raise TooManyRequests(standing.seconds_left)


def _whom() -> str:
    """The user where one is signed in, else the address. Nobody is looked up who brings no credentials."""
    environ = request.environ
    if ("HTTP_AUTHORIZATION" in environ or "HTTP_COOKIE" in environ) and current_user.is_authenticated:
        return f"user:{current_user.get_id()}"
    return f"address:{environ.get('REMOTE_ADDR', '')}"


def _tell(answer: Response) -> Response:
    standing: Standing | None = g.get("rate_limit")
    if standing is not None:
        for name, value in headers_of(standing):
            answer.headers[name] = value
        if answer.status_code == 429:
            answer.headers.setdefault("Retry-After", str(standing.seconds_left))
    return answer


def headers_of(standing: Standing) -> list[tuple[str, str]]:
    """What an answer tells of the limit."""
    limit, remaining = str(standing.limit), str(standing.remaining)
    return [
        ("RateLimit-Limit", limit),
        ("RateLimit-Remaining", remaining),
        ("RateLimit-Reset", str(standing.seconds_left)),
        ("RateLimit-Policy", f"{limit};w={standing.window}"),
        ("X-RateLimit-Limit", limit),
        ("X-RateLimit-Remaining", remaining),
        ("X-RateLimit-Reset", str(ceil(standing.resets_at))),
    ]


def standing_of(app: Flask, environ: Mapping[str, Any]) -> Standing | None:
    """Count a request that brings no credentials and does not enter the framework."""
    limiter: Limiter | None = app.extensions.get(EXTENSION)
    return limiter.hit("requests", f"address:{environ.get('REMOTE_ADDR', '')}") if limiter else None
