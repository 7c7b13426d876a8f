"""Security headers on every answer, put together once."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask

from config import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
HEADERS = (
    ("Content-Security-Policy", "; ".join(f"{name} {value}" for name, value in POLICY.items())),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
# A page shows what its reader may see and carries the reader's token: no cache keeps it, none gives it back after
# signing out. What may be kept (static files, public reads) says so itself.
KEPT_NOWHERE = ("Cache-Control", "no-store")
TRANSPORT = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")


def init_app(app: Flask) -> None:
    """Goes around the whole application: adding to the list of headers at its edge costs next to nothing."""
    settings: Settings = app.config["SETTINGS"]
    headers = [*HEADERS, TRANSPORT] if settings.is_production else list(HEADERS)
    inner = app.wsgi_app

    def hardened(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, told: list[tuple[str, str]], *rest: Any) -> Any:
            if _is_page_without_a_rule(told):
                told.append(KEPT_NOWHERE)
            return start_response(status, told + headers, *rest)

        return inner(environ, start)

    app.wsgi_app = hardened  # type: ignore[method-assign]


def _is_page_without_a_rule(told: list[tuple[str, str]]) -> bool:
    """Whether it is a page, and nothing says for how long it may be kept."""
    page = False
    for name, value in told:
        if name == "Cache-Control":
            return False
        if name == "Content-Type":
            page = value.startswith("text/html")
    return page
