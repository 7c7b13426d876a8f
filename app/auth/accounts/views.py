"""The pages /account/password and /account/email."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user

from app.auth.brute_force import attempts
from app.auth.emails import operations as emails
from app.auth.passwords import operations as passwords
from app.auth.passwords.hashing import password_hasher
from app.auth.registration.schemas import FirstPasswordInput, NewEmailInput, PasswordInput
from app.auth.step_up.views import recently_confirmed
from app.identity import queries as users
from app.web import limits
from app.web.forms import SchemaForm, form_class
from app.web.guards import person
from app.web.refusals import saying_no, submitted

bp = Blueprint("registration_account", __name__, url_prefix="/account")


def describe_address(who: Any) -> str:
    return "Confirmed" if who.email_confirmed_at else "Not confirmed yet"


@bp.get("/password")
@person
def password() -> Any:
    if users.get_user(current_user.id).password_hash is None:
        return _to("registration_account.first_password")
    return _page("password", form_class(PasswordInput)(formdata=None))


@bp.post("/password")
@person
def change_password() -> Any:
    with submitted(PasswordInput, partial(_page, "password")) as values:
        user = users.get_user(current_user.id)
        attempt = attempts.count_sign_in(user.username, user, request.remote_addr or "")
        passwords.change_password(
            user.id, values.current, values.new, keep=current_user.session_id, hashing=password_hasher()
        )
    attempt.succeeded()
    attempts.forget_guesses(user.id)
    flash("Your password has changed. All other sign-ins have ended.", "success")
    return _to("registration_account.password")


@bp.get("/password/first")
@person
@recently_confirmed
def first_password() -> Any:
    if users.get_user(current_user.id).password_hash is not None:
        return _to("registration_account.password")
    return _page("first_password", form_class(FirstPasswordInput)(formdata=None))


@bp.post("/password/first")
@person
@recently_confirmed
def set_first_password() -> Any:
    with submitted(FirstPasswordInput, partial(_page, "first_password")) as values:
        passwords.set_first_password(
            current_user.id, values.new, keep=current_user.session_id, hashing=password_hasher()
        )
    flash("Your password is set. It works together with your other ways to sign in.", "success")
    return _to("registration_account.password")


@bp.get("/email")
@person
def email() -> Any:
    return _email_page(form_class(NewEmailInput)(formdata=None))


@bp.post("/email")
@person
@recently_confirmed
def change_email() -> Any:
    with submitted(NewEmailInput, _email_page) as values:
        limits.hit("confirmation", str(current_user.id))
        emails.ask_to_change(users.get_user(current_user.id, for_update=True), values.email)
    flash(f"A link is on its way to {values.email}. Your address changes when you open it.", "success")
    return _to("registration_account.email")


@bp.post("/email/resend")
@person
def resend() -> Any:
    form = form_class(NewEmailInput)(formdata=None)
    with saying_no(form, partial(_email_page, form)):
        limits.hit("confirmation", str(current_user.id))
        emails.ask_to_confirm(users.get_user(current_user.id, for_update=True))
    flash(f"A new link is on its way to {current_user.email}.", "success")
    return _to("registration_account.email")


def _email_page(form: SchemaForm, status: int = 200) -> Response:
    user = users.get_user(current_user.id)
    return _page("email", form, status, user=user, pending=emails.pending_change(user))


def _page(name: str, form: SchemaForm, status: int = 200, **more: Any) -> Response:
    return make_response(render_template(f"account/{name}.html", form=form, **more), 422 if status == 409 else status)


def _to(endpoint: str) -> Response:
    return redirect(url_for(endpoint), 303)  # type: ignore[return-value]
