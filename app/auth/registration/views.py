"""The pages of people who aren't in yet, or no longer: /register, /forgot-password, and where mailed links lead."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user

from app.auth.brute_force import attempts
from app.auth.emails import operations as emails
from app.auth.invitations import operations as invitations
from app.auth.passwords import operations as passwords
from app.auth.passwords.hashing import password_hasher
from app.auth.registration import link_views, operations
from app.auth.registration.errors import BadLink
from app.auth.registration.schemas import AcceptInput, ChosenPasswordInput, ForgotInput, Registration
from app.auth.sign_in.flow_views import enter, landing
from app.extensions import db
from app.web.forms import SchemaForm, form_class
from app.web.guards import entrance
from app.web.refusals import submitted

bp = Blueprint("registration", __name__)


@bp.get("/register")
@entrance
def register() -> Any:
    if current_user.is_authenticated:
        return redirect(landing(current_user, None), 303)
    return _page("register", form_class(Registration)(formdata=None))


@bp.post("/register")
@entrance
def sign_up() -> Any:
    with submitted(Registration, partial(_page, "register")) as values:
        attempts.count_registration(_address())
        user = operations.register(values, hashing=password_hasher())
        answer = enter(user, methods=("password",))
    flash(f"Welcome. A link to confirm your address is on its way to {user.email}.", "success")
    return answer


@bp.get("/confirm-email")
@entrance
def confirm_email() -> Any:
    """Shows a button: programs that look at mails follow their links, and press nothing."""
    moved = link_views.moved_token("registration.confirm_email")
    if moved is not None:
        return moved
    with _opened("confirm"):
        return _page("confirm_email", None, email=emails.find_address(link_views.sent_token()))


@bp.post("/confirm-email")
@entrance
def take_email() -> Any:
    with _opened("confirm"):
        user = emails.confirm_email(link_views.sent_token())
    db.session.commit()
    flash(f"{user.email} is confirmed.", "success")
    signed_in = current_user.is_authenticated
    target = url_for("registration_account.email") if signed_in else url_for("auth.login")
    return link_views.drop_token(_to(target), "registration.confirm_email")


@bp.get("/forgot-password")
@entrance
def forgot_password() -> Any:
    return _page("forgot_password", form_class(ForgotInput)(formdata=None))


@bp.post("/forgot-password")
@entrance
def ask_for_reset() -> Any:
    """Answers alike whether the address is anybody's or not, and when it was asked for too often."""
    with submitted(ForgotInput, partial(_page, "forgot_password")) as values:
        if attempts.may_ask_for_reset(values.email, _address()):
            passwords.ask_for_reset(values.email)
    return _to(url_for("registration.reset_asked"))


@bp.get("/forgot-password/sent")
@entrance
def reset_asked() -> Any:
    return _page("reset_asked", None)


@bp.get("/reset-password")
@entrance
def reset_password() -> Any:
    moved = link_views.moved_token("registration.reset_password")
    if moved is not None:
        return moved
    with _opened("reset"):
        user = passwords.find_reset(link_views.sent_token())
    return _page("reset_password", form_class(ChosenPasswordInput)(formdata=None), username=user.username)


@bp.post("/reset-password")
@entrance
def choose_password() -> Any:
    with _opened("reset"):
        username = passwords.find_reset(link_views.sent_token()).username
    with submitted(ChosenPasswordInput, partial(_page, "reset_password", username=username)) as values:
        with _opened("reset"):
            user = passwords.reset_password(link_views.sent_token(), values.password, hashing=password_hasher())
        attempts.trust_browser(user)
    flash("Your new password is set, and all sign-ins have ended. Sign in with it.", "success")
    return link_views.drop_token(_to(url_for("auth.login")), "registration.reset_password")


@bp.get("/invitation")
@entrance
def invitation() -> Any:
    moved = link_views.moved_token("registration.invitation")
    if moved is not None:
        return moved
    with _opened("invitation"):
        user = invitations.find_invited(link_views.sent_token())
    form = form_class(AcceptInput)(formdata=None, data={"username": user.username})
    return _page("invitation", form, invited=user)


@bp.post("/invitation")
@entrance
def accept_invitation() -> Any:
    with _opened("invitation"):
        invited = invitations.find_invited(link_views.sent_token())
    with submitted(AcceptInput, partial(_page, "invitation", invited=invited)) as values:
        with _opened("invitation"):
            user = invitations.accept_invitation(link_views.sent_token(), values, hashing=password_hasher())
        answer = enter(user, methods=("password",))
    flash("Welcome to the DIG|LIT portal.", "success")
    return link_views.drop_token(answer, "registration.invitation")


@contextmanager
def _opened(about: str) -> Iterator[None]:
    """Do what a mailed link is for. Where it doesn't work, nothing is done, and a page says so."""
    try:
        with link_views.counted():
            yield
    except BadLink:
        db.session.rollback()
        abort(_page("bad_link", None, 422, about=about))


def _page(name: str, form: SchemaForm | None, status: int = 200, **more: Any) -> Response:
    return make_response(render_template(f"registration/{name}.html", form=form, **more), status)


def _to(address: str) -> Response:
    return redirect(address, 303)  # type: ignore[return-value]


def _address() -> str:
    return request.remote_addr or ""
