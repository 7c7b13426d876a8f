"""Security headers on every answer, put together once."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response

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
CSP = "Content-Security-Policy"
HEADERS = (
    (CSP, "; ".join(f"{name} {value}" for name, value in POLICY.items())),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
# A page shows what its reader may see and carries the reader's token, and so does what leads to it or is made from it:
# no cache keeps it, none gives it back after signing out. What may be kept (static files, public reads) says so itself.
KEPT_NOWHERE = ("Cache-Control", "no-store")
TRANSPORT = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")


def init_app(app: Flask) -> None:
    """Goes around the whole application: adding to the list of headers at its edge costs next to nothing."""
    settings: Settings = app.config["SETTINGS"]
    headers = [*HEADERS, TRANSPORT] if settings.is_production else list(HEADERS)
    but_policy = [header for header in headers if header[0] != CSP]
    inner = app.wsgi_app

    def hardened(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, told: list[tuple[str, str]], *rest: Any) -> Any:
            if all(name != KEPT_NOWHERE[0] for name, _ in told):
                told.append(KEPT_NOWHERE)
            has_policy = any(name == CSP for name, _ in told)
            return start_response(status, told + (but_policy if has_policy else headers), *rest)

        return inner(environ, start)

    app.wsgi_app = hardened  # type: ignore[method-assign]


def let_forms_lead_to(answer: Response, origin: str) -> Response:
    """Let the forms of this page end at another origin. Browsers hold a form to `form-action` through all redirects."""
    # A policy can't name an address of IPv6: there, the scheme has to do.
    there = "http:" if "[" in origin else origin
    policy = {**POLICY, "form-action": f"{POLICY['form-action']} {there}"}
    answer.headers[CSP] = "; ".join(f"{name} {value}" for name, value in policy.items())
    return answer
