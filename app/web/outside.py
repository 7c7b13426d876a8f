"""The portal's address as those outside call it: what links in answers begin with, and tokens name as their issuer."""

from flask import current_app, has_request_context, request


def outside_address() -> str:
    """`PUBLIC_URL`; or else the address at which we were asked, as trusted proxies report it. No slash at its end.

    Mails never go by what a request says: see `core/public.py`.
    """
    settings = current_app.config["SETTINGS"]
    if settings.public_url is None and has_request_context():
        return request.host_url.rstrip("/")
    return str(settings.public_address)
