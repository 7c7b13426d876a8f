"""The portal's door: /login, the second step after it, and /logout."""

from typing import Any

import structlog
from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask import session as form_session
from flask_login import current_user

from app.auth.errors import AccountSuspended, WrongCredentials, WrongOtp, WrongPasskey
from app.auth.mfa import passkey_operations, proofs
from app.auth.one_time_tokens.models import OneTimeToken
from app.auth.sign_in import operations
from app.auth.sign_in.flow_views import HALF_DONE, admit, enter, landing, second_page
from app.auth.sign_in.forms import ProofForm, SignInForm
from app.auth.sign_in.operations import identify
from app.extensions import db
from app.identity import authentication, impersonation, sessions
from app.identity.authentication import device
from app.identity.models import User
from app.web.guards import also_when_impersonating, entrance
from app.web.limits import TooManyRequests
from app.web.resumed_forms import ResumedForm, safe_path

log = structlog.get_logger(__name__)
bp = Blueprint("auth", __name__)


@bp.get("/login")
@entrance
def login() -> Any:
    if current_user.is_authenticated:
        return redirect(landing(current_user, request.args.get("next")), 303)
    form = SignInForm(formdata=None, next=safe_path(request.args.get("next")) or "")
    return _page(form)


@bp.post("/login")
@entrance
def sign_in() -> Any:
    form = SignInForm()
    if not form.validate():
        return _page(form, 422)
    try:
        user = identify(form.username.data.strip(), form.password.data, address=request.remote_addr or "")
        return enter(user, methods=("password",), **_onward(form))
    except (WrongCredentials, AccountSuspended) as error:
        return _page(form, 422, problem=error.message)
    except TooManyRequests as error:
        return _later(_page(form, error.status, problem=error.message), error)


@bp.post("/login/passkey")
@entrance
def sign_in_with_passkey() -> Any:
    """The whole sign-in: the passkey says who it is, and its device has asked for a finger, a face or a PIN."""
    form = ProofForm()
    answered = SignInForm(formdata=None, next=form.next.data or "", kept=form.kept.data or "")
    if not form.validate():
        return _page(answered, 422)
    try:
        user = passkey_operations.sign_in(form.credential.data or "", binding=_browser())
        return enter(user, methods=("passkey",), **_onward(form))
    except (WrongPasskey, AccountSuspended) as error:
        db.session.commit()
        return _page(answered, 422, problem=error.message)


@bp.post("/login/passkey/options")
@entrance
def passkey_options() -> Any:
    """What the browser is to ask of a passkey."""
    options = passkey_operations.ask_to_sign_in(binding=_browser())
    db.session.commit()
    return Response(options, mimetype="application/json")


@bp.get("/login/second")
@entrance
def second() -> Any:
    found = _half_done()
    if found is None:
        return _begin_again()
    _, user = found
    form = ProofForm(formdata=None, next=safe_path(request.args.get("next")) or "")
    return second_page(form, operations.ways_of(user))


@bp.post("/login/second")
@entrance
def prove_again() -> Any:
    found = _half_done(for_update=True)
    if found is None:
        return _begin_again()
    stored, user = found
    form = ProofForm()
    ways = operations.ways_of(user)
    if not form.validate():
        return second_page(form, ways, 422)
    try:
        method = _judge(form, user)
    except (WrongOtp, WrongPasskey) as error:
        return _refuse(stored, form, ways, error.message)
    except TooManyRequests as error:
        return _later(second_page(form, ways, error.status, error.message), error)
    return _finish(stored, user, method, form)


@bp.post("/login/second/options")
@entrance
def second_options() -> Any:
    """What the browser is to ask of one of the person's passkeys."""
    found = _half_done()
    if found is None:
        return _begin_again()
    options = passkey_operations.ask_to_prove(found[1], binding=HALF_DONE.sent())
    db.session.commit()
    return Response(options, mimetype="application/json")


@bp.post("/logout")
@entrance
@also_when_impersonating
def logout() -> Any:
    session = authentication.own_session()
    if session is not None:
        sessions.end_session(session.id)
        db.session.commit()
    form_session.clear()
    flash("You are signed out.", "success")
    answer = redirect(url_for("auth.login"), 303)
    authentication.SIGN_IN.keep(answer, "")
    impersonation.COOKIE.drop(answer)
    return answer


def _browser() -> str:
    """What this browser alone has: the secret behind its form tokens."""
    return str(form_session.get("csrf_token", ""))


def _half_done(*, for_update: bool = False) -> tuple[OneTimeToken, User] | None:
    stored = operations.find_first_proof(HALF_DONE.sent(), for_update=for_update)
    if stored is None or stored.user is None or not operations.ways_of(stored.user):
        return None
    return stored, stored.user


def _judge(form: ProofForm, user: User) -> str:
    """By what the user has proved to be it. Raises WrongOtp, WrongPasskey or TooManyRequests."""
    if form.credential.data:
        passkey_operations.prove(form.credential.data, user, binding=HALF_DONE.sent())
        return "passkey"
    return proofs.use_code(user, form.otp.data or "", address=request.remote_addr or "")


def _finish(stored: OneTimeToken, user: User, method: str, form: ProofForm) -> Response:
    methods = (*stored.data["methods"], method)
    operations.end_first_proof(stored)
    try:
        operations.refuse_suspended(user)
    except AccountSuspended as error:
        db.session.commit()
        return _begin_again(error.message)
    started = operations.start(user, methods=methods, device=device(), kind="portal")
    return admit(user, started, **_onward(form))


def _refuse(stored: OneTimeToken, form: ProofForm, ways: tuple[str, ...], message: str) -> Response:
    left = operations.count_wrong(stored)
    db.session.commit()
    log.info("second factor refused", user_id=str(stored.user_id), left=left)
    if not left:
        return _begin_again("That were too many wrong codes. Sign in again.")
    form.otp.errors = [message] if not form.credential.data else []
    return second_page(form, ways, 422, message if form.credential.data else None)


def _begin_again(message: str = "That took a little long. Sign in again.") -> Response:
    flash(message, "info")
    form = ProofForm() if request.method == "POST" else None
    if form is not None and form.kept.data:
        answer = _page(SignInForm(formdata=None, kept=form.kept.data, next=safe_path(form.next.data) or ""), 401)
    else:
        wanted = form.next.data if form is not None else request.args.get("next")
        answer = redirect(url_for("auth.login", next=safe_path(wanted)), 303)  # type: ignore[assignment]
    HALF_DONE.drop(answer)
    return answer


def _onward(form: SignInForm | ProofForm) -> dict[str, Any]:
    return {"wanted": form.next.data, "kept": ResumedForm.loads(form.kept.data or "")}


def _later(answer: Response, error: TooManyRequests) -> Response:
    answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _page(form: SignInForm, status: int = 200, problem: str | None = None) -> Response:
    kept = ResumedForm.loads(form.kept.data or "")
    return make_response(render_template("auth/login.html", form=form, kept=kept, problem=problem), status)
