"""The server's own name (RFC 8414): what metadata, answers and tokens call it."""

from flask import current_app, request


def issuer() -> str:
    """`PUBLIC_URL`, or else the address at which we were asked."""
    public: str | None = current_app.config["SETTINGS"].public_url
    return (public or request.host_url).rstrip("/")
