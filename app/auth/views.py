"""The portal's door: /login and /logout."""

from typing import Any

import structlog
from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask import session as form_session
from flask_login import current_user
from werkzeug.exceptions import HTTPException

from app.auth import identity, operations, policy
from app.auth.errors import AccountSuspended, WrongCredentials
from app.auth.forms import SignInForm
from app.auth.interrupted import KeptForm, safe_path
from app.auth.models import User
from app.auth.person import Identity, identity_of
from app.extensions import db, login_manager
from app.web import htmx
from app.web.guards import audience_of, entrance
from app.web.limits import TooManyRequests

log = structlog.get_logger(__name__)
bp = Blueprint("auth", __name__)


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)


@bp.get("/login")
@entrance
def login() -> Any:
    if current_user.is_authenticated:
        return redirect(_landing(current_user, request.args.get("next")), 303)
    form = SignInForm(formdata=None, next=safe_path(request.args.get("next")) or "")
    return _page(form)


@bp.post("/login")
@entrance
def sign_in() -> Any:
    form = SignInForm()
    if not form.validate():
        return _page(form, 422)
    try:
        user = identity.identify(form.username.data.strip(), form.password.data)
    except (WrongCredentials, AccountSuspended) as error:
        return _page(form, 422, problem=error.message)
    except TooManyRequests as error:
        answer = _page(form, error.status, problem=error.message)
        answer.headers["Retry-After"] = str(error.retry_after)
        return answer
    return _admit(user, form)


@bp.post("/logout")
@entrance
def logout() -> Any:
    session = identity.current_session() if current_user.is_authenticated else None
    if session is not None:
        operations.end_session(session.id)
        db.session.commit()
    form_session.clear()
    flash("You are signed out.", "success")
    answer = redirect(url_for("auth.login"), 303)
    identity.drop_cookie(answer)  # type: ignore[arg-type]
    return answer


def _admit(user: User, form: SignInForm) -> Response:
    """Begin the sign-in under a new cookie and a new form token: what the browser held before opens nothing."""
    if current_user.is_authenticated and (old := identity.current_session()) is not None:
        operations.end_session(old.id)
    started = operations.start_session(user, kind="portal", device=identity.device())
    db.session.commit()
    log.info("signed in", user_id=str(user.id), session_id=str(started.session.id))
    form_session.clear()
    g.pop("csrf_token", None)
    g.user_session = started.session
    known = identity_of(user, started.session)
    login_manager._update_request_context_with_user(known)  # noqa: SLF001 - the rest of this answer is for that user
    answer = _onward(known, form)
    identity.keep_cookie(answer, started.token)
    return answer


def _onward(user: Identity, form: SignInForm) -> Response:
    back = _landing(user, form.next.data)
    kept = KeptForm.loads(form.kept.data or "")
    if kept is None:
        return redirect(back, 303)  # type: ignore[return-value]
    page = render_template("auth/send_again.html", kept=kept, just_signed_in=True, back=back)
    return htmx.whole_page(make_response(page))


def _landing(user: Identity, wanted: str | None) -> str:
    """The page that was asked for, if the user may see it; else the user's home."""
    target = safe_path(wanted)
    if target and _may_see(user, target):
        return target
    return "/admin/" if policy.is_staff(user) else "/dashboard/"


def _may_see(user: Identity, target: str) -> bool:
    try:
        endpoint, _ = current_app.url_map.bind(request.host).match(target.partition("?")[0], method="GET")
    except HTTPException:
        return False
    audience = audience_of(endpoint)
    return audience is not None and not audience.is_public and audience.admits(user)


def _page(form: SignInForm, status: int = 200, problem: str | None = None) -> Response:
    kept = KeptForm.loads(form.kept.data or "")
    return make_response(render_template("auth/login.html", form=form, kept=kept, problem=problem), status)
