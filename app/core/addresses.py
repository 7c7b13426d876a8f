"""Addresses of the portal as those outside call it, and where the API lives: `/api`, pinned `/api/v1`."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import current_app, has_request_context, request

API_VERSION = "1"
API = "/api"
PINNED_API = f"{API}/v{API_VERSION}"
API_PREFIX = "diglit.api_prefix"
"""In the environ of a request: the base path that the caller used."""


def outside_address() -> str:
    """`PUBLIC_URL`; or else the address at which we were asked, as trusted proxies report it. No slash at its end.

    Mails never go by what a request says: see `public_url`.
    """
    settings = current_app.config["SETTINGS"]
    if settings.public_url is None and has_request_context():
        return request.host_url.rstrip("/")
    return str(settings.public_address)


def public_url(path: str) -> str:
    """The whole address of a path of the portal as it stands in a mail: `public_url("/confirm-email")`.

    What is an address already stays as it is.
    """
    return f"{current_app.config['SETTINGS'].public_address}{path}" if path.startswith("/") else path


def path_of(endpoint: str, **values: Any) -> str:
    """The path of a page by the name of its view, also outside of a request."""
    return current_app.url_map.bind("").build(endpoint, values)


def under_api(path: str | None = None) -> bool:
    """Whether this request, or this path, belongs to the API."""
    path = request.path if path is None else path
    return path == API or path.startswith(f"{API}/")


def api_prefix() -> str:
    """The base path that the caller used; links in the answer stay under it."""
    return api_prefix_of(request.environ) if has_request_context() else API


def api_prefix_of(environ: Mapping[str, Any]) -> str:
    """The base path that the caller of this request used."""
    return str(environ.get(API_PREFIX, API))


def absolute_api(path: str) -> str:
    """The full address of a path of the API (`/products`), as those outside reach it."""
    return f"{outside_address()}{api_prefix()}{quote(path)}"
