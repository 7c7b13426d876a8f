"""A person's own second factors: /account/two-factor, and /account/confirm, which asks for a proof once more."""

from typing import Any

import segno
from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from markupsafe import Markup

from app.auth.errors import TwoFactorOff, TwoFactorOn, WrongOtp, WrongPasskey, WrongProof
from app.auth.mfa import operations, passkey_operations, proofs, queries
from app.auth.mfa.forms import CodeForm
from app.auth.sign_in.forms import ProofForm
from app.auth.step_up.views import confirm_page, recently_confirmed
from app.extensions import db
from app.identity import authentication
from app.identity import queries as users
from app.identity.models import User
from app.web import htmx
from app.web.guards import also_without_factor, person
from app.web.limits import TooManyRequests
from app.web.resumed_forms import ResumedForm, safe_path

bp = Blueprint("mfa", __name__)


def summary(who: Any) -> str:
    if not queries.app_is_on(who.id):
        return "Off"
    return f"On, {queries.codes_left(who.id)} recovery codes left"


@bp.get("/account/two-factor")
@person
@also_without_factor
def two_factor() -> Any:
    return _page(CodeForm(formdata=None))


@bp.post("/account/two-factor/set-up")
@person
@also_without_factor
@recently_confirmed
def begin() -> Any:
    try:
        operations.begin_app(_user(), actor=current_user)
    except TwoFactorOn as error:
        return _elsewhere(error.message)
    db.session.commit()
    return redirect(url_for("mfa.set_up"), 303)


@bp.get("/account/two-factor/set-up")
@person
@also_without_factor
@recently_confirmed
def set_up() -> Any:
    return _set_up_page(CodeForm(formdata=None))


@bp.post("/account/two-factor/confirm")
@person
@also_without_factor
@recently_confirmed
def turn_on() -> Any:
    form = CodeForm()
    if not form.validate():
        return _set_up_page(form, 422)
    try:
        made = operations.confirm_app(
            _user(), form.otp.data, session=authentication.current_session(), actor=current_user
        )
    except WrongProof as error:
        form.otp.errors = [error.message]
        return _set_up_page(form, 422)
    except (TwoFactorOn, TwoFactorOff) as error:
        return _elsewhere(error.message)
    db.session.commit()
    return _codes_page(made, just_on=True)


@bp.post("/account/two-factor/recovery-codes")
@person
@also_without_factor
@recently_confirmed
def new_codes() -> Any:
    form = CodeForm()
    user = _user()
    problem = _spend(form, lambda otp: operations.replace_codes(user, otp, actor=current_user))
    return _page(form, 422, about="codes") if problem else _codes_page(form.result, just_on=False)


@bp.post("/account/two-factor/off")
@person
@also_without_factor
@recently_confirmed
def turn_off() -> Any:
    form = CodeForm()
    user = _user()
    if _spend(form, lambda otp: operations.turn_off_app(user, otp, actor=current_user)):
        return _page(form, 422, about="off")
    flash("Two-factor sign-in is off.", "success")
    return redirect(url_for("mfa.two_factor"), 303)


@bp.post("/account/two-factor/recovery-codes.txt")
@person
@also_without_factor
def download() -> Any:
    """The codes that the page shows, as a file. Nobody but the page knows them any more, so it sends them along."""
    codes = [line for line in request.form.get("codes", "")[:1000].split() if line]
    if not operations.are_codes_of(_user(), codes):
        return _elsewhere("These codes are not good any more. Make new ones.")
    text = render_template("account/recovery_codes.txt", codes=codes, email=current_user.email)
    answer = Response(text, mimetype="text/plain")
    answer.headers["Content-Disposition"] = 'attachment; filename="diglit-recovery-codes.txt"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.get("/account/confirm")
@person
@also_without_factor
def confirm() -> Any:
    return confirm_page(ProofForm(formdata=None, next=safe_path(request.args.get("next")) or ""))


