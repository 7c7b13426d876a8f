"""Public reads out of memory, answered before the framework is entered.

An operation that is declared `cached` hands its answer over as it goes out, with all headers that don't belong to one
request; the next caller gets it from here, counted, limited and logged like any other. What a public read answers
doesn't depend on who asks, unless it is staff: whoever brings a token that is known here comes the same way, and other
credentials are looked at in the framework.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from flask import Flask, request
from sqlalchemy.exc import SQLAlchemyError

from app.api.etags import holds
from app.core.addresses import api_prefix_of
from app.core.clock import today_in
from app.core.database_login import database_login
from app.core.errors import DomainError
from app.core.read_cache import Kept, ReadCache
from app.core.versions import LookFailed, Versions, versions_of
from app.identity.cache.store import BEARER, IDENTITIES, REFUSED, IdentityCache, bearer_token
from app.identity.identities import Identity
from app.identity.policy import is_staff
from app.web import limits, observability
from app.web.compression import Lasting

EXTENSION = "read_cache"
READS = "public_reads"
_ASKED = "diglit.read_cache"
_HANDED_OVER = "diglit.read_cache.kept"
_OF_ONE_REQUEST = ("set-cookie", "x-request-id", "date", "retry-after", "ratelimit-", "x-ratelimit-")
FOR_ALL, FOR_THE_CALLER = "no-cache", "private, no-cache"
_KEEPING = "Cache-Control"
_OF_A_BODY = ("content-type", "content-length")

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class CachedRead:
    """What the anonymous answers of an operation depend on: these tables, and where the caller searches also every word
    that any table has taught, for a misspelt query is put right by them."""

    tables: tuple[str, ...]

    @cached_property
    def names(self) -> tuple[bytes, ...]:
        return tuple(table.encode() for table in self.tables)

    def hand_over(self) -> bool:
        """Whether the cache asked for this answer. It is then given whole, and the cache sees to `If-None-Match`."""
        if _ASKED not in request.environ:
            return False
        request.environ[_HANDED_OVER] = (self, request.endpoint)
        return True


class PublicReads:
    """Answers public reads from the cache, and keeps the answers that come by."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._wsgi = app.wsgi_app
        self._origins = frozenset(app.config["SETTINGS"].cors_origins)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        cache: ReadCache | None = self._app.extensions.get(EXTENSION)
        if cache is None or not self._may_be_kept(environ):
            return self._wsgi(environ, start_response)
        began = time.perf_counter()
        caller: Identity | None = None
        if "HTTP_AUTHORIZATION" in environ:
            caller = self._known_caller(environ)
            if caller is None:
                return self._wsgi(environ, start_response)
        try:
            versions = cache.lookout.look()
        except LookFailed:
            return self._wsgi(environ, start_response)
        key = self._key(environ)
        kept = cache.find(key, versions)
        if kept is not None:
            standing = limits.standing_of(self._app, environ, caller)
            if standing is None or standing.allowed:
                return self._serve(kept, environ, start_response, standing=standing, began=began, caller=caller)
        if caller is not None and is_staff(caller):
            return self._wsgi(environ, start_response)
        return self._make(cache, key, versions, environ, start_response)

    def _may_be_kept(self, environ: Environ) -> bool:
        return environ["REQUEST_METHOD"] == "GET" and str(environ["PATH_INFO"]).startswith(self.paths)

    def _known_caller(self, environ: Environ) -> Identity | None:
        """Whoever brings a token that this process knows, and may come from there."""
        identities: IdentityCache | None = self._app.extensions.get(IDENTITIES)
        token = bearer_token(environ["HTTP_AUTHORIZATION"])
        known = identities.find(BEARER, token) if identities is not None and token else None
        if known is None:
            return None
        if known.admit is not None:
            try:
                with self._app.app_context():
                    known.admit(environ.get("REMOTE_ADDR", ""))
            except DomainError as error:
                environ[REFUSED] = error
                return None
            except SQLAlchemyError:
                return None  # it can't be told here; the application itself finds out, and has a page for it
        return known.identity

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The beginnings of the paths whose answers may be kept."""
        views = self._app.view_functions
        declared = ((rule, getattr(views[rule.endpoint], "operation", None)) for rule in self._app.url_map.iter_rules())
        return tuple({rule.rule.split("<")[0] for rule, operation in declared if operation and operation.cached})

    def _key(self, environ: Environ) -> tuple[str, ...]:
        """All of a request that an answer may differ by."""
        get = environ.get
        origin = get("HTTP_ORIGIN", "")
        return (
            environ["PATH_INFO"],
            get("QUERY_STRING", ""),
            get("HTTP_HOST", ""),
            environ["wsgi.url_scheme"],
            api_prefix_of(environ),
            get("HTTP_PREFER", ""),
            origin if origin in self._origins else "",
            # Some answers tell of this week, which changes without any commit.
            today_in(None).isoformat(),
        )

    def _serve(
        self,
        kept: Kept,
        environ: Environ,
        start_response: StartResponse,
        *,
        standing: Any,
        began: float,
        caller: Identity | None,
    ) -> list[bytes]:
        request_id = observability.request_id_of(environ)
        unchanged = holds(environ.get("HTTP_IF_NONE_MATCH"), kept.etag)
        headers = [*(kept.headers_without_body if unchanged else kept.headers), (observability.HEADER, request_id)]
        headers.append((_KEEPING, FOR_ALL if caller is None else FOR_THE_CALLER))
        if standing is not None:
            headers += limits.headers_of(standing)
        observability.note_request(
            endpoint=kept.endpoint,
            method="GET",
            path=environ["PATH_INFO"],
            status=304 if unchanged else 200,
            seconds=time.perf_counter() - began,
            address=environ.get("REMOTE_ADDR"),
            request_id=request_id,
            user_id=caller.id if caller is not None else None,
        )
        start_response("304 NOT MODIFIED" if unchanged else "200 OK", headers)
        return [] if unchanged else Lasting(kept.body, kept.packed)

    def _make(
        self,
        cache: ReadCache,
        key: tuple[str, ...],
        versions: Versions,
        environ: Environ,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        environ[_ASKED] = True
        told: list[tuple[str, Headers]] = []

        def hear(status: str, headers: Headers, _error: Any = None) -> Callable[[bytes], object]:
            told.append((status, headers))
            return lambda _: None

        parts = self._wsgi(environ, hear)
        status, headers = told[0]
        if _HANDED_OVER not in environ:
            start_response(status, headers)
            return parts
        try:
            body = b"".join(parts)
        finally:
            getattr(parts, "close", lambda: None)()
        if status.startswith("200"):
            cache.keep(key, _kept(environ, headers, body, versions))
            if holds(environ.get("HTTP_IF_NONE_MATCH"), _etag(headers)):
                start_response("304 NOT MODIFIED", _without(headers, _OF_A_BODY))
                return []
        start_response(status, headers)
        return [body]


def _kept(environ: Environ, headers: Headers, body: bytes, versions: Versions) -> Kept:
    read, endpoint = environ[_HANDED_OVER]
    query = environ.get("QUERY_STRING", "")
    # An encoded name may be `q`, too.
    tables = None if "q=" in query or "%" in query else read.names
    lasting = _without(headers, (*_OF_ONE_REQUEST, _KEEPING.lower()))
    return Kept(
        headers=tuple(lasting),
        headers_without_body=tuple(_without(lasting, _OF_A_BODY)),
        body=body,
        etag=_etag(headers),
        endpoint=endpoint,
        tables=tables,
        versions=versions_of(tables, versions),
    )


def _etag(headers: Headers) -> str:
    return next(value for name, value in headers if name == "ETag").strip('"')


def _without(headers: Iterable[tuple[str, str]], names: tuple[str, ...]) -> Headers:
    return [(name, value) for name, value in headers if not name.lower().startswith(names)]


def init_app(app: Flask) -> None:
    """Answer public reads from memory. Comes first of what wraps the application, so that it sees addresses as the
    proxies in front report them. Tests that roll their changes back do without: it sees what is committed alone."""
    reads = app.extensions[READS] = PublicReads(app)
    app.wsgi_app = reads  # type: ignore[method-assign]
    if app.config["SETTINGS"].app_env != "testing":
        switch_on(app)


def learn_paths(app: Flask) -> None:
    """Find out now which paths are public reads, and not at the first request: that goes through all routes."""
    reads: PublicReads = app.extensions[READS]
    assert reads.paths is not None  # kept by the property


def switch_on(app: Flask) -> ReadCache:
    """Keep the public answers of this process, checked against the application's database."""
    cache = app.extensions[EXTENSION] = ReadCache(
        partial(database_login(app).connect, app.config["SQLALCHEMY_DATABASE_URI"])
    )
    return cache
