"""`/api/v1` leads to `/api`."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from app.core.addresses import API, API_PREFIX, PINNED_API, under_api

_SLASHES = re.compile("/{2,}")

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Prefixes:
    """Leads `/api/v1/…` to `/api/…`, and forgives a slash too many, which would cost the caller a redirect."""

    def __init__(self, wsgi: Wsgi) -> None:
        self.wsgi = wsgi

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith(API):
            self._lead(environ, path)
        return self.wsgi(environ, start_response)

    @staticmethod
    def _lead(environ: dict[str, Any], path: str) -> None:
        tidy = (_SLASHES.sub("/", path) if "//" in path else path).rstrip("/")
        if tidy == PINNED_API or tidy.startswith(f"{PINNED_API}/"):
            environ[API_PREFIX] = PINNED_API
            tidy = API + tidy.removeprefix(PINNED_API)
        if under_api(tidy):
            environ["PATH_INFO"] = tidy


def init_app(app: Flask) -> None:
    app.wsgi_app = Prefixes(app.wsgi_app)  # type: ignore[method-assign]
