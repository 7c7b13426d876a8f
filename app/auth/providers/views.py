"""Signing in through the provider: there, back, and the one time that an account's owner agrees to the link."""

from typing import Any
from uuid import UUID

import structlog
from flask import Blueprint, Flask, Response, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user

from app.auth.errors import AccountSuspended, WrongCredentials, WrongOtp
from app.auth.mfa import proofs
from app.auth.mfa import queries as mfa
from app.auth.one_time_tokens.models import OneTimeToken
from app.auth.providers import flow_views, leaving_views, operations, queries
from app.auth.providers.operations import LinkedElsewhere
from app.auth.sign_in import operations as sign_in
from app.auth.sign_in.flow_views import enter
from app.auth.sign_in.forms import ProofForm
from app.auth.sign_in.operations import identify
from app.extensions import db
from app.identity.models import User
from app.integrations.openid.errors import ProviderError
from app.integrations.openid.provider import Provider, Someone
from app.web.guards import entrance
from app.web.limits import TooManyRequests
from config import Settings

log = structlog.get_logger(__name__)
bp = Blueprint("providers", __name__)


def init_app(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]
    issuer, client_id = settings.oidc_issuer, settings.oidc_client_id
    there = Provider(issuer, client_id, settings.oidc_client_secret) if issuer and client_id else None
    app.extensions[flow_views.EXTENSION] = there
    app.jinja_env.globals.update(sign_in_provider=lambda: flow_views.name() if flow_views.provider() else None)


@bp.get("/login/provider")
@entrance
def go() -> Any:
    """Off to the provider."""
    return leaving_views.leave(wanted=request.args.get("next"))


@bp.get("/login/provider/callback")
@entrance
def callback() -> Any:
    """Back from it."""
    there = leaving_views.provider()
    try:
        way = flow_views.come_back(request.args)
        db.session.commit()
        if way is None:
            return leaving_views.story("late", 400)
        token, stored = way
        wanted, link_for = stored.data["next"], stored.user_id
        db.session.commit()  # nothing is held while the provider is asked
        someone = there.identify(request.args, flow_views.proofs_of(token), flow_views.redirect_uri())
    except ProviderError as error:
        return leaving_views.tell_of(error)
    answer = _link_own(someone, link_for) if link_for else _let_in(someone, wanted)
    flow_views.WAY_COOKIE.drop(answer)
    return answer


@bp.get("/login/provider/link")
@entrance
def agree() -> Any:
    stored = flow_views.pending()
    if stored is None or stored.user is None:
        return leaving_views.story("late", 400)
    return _agree_page(ProofForm(formdata=None), stored.user)


@bp.post("/login/provider/link")
@entrance
def agree_now() -> Any:
    """The account's owner proves to be it, once; from then on the provider's word is enough."""
    stored = flow_views.pending(for_update=True)
    if stored is None or stored.user is None:
        return leaving_views.story("late", 400)
    form, user = ProofForm(), stored.user
    if not form.validate():
        return _agree_page(form, user, 422)
    try:
        method = _prove(form, user)
        return _link_and_enter(stored, user, method)
    except (WrongCredentials, WrongOtp, AccountSuspended, LinkedElsewhere) as error:
        db.session.commit()
        return _agree_page(form, user, 422, error.message)
    except TooManyRequests as error:
        answer = _agree_page(form, user, error.status, error.message)
        answer.headers["Retry-After"] = str(error.retry_after)
        return answer


def _let_in(someone: Someone, wanted: str) -> Response:
    link = queries.find_link(someone.issuer, someone.subject)
    if link is not None:
        operations.note_use(link)
        try:
            return enter(link.user, methods=("provider",), wanted=wanted)
        except AccountSuspended as error:
            db.session.rollback()
            log.info("sign-in refused", reason=error.code, user_id=str(link.user_id))
            return leaving_views.story("suspended", 403)
    user = queries.find_confirmed(someone.email) if someone.email_is_verified else None
    if user is None:
        log.info("sign-in refused", reason="no-account-linked", verified=someone.email_is_verified)
        return leaving_views.story("unknown", 403, email=someone.email if someone.email_is_verified else "")
    token = flow_views.remember_pending(someone, user.id, wanted)
    db.session.commit()
    answer: Any = redirect(url_for("providers.agree"), 303)
    flow_views.PENDING_COOKIE.keep(answer, token)
    return answer  # type: ignore[no-any-return]


def _link_own(someone: Someone, link_for: UUID) -> Response:
    """Link the account of the person who set out for it, if it is still they who come back."""
    if not current_user.is_person or current_user.id != link_for:
        return leaving_views.story("late", 400)
    _link(current_user, someone.issuer, someone.subject, someone.email)
    db.session.commit()
    flash(f"You can sign in with {flow_views.name()} from now on.", "success")
    return redirect(url_for("account_providers.index"), 303)  # type: ignore[return-value]


def _link_and_enter(stored: OneTimeToken, user: User, method: str) -> Response:
    sign_in.refuse_suspended(user)
    link = _link(user, stored.data["issuer"], stored.data["subject"], stored.data["email"])
    operations.note_use(link)
    sign_in.end_first_proof(stored)
    answer = enter(user, methods=("provider", method), wanted=stored.data["next"])
    flow_views.PENDING_COOKIE.drop(answer)
    return answer


def _link(user: Any, issuer: str, subject: str, email: str) -> Any:
    found = user if isinstance(user, User) else db.session.get_one(User, user.id)
    return operations.link(found, issuer=issuer, subject=subject, email=email, name=flow_views.name(), actor=user)


def _prove(form: ProofForm, user: User) -> str:
    if user.password_hash is not None:
        identify(user.username, form.password.data or "", address=request.remote_addr or "")
        return "password"
    return proofs.use_code(user, form.otp.data or "", address=request.remote_addr or "")


def _agree_page(form: ProofForm, user: User, status: int = 200, problem: str | None = None) -> Response:
    page = render_template(
        "auth/provider_link.html",
        form=form,
        user=user,
        provider=flow_views.name(),
        problem=problem,
        by_password=user.password_hash is not None,
        by_code=user.password_hash is None and mfa.app_is_on(user.id),
    )
    return make_response(page, status)
