"""Where the API lives: `/api`, and the same thing pinned at `/api/v1`."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from flask import Flask, has_request_context, request

from app.web.outside import outside_address

VERSION = "1"
BASE = "/api"
PINNED = f"{BASE}/v{VERSION}"
_PREFIX = "diglit.api_prefix"
_SLASHES = re.compile("/{2,}")

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def under_api(path: str | None = None) -> bool:
    """Whether this request, or this path, belongs to the API."""
    path = request.path if path is None else path
    return path == BASE or path.startswith(f"{BASE}/")


def prefix() -> str:
    """The base path that the caller used; links in the answer stay under it."""
    return api_prefix_of(request.environ) if has_request_context() else BASE


def api_prefix_of(environ: Mapping[str, Any]) -> str:
    """The base path that the caller of this request used."""
    return str(environ.get(_PREFIX, BASE))


def absolute(path: str) -> str:
    """The full address of a path of the API (`/products`), as those outside reach it."""
    return f"{outside_address()}{prefix()}{quote(path)}"


class Prefixes:
    """Leads `/api/v1/…` to `/api/…`, and forgives a slash too many, which would cost the caller a redirect."""

    def __init__(self, wsgi: Wsgi) -> None:
        self.wsgi = wsgi

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith(BASE):
            self._lead(environ, path)
        return self.wsgi(environ, start_response)

    @staticmethod
    def _lead(environ: dict[str, Any], path: str) -> None:
        tidy = (_SLASHES.sub("/", path) if "//" in path else path).rstrip("/")
        if tidy == PINNED or tidy.startswith(f"{PINNED}/"):
            environ[_PREFIX] = PINNED
            tidy = BASE + tidy.removeprefix(PINNED)
        if under_api(tidy):
            environ["PATH_INFO"] = tidy


def init_app(app: Flask) -> None:
    app.wsgi_app = Prefixes(app.wsgi_app)  # type: ignore[method-assign]
