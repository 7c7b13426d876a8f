"""Rate limits of every surface: so many requests a minute for a user, or else for an address, and tighter ones by name.

Where `REDIS_URL` is set, all machines count together in Redis. Without it, the limits of the ways in (sign-in,
registration, reset, refresh …) are counted in PostgreSQL, by all machines together, too; the general limit of requests
and those of deliveries are counted by each machine for itself, in a small file that its processes map. Where a count
can't be taken, the request goes on, and the log says so.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, TypeVar

import structlog
from flask import Flask, Response, current_app, g, request
from limits import RateLimitItem, RateLimitItemPerMinute, parse
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from app.core.errors import DomainError
from app.extensions import db
from app.identity.login import who
from app.web.limit_store import MappedStorage
from app.web.shared_limit_store import DatabaseStorage

View = TypeVar("View", bound=Callable[..., Any])

log = structlog.get_logger(__name__)

REQUESTS = "requests"
LIMITS: dict[str, RateLimitItem] = {
    REQUESTS: parse("600/minute"),
    "sign-in": parse("10/minute"),
    "sign-in-address": parse("30/minute"),
    "sign-in-browser": parse("10/minute"),
    "sign-in-slow": parse("1/minute"),
    "sign-in-slower": parse("4/hour"),
    "failures-hour": parse("60/hour"),
    "failures-day": parse("200/day"),
    "browser-failures-day": parse("30/day"),
    "otp": parse("5/5minutes"),
    "otp-failures-day": parse("20/day"),
    "otp-failures-month": parse("100/30days"),
    "wrong-secret": parse("30/minute"),
    "registration": parse("20/hour"),
    "reset": parse("5/hour"),
    "reset-address": parse("60/hour"),
    "refresh": parse("60/minute"),
    "oauth-token": parse("120/minute"),
    "confirmation": parse("5/hour"),
    "invitation": parse("50/day"),
    "new-browser-news": parse("1/day"),
    "deliveries": parse("30000/minute"),
    "refused-deliveries": parse("600/minute"),
}
"""Every limit by its name. What each of a way in is for, `app/auth/brute_force/attempts.py` says."""
BY_EACH_MACHINE = frozenset({REQUESTS, "deliveries", "refused-deliveries"})
"""What comes too often to be counted in the database."""
EXTENSION = "rate_limits"
UNCOUNTED = "rate limits can't be counted"
FAILURES = (StorageError, OSError, ValueError)
_EXEMPT = ("/static/", "/healthz", "/readyz", "/metrics", "/favicon.ico")


class TooManyRequests(DomainError):
    """The asker has to wait for `retry_after` seconds."""

    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many requests. Try again in {_in_words(retry_after)}.")
        self.retry_after = retry_after


def _in_words(seconds: int) -> str:
    """A wait as people say it, never shorter than it is: “40 seconds”, “3 minutes”, “a day”."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds > length:
            return f"{ceil(seconds / length)} {unit}s"
        if seconds == length:
            return f"an {unit}" if unit == "hour" else f"a {unit}"
    return "a second" if seconds == 1 else f"{seconds} seconds"


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
    """Counts hits: `BY_EACH_MACHINE` in the first storage, all other limits in the `shared` one, if there is one. Where
    counting fails it lets pass, and says so in the log."""

    def __init__(self, storage: Storage, shared: Storage | None = None) -> None:
        self._requests = FixedWindowRateLimiter(storage)
        self._others = FixedWindowRateLimiter(shared) if shared is not None else self._requests

    def hit(self, name: str, *whom: str, cost: int = 1, instead: RateLimitItem | None = None) -> Standing | None:
        """Count against the named limit of whoever it is; None where it couldn't be counted. Somebody with a limit of
        their own gives it `instead`."""
        item = instead or LIMITS[name]
        try:
            allowed = self._of(name).hit(item, name, *whom, cost=cost)
            return self._standing(item, name, *whom, allowed=allowed)
        except FAILURES:
            log.exception(UNCOUNTED, limit=name)
            return None

    def look(self, name: str, *whom: str) -> Standing | None:
        """How they stand, without counting. `allowed` tells whether one more would be."""
        item = LIMITS[name]
        try:
            return self._standing(item, name, *whom, allowed=self._of(name).test(item, name, *whom))
        except FAILURES:
            log.exception(UNCOUNTED, limit=name)
            return None

    def give_back(self, name: str, *whom: str) -> None:
        """Uncount one that was counted within the same window."""
        item = LIMITS[name]
        key, storage = item.key_for(name, *whom), self._of(name).storage
        try:
            if storage.get(key) > 0:
                storage.incr(key, item.get_expiry(), -1)
        except FAILURES:
            log.exception(UNCOUNTED, limit=name)

    def clear(self, name: str, *whom: str) -> None:
        """Begin anew."""
        try:
            self._of(name).clear(LIMITS[name], name, *whom)
        except FAILURES:
            log.exception(UNCOUNTED, limit=name)

    def _of(self, name: str) -> FixedWindowRateLimiter:
        return self._requests if name in BY_EACH_MACHINE else self._others

    def _standing(self, item: RateLimitItem, name: str, *whom: str, allowed: bool) -> Standing:
        resets_at, remaining = self._of(name).get_window_stats(item, name, *whom)
        return Standing(item.amount, item.get_expiry(), remaining, resets_at, allowed)


