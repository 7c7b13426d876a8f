"""Forms that were sent at the wrong moment: after the sign-in had ended, or with a token from before it. What was typed
comes along through the sign-in, and its owner sends it off again with one click."""

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest

from app.auth.sign_in.forms import SignInForm
from app.core.addresses import under_api
from app.web import htmx
from app.web.resumed_forms import SAFE_METHODS, comes_from_this_site, here, is_ours, kept_form, page_of_form, safe_path


def ask_to_sign_in() -> Response:
    """Lead a person to the sign-in page, and back afterwards. A form of ours that was sent is kept meanwhile."""
    if request.method in SAFE_METHODS:
        return _to_sign_in(htmx.current_page() if htmx.wants_fragment() else here())
    kept = kept_form() if is_ours() else None
    if kept is None:
        return _to_sign_in(page_of_form())
    page = render_template(
        "auth/login.html", form=SignInForm(formdata=None, kept=kept.dumps(), next=page_of_form() or ""), kept=kept
    )
    return htmx.whole_page(make_response(page, 401))


def check_form() -> Response | None:
    """Refuse a form that another site may have sent. One that is ours, but was open too long, can be sent again."""
    if request.method in SAFE_METHODS or under_api() or is_ours():
        return None
    kept = kept_form()
    if kept is None or not comes_from_this_site():
        raise BadRequest("This form couldn't be checked. Reload the page that it is on, and send it again.")
    if kept.action == url_for("auth.login"):
        page = render_template("auth/login.html", form=SignInForm(), kept=None, was_open_too_long=True)
    else:
        page = render_template("auth/send_again.html", kept=kept, just_signed_in=False, back=page_of_form())
    return htmx.whole_page(make_response(page, 400))


def _to_sign_in(back_to: str | None) -> Response:
    target = safe_path(back_to)
    address = url_for("auth.login", next=target) if target and target != "/" else url_for("auth.login")
    if htmx.wants_fragment():
        return htmx.go_to(address)
    return redirect(address, 303)  # type: ignore[return-value]
