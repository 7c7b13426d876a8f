"""Forms that were sent at the wrong moment: after the sign-in had ended, or with a token from before it. What was typed
comes along through the sign-in, and its owner sends it off again with one click."""

import json
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from flask import Response, current_app, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import BadRequest

from app.api.addresses import under_api
from app.auth.sign_in.forms import SignInForm
from app.extensions import csrf
from app.web import htmx

LONGEST_KEPT = 200_000
_LONGEST_PATH, _LONGEST_TARGET = 2_000, 4_000
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_SECRET_WORDS = ("password", "otp", "token", "secret", "credential")
_SECRET_NAMES = ("current", "new")
"""Of the form of a new password."""


@dataclass(frozen=True)
class KeptForm:
    """A form as it was sent: where to, and its fields in order. Files can't be kept; `lost_files` names the fields."""

    action: str
    fields: tuple[tuple[str, str], ...]
    lost_files: tuple[str, ...] = ()

    def dumps(self) -> str:
        return json.dumps([self.action, self.fields, self.lost_files], separators=(",", ":"))

    @classmethod
    def loads(cls, text: str) -> "KeptForm | None":
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


def ask_to_sign_in() -> Response:
    """Lead a person to the sign-in page, and back afterwards. A form of ours that was sent is kept meanwhile."""
    if request.method in SAFE_METHODS:
        return _to_sign_in(htmx.current_page() if htmx.wants_fragment() else here())
    kept = kept_form() if _is_ours() else None
    if kept is None:
        return _to_sign_in(page_of_form())
    page = render_template(
        "auth/login.html", form=SignInForm(formdata=None, kept=kept.dumps(), next=page_of_form() or ""), kept=kept
    )
    return htmx.whole_page(make_response(page, 401))


def check_form() -> Response | None:
    """Refuse a form that another site may have sent. One that is ours, but was open too long, can be sent again."""
    if request.method in SAFE_METHODS or under_api() or _is_ours():
        return None
    kept = kept_form()
    if kept is None or not _comes_from_this_site():
        raise BadRequest("This form couldn't be checked. Reload the page that it is on, and send it again.")
    if kept.action == url_for("auth.login"):
        page = render_template("auth/login.html", form=SignInForm(), kept=None, was_open_too_long=True)
    else:
        page = render_template("auth/send_again.html", kept=kept, just_signed_in=False, back=page_of_form())
    return htmx.whole_page(make_response(page, 400))


def kept_form() -> KeptForm | None:
    """The form of this request, without its secrets; None when it is too large to carry along."""
    fields = tuple(
        (name, value)
        for name, value in request.form.items(multi=True)
        if not (name in _SECRET_NAMES or any(word in name.casefold() for word in _SECRET_WORDS))
    )
    if sum(len(name) + len(value) for name, value in fields) > LONGEST_KEPT:
        return None
    return KeptForm(here(), fields, tuple(name for name, file in request.files.items() if file.filename))


def _is_ours() -> bool:
    if not current_app.config["WTF_CSRF_ENABLED"]:
        return True
    try:
        csrf.protect()
    except CSRFError:
        return False
    return True


def _comes_from_this_site() -> bool:
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


def _to_sign_in(back_to: str | None) -> Response:
    target = safe_path(back_to)
    address = url_for("auth.login", next=target) if target and target != "/" else url_for("auth.login")
    if htmx.wants_fragment():
        return htmx.go_to(address)
    return redirect(address, 303)  # type: ignore[return-value]
