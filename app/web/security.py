"""Security headers on every answer, put together once."""

from flask import Flask, Response

from config import Settings

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
TRANSPORT = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")


def init_app(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]
    headers = (*HEADERS, TRANSPORT) if settings.is_production else HEADERS

    @app.after_request
    def harden(response: Response) -> Response:
        told = response.headers
        for name, value in headers:
            if name not in told:
                told.add(name, value)
        # A page shows what its reader may see and carries the reader's token: no cache keeps it, none gives it back
        # after signing out. What may be kept (static files, public reads) says so itself.
        if response.mimetype == "text/html" and "Cache-Control" not in told:
            told.add("Cache-Control", "no-store")
        return response
