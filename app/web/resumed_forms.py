"""Forms that were sent at the wrong moment: after the sign-in had ended, or with a token from before it. What was typed
comes along through the sign-in, and its owner sends it off again with one click."""

import json
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from flask import current_app, request
from flask_wtf.csrf import CSRFError

from app.extensions import csrf

LONGEST_KEPT = 200_000
_LONGEST_PATH, _LONGEST_TARGET = 2_000, 4_000
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_SECRET_WORDS = ("password", "otp", "token", "secret", "credential")
_SECRET_NAMES = ("current", "new")
"""Of the form of a new password."""


@dataclass(frozen=True)
class ResumedForm:
    """A form as it was sent: where to, and its fields in order. Files can't be kept; `lost_files` names the fields."""

    action: str
    fields: tuple[tuple[str, str], ...]
    lost_files: tuple[str, ...] = ()

    def dumps(self) -> str:
        return json.dumps([self.action, self.fields, self.lost_files], separators=(",", ":"))

    @classmethod
    def loads(cls, text: str) -> "ResumedForm | None":
        """Read what `dumps` wrote; None for anything else, an action on another site included."""
        try:
            action, fields, lost_files = json.loads(text)
            kept = cls(str(action), tuple((str(n), str(v)) for n, v in fields), tuple(map(str, lost_files)))
        except (ValueError, TypeError):
            return None
        return kept if safe_path(kept.action) else None


def safe_path(target: str | None) -> str | None:
    """`target`, when it is a path on this site; None for whatever a browser might take for another site."""
    if not target or len(target) > _LONGEST_TARGET or not target.isprintable():
        return None
    plain = unquote(unquote(target))
    path = unquote(unquote(target.partition("?")[0]))
    if not plain.isprintable() or "\\" in target or "\\" in path or " " in target or not target.startswith("/"):
        return None
    if len(path) > _LONGEST_PATH or path.startswith("//") or any(urlsplit(target)[:2]):
        return None
    return target


def kept_form() -> ResumedForm | None:
    """The form of this request, without its secrets; None when it is too large to carry along."""
    fields = tuple(
        (name, value)
        for name, value in request.form.items(multi=True)
        if not (name in _SECRET_NAMES or any(word in name.casefold() for word in _SECRET_WORDS))
    )
    if sum(len(name) + len(value) for name, value in fields) > LONGEST_KEPT:
        return None
    return ResumedForm(here(), fields, tuple(name for name, file in request.files.items() if file.filename))


def is_ours() -> bool:
    if not current_app.config["WTF_CSRF_ENABLED"]:
        return True
    try:
        csrf.protect()
    except CSRFError:
        return False
    return True


def comes_from_this_site() -> bool:
    """Browsers name the origin of every form they send; another site's can't pretend to be ours."""
    return request.headers.get("Origin") == request.host_url.rstrip("/")


def here() -> str:
    """The address of this request, on this site."""
    return request.full_path.rstrip("?")


def page_of_form() -> str | None:
    """The page that the form was on, as far as the browser tells."""
    referrer = urlsplit(request.referrer or "")
    if referrer.netloc != request.host:
        return None
    return safe_path(referrer.path + (f"?{referrer.query}" if referrer.query else ""))
