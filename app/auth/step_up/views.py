"""Step-up: what could be turned against its owner wants a proof that is fresh.

    @bp.post("/account/api-keys")
    @person
    @recently_confirmed
    def create() -> Any: …

Within 15 minutes after the sign-in, or after the last such proof, nothing is asked. Else the person is led to
`/account/confirm` and back; a form that was sent meanwhile is kept, as at the sign-in (`web/resumed_forms.py`).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, make_response, redirect, render_template, request, url_for
from flask_login import current_user

from app.auth.mfa import queries as mfa
from app.auth.sign_in.forms import ProofForm
from app.core.clock import now
from app.identity import queries as users
from app.web import htmx
from app.web.resumed_forms import SAFE_METHODS, ResumedForm, here, kept_form, page_of_form, safe_path

FRESH = timedelta(minutes=15)
View = TypeVar("View", bound=Callable[..., Any])


def is_fresh(confirmed_at: datetime | None) -> bool:
    """Whether a proof of that moment still counts."""
    return confirmed_at is not None and confirmed_at > now() - FRESH


def recently_confirmed(view: View) -> View:
    """The view is for somebody who has just proved to be it. It goes below the audience's decorator."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs) if is_fresh(current_user.confirmed_at) else _ask()

    return cast("View", checked)


def confirm_page(form: ProofForm, status: int = 200, problem: str | None = None) -> Response:
    """The page that asks for the proof: the password, a code where there is none, or a passkey."""
    user = users.get_user(current_user.id)
    by_password = user.password_hash is not None
    page = render_template(
        "account/confirm.html",
        form=form,
        kept=ResumedForm.loads(form.kept.data or ""),
        problem=problem,
        by_password=by_password,
        by_code=not by_password and mfa.app_is_on(user.id),
        by_passkey=mfa.has_passkey(user.id),
        back=safe_path(form.next.data) or url_for("account.profile"),
    )
    return make_response(page, status)


def _ask() -> Response:
    if request.method in SAFE_METHODS:
        return _to_page(htmx.current_page() if htmx.wants_fragment() else here())
    kept = None if request.is_json else kept_form()
    if kept is None:
        return _to_page(page_of_form())
    form = ProofForm(formdata=None, kept=kept.dumps(), next=page_of_form() or "")
    return htmx.whole_page(confirm_page(form, 403))


def _to_page(back_to: str | None) -> Response:
    address = url_for("mfa.confirm", next=safe_path(back_to))
    if htmx.wants_fragment():
        return htmx.go_to(address)
    return redirect(address, 303)  # type: ignore[return-value]