@bp.post("/account/confirm")
@person
@also_without_factor
def confirm_now() -> Any:
    form = ProofForm()
    if not form.validate():
        return confirm_page(form, 422)
    try:
        method = _prove(form, _user())
    except (WrongProof, WrongOtp, WrongPasskey) as error:
        db.session.commit()
        return _refused(form, error.message)
    except TooManyRequests as error:
        answer = confirm_page(form, error.status, error.message)
        answer.headers["Retry-After"] = str(error.retry_after)
        return answer
    operations.note_proof(authentication.current_session(), method)
    db.session.commit()
    return _back(form)


@bp.post("/account/confirm/options")
@person
@also_without_factor
def confirm_options() -> Any:
    """What the browser is to ask of one of the person's passkeys."""
    options = passkey_operations.ask_to_prove(_user(), binding=str(current_user.session_id))
    db.session.commit()
    return Response(options, mimetype="application/json")


def _prove(form: ProofForm, user: User) -> str:
    if form.credential.data:
        passkey_operations.prove(form.credential.data, user, binding=str(current_user.session_id))
        return "passkey"
    if user.password_hash is None:
        return proofs.use_code(user, form.otp.data or "", address=request.remote_addr or "")
    proofs.check_password(user, form.password.data or "", address=request.remote_addr or "")
    return "password"


def _refused(form: ProofForm, message: str) -> Response:
    if form.credential.data:
        return confirm_page(form, 422, message)
    wrong = form.otp if users.get_user(current_user.id).password_hash is None else form.password
    wrong.errors = [message]
    return confirm_page(form, 422)


def _back(form: ProofForm) -> Response:
    back = safe_path(form.next.data) or url_for("account.profile")
    kept = ResumedForm.loads(form.kept.data or "")
    if kept is None:
        return redirect(back, 303)  # type: ignore[return-value]
    page = render_template("auth/send_again.html", kept=kept, just_signed_in=False, just_confirmed=True, back=back)
    return htmx.whole_page(make_response(page))


def _spend(form: CodeForm, use: Any) -> bool:
    """Do what wants a code, and commit; tells whether there was a problem, which then stands at the field."""
    if not form.validate():
        return True
    user = _user()
    try:
        form.result = proofs.counted(user, form.otp.data, use, address=request.remote_addr or "")
    except (WrongProof, TooManyRequests, TwoFactorOff) as error:
        db.session.rollback()
        form.otp.errors = [error.message]
        return True
    db.session.commit()
    return False


def _user() -> User:
    return users.get_user(current_user.id)


def _elsewhere(message: str) -> Response:
    flash(message, "info")
    return redirect(url_for("mfa.two_factor"), 303)  # type: ignore[return-value]


def _page(form: CodeForm, status: int = 200, about: str = "") -> Response:
    user = _user()
    app = queries.app_of(user.id)
    page = render_template(
        "account/two_factor.html",
        form=form,
        about=about,
        app=app if app and app.confirmed_at else None,
        left=queries.codes_left(user.id),
        passkeys=len(queries.passkeys_of(user.id)),
    )
    return make_response(page, status)


def _set_up_page(form: CodeForm, status: int = 200) -> Response:
    user = _user()
    app = queries.app_of(user.id)
    if app is None or app.confirmed_at is not None:
        return redirect(url_for("mfa.two_factor"), 303)  # type: ignore[return-value]
    told = operations.to_add(app, user)
    groups = [told.secret[at : at + 4] for at in range(0, len(told.secret), 4)]
    page = render_template(
        "account/two_factor_set_up.html", form=form, qr=_qr(told.otpauth_uri), groups=groups, uri=told.otpauth_uri
    )
    return make_response(page, status)


def _codes_page(codes: list[str], *, just_on: bool) -> Response:
    answer = make_response(render_template("account/recovery_codes.html", codes=codes, just_on=just_on))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _qr(text: str) -> Markup:
    """The QR code as SVG in the page; dark on white whatever the page's colours are, as cameras want it."""
    drawn = segno.make(text, error="m", micro=False).svg_inline(
        svgclass="qr", lineclass=None, omitsize=True, dark="#000", light="#fff", border=4
    )
    return Markup(drawn)  # noqa: S704 - segno draws it; the text is in it as squares alone