def _limiter() -> Limiter | None:
    return current_app.extensions.get(EXTENSION)


def allows(name: str, *whom: str, cost: int = 1) -> bool:
    """Count against the named limit; False when it is used up, for those who must not show that."""
    limiter = _limiter()
    standing = limiter.hit(name, *whom, cost=cost) if limiter else None
    return standing is None or standing.allowed


def hit(name: str, *whom: str, cost: int = 1) -> None:
    """Count against the named limit of whoever it is. Raises `TooManyRequests` when it is used up."""
    limiter = _limiter()
    standing = limiter.hit(name, *whom, cost=cost) if limiter else None
    if standing is not None and not standing.allowed:
        raise TooManyRequests(standing.seconds_left)


def count_request(name: str, *whom: str) -> None:
    """Count this request, whose view `counts_itself`, against the named limit; the answer tells how they stand. Raises
    `TooManyRequests`."""
    if limiter := _limiter():
        standing = g.rate_limit = limiter.hit(name, *whom)
        if standing is not None and not standing.allowed:
            raise TooManyRequests(standing.seconds_left)


def take(name: str, *whom: str) -> None:
    """Count one that may be given back. One too many is not counted, and raises `TooManyRequests`."""
    try:
        hit(name, *whom)
    except TooManyRequests:
        give_back(name, *whom)
        raise


def give_back(name: str, *whom: str) -> None:
    """Uncount one: it was none of those that the limit is for."""
    if limiter := _limiter():
        limiter.give_back(name, *whom)


def clear(name: str, *whom: str) -> None:
    """Forget what was counted against the limit of whoever it is."""
    if limiter := _limiter():
        limiter.clear(name, *whom)


def look(name: str, *whom: str) -> Standing | None:
    """How they stand to the limit, without counting; None where nothing is counted."""
    limiter = _limiter()
    return limiter.look(name, *whom) if limiter else None


def init_app(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    if settings.rate_limits == "on":
        app.extensions[EXTENSION] = _limiter_of(app)
    app.before_request(_count)
    app.after_request(_tell)


def _limiter_of(app: Flask) -> Limiter:
    settings = app.config["SETTINGS"]
    if settings.redis_url:
        return Limiter(redis_storage(settings.redis_url))
    return Limiter(MappedStorage(settings.data_dir / "rate-limits"), DatabaseStorage(lambda: db.engine))


def redis_storage(url: str) -> Storage:
    """Counters in Redis, which gives an answer within a second or counts as away."""
    address = f"redis+{url}" if url.startswith("unix:") else str(url)
    options = {"socket_connect_timeout": 1, "socket_timeout": 1}
    return storage_from_string(address, wrap_exceptions=True, **options)  # type: ignore[return-value]


def _count() -> None:
    limiter = _limiter()
    if limiter is None or request.path.startswith(_EXEMPT) or _counts_itself():
        return
    whom, own_limit = _whom()
    standing = g.rate_limit = limiter.hit(REQUESTS, whom, instead=own_limit)
    if standing is not None and not standing.allowed:
        raise TooManyRequests(standing.seconds_left)


def counts_itself(view: View) -> View:
    """The view has a limit of its own and calls `count_request`; the general one doesn't count."""
    view.counts_itself = True  # type: ignore[attr-defined]
    return view


def _counts_itself() -> bool:
    return getattr(current_app.view_functions.get(request.endpoint or ""), "counts_itself", False)


def _whom() -> tuple[str, RateLimitItem | None]:
    """The API key or the user where one is signed in, else the address. Nobody is looked up who brings no
    credentials."""
    environ = request.environ
    if ("HTTP_AUTHORIZATION" in environ or "HTTP_COOKIE" in environ) and (person := who()).is_authenticated:
        return _counted_as(person)
    return f"address:{environ.get('REMOTE_ADDR', '')}", None


def _counted_as(person: Any) -> tuple[str, RateLimitItem | None]:
    """By what somebody is counted, and a limit of their own."""
    if person.key_id is None:
        return f"user:{person.get_id()}", None
    own = person.requests_per_minute
    return f"key:{person.key_id}", RateLimitItemPerMinute(own) if own else None


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


def standing_of(app: Flask, environ: Mapping[str, Any], person: Any = None) -> Standing | None:
    """Count a request that does not enter the framework, against the person who asks or else the address."""
    limiter: Limiter | None = app.extensions.get(EXTENSION)
    if limiter is None:
        return None
    if person is None:
        return limiter.hit(REQUESTS, f"address:{environ.get('REMOTE_ADDR', '')}")
    whom, own_limit = _counted_as(person)
    return limiter.hit(REQUESTS, whom, instead=own_limit)
