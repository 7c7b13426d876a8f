"""Addresses of the portal as they stand in a mail: `public_url("/confirm-email")`."""

from flask import current_app


def public_url(path: str) -> str:
    """The whole address of a path of the portal; what is an address already stays as it is."""
    return f"{current_app.config['SETTINGS'].public_address}{path}" if path.startswith("/") else path
