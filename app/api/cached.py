"""Public reads out of memory: the part of the read cache that knows requests and answers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import Flask, Response, current_app, request

from app.api.access import has_credentials
from app.api.addresses import prefix
from app.api.etags import is_known
from app.core.read_cache import Kept, LookFailed, ReadCache, relevant

EXTENSION = "read_cache"


@dataclass(frozen=True)
class CachedRead:
    """What the answers of an operation depend on: those tables, and with a search also every word that any table has
    taught (a misspelt query is put right by them)."""

    tables: tuple[str, ...]

    @cached_property
    def _tables(self) -> tuple[bytes, ...]:
        return tuple(table.encode() for table in self.tables)

    def serve(self, make: Callable[[], Response], conditional: Callable[[Response], Response]) -> Response:
        """The kept answer when it is good, else the one that `make` makes."""
        cache: ReadCache | None = current_app.extensions.get(EXTENSION)
        if cache is None or has_credentials():
            return conditional(make())
        try:
            versions = cache.lookout.look()
        except LookFailed:
            return conditional(make())
        key = self._key()
        kept = cache.find(key, versions, self._depends_on())
        return self._told(kept) if kept else conditional(self._made(cache, key, versions, make))

    def _key(self) -> Any:
        environ = request.environ
        return (
            environ["PATH_INFO"], environ.get("QUERY_STRING", ""), prefix(), request.host_url,
            environ.get("HTTP_PREFER", ""),
        )  # fmt: skip

    def _depends_on(self) -> tuple[bytes, ...] | None:
        asked = request.environ.get("QUERY_STRING", "")
        may_search = "q=" in asked or "%" in asked
        return None if may_search else self._tables

    def _made(self, cache: ReadCache, key: Any, versions: Any, make: Callable[[], Response]) -> Response:
        answer = make()
        etag, _ = answer.get_etag()
        if answer.status_code == 200 and etag is not None:
            headers = tuple((name, value) for name, value in answer.headers if name != "Set-Cookie")
            depends = relevant(versions, self._depends_on())
            cache.keep(key, Kept(200, headers, answer.get_data(), etag, depends))
        return answer

    @staticmethod
    def _told(kept: Kept) -> Response:
        if is_known(kept.etag):
            headers = [(n, v) for n, v in kept.headers if n not in ("Content-Type", "Content-Length")]
            answer = Response(status=304, headers=headers)
            answer.headers.pop("Content-Type", None)
            return answer
        return Response(kept.body, kept.status, kept.headers)


def init_app(app: Flask) -> None:
    """Keep public answers. Tests that roll their changes back switch it off: it sees what is committed alone."""
    settings = app.config["SETTINGS"]
    if settings.app_env != "testing":
        switch_on(app, str(settings.database_url))


def switch_on(app: Flask, database_url: str) -> ReadCache:
    """Keep the public answers of this process, checked against that database."""
    cache = ReadCache(database_url.replace("postgresql+psycopg://", "postgresql://"))
    app.extensions[EXTENSION] = cache
    return cache
