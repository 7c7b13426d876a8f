"""Light or dark: as the device has it, unless the person chose. The server knows, so that no page flashes."""

from flask import Flask, g, request
from werkzeug.wrappers import Response as AnyResponse

COOKIE = "theme"
CHOICES = ("auto", "light", "dark")
A_YEAR = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(theme=theme, account_zone=account_zone)


def theme() -> str:
    """This browser's choice, else that of the account. Asks the database nothing: error pages are drawn with it."""
    here = request.cookies.get(COOKIE)
    if here in CHOICES:
        return here
    chosen = getattr(g.get("_login_user"), "theme", None)
    return chosen if chosen in CHOICES else "auto"


def account_zone() -> str:
    """The time zone that the account sets, as far as this request knows its user."""
    return getattr(g.get("_login_user"), "timezone", None) or ""


def remember(response: AnyResponse, choice: str) -> None:
    response.set_cookie(COOKIE, choice, max_age=A_YEAR, samesite="Lax", secure=request.is_secure, httponly=True)
