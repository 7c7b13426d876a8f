"""/oauth/authorize: a person says whether an application may act for them (RFC 6749 section 4.1).

Whoever isn't signed in signs in first, and comes back here with all that was asked. Where the application or its
redirect URI is unknown, our own page says so: nobody is ever sent to an address that nobody registered.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749 import AccessDeniedError, OAuth2Error
from flask import Blueprint, Response, make_response, render_template, request
from flask_login import current_user

from app.auth.oauth import operations, queries
from app.auth.oauth.grants import CodeGrant
from app.auth.oauth.redirects import host_of, is_loopback, origin_of
from app.auth.oauth.server import server
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import Application
from app.identity.queries import get_user
from app.identity.scopes import in_words
from app.web.guards import person
from app.web.security import let_forms_lead_to

bp = Blueprint("oauth", __name__)


class InteractionRequired(OAuth2Error):  # type: ignore[misc]
    """The application wants no page to be shown, but somebody has to be asked."""

    error = "interaction_required"
    description = "The person has to be asked first."


@dataclass(frozen=True)
class Question:
    """What the page asks."""

    name: str
    company: str | None
    since: datetime
    host: str
    is_local: bool
    scopes: list[str]
    known: frozenset[str]
    """What the person lets it do already."""


@bp.get("/oauth/authorize")
@person
def authorize() -> Any:
    with as_system("people let in applications of other companies"):
        try:
            asked = server().get_consent_grant(end_user=current_user)
        except OAuth2Error as error:
            return _to_application(_refusal(error))
        return _answer_without_asking(asked) or _page(asked)


@bp.post("/oauth/authorize")
@person
def decide() -> Any:
    with as_system("people let in applications of other companies"):
        try:
            asked = server().get_consent_grant(end_user=current_user)
        except OAuth2Error as error:
            return _to_application(_refusal(error))
        decision = request.form.get("decision")
        if decision not in ("allow", "refuse"):
            return _page(asked, 422)
        if decision == "refuse":
            return _to_application(_refusal(_about(asked, AccessDeniedError())))
        _grant(asked)
        answer = _code_for(asked)
        db.session.commit()
    return _to_application(answer)


def _answer_without_asking(asked: CodeGrant) -> Response | None:
    """The answer, where the person has said yes to all of it before; None where they are to be asked.

    A program on somebody's own machine is known by nothing but its name, which any other could use; so it is always
    asked about (RFC 8252 section 8.6).
    """
    prompts = (request.args.get("prompt") or "").split()
    application: Application = asked.request.client.application
    grant = queries.find_grant(current_user.id, application.id)
    is_known = grant is not None and set(asked.request.scope.split()) <= set(grant.scopes)
    if is_known and "consent" not in prompts and not (application.public and is_loopback(asked.redirect_uri)):
        answer = _code_for(asked)
        db.session.commit()
        return _to_application(answer)
    if "none" in prompts:
        return _to_application(_refusal(_about(asked, InteractionRequired())))
    return None


def _grant(asked: CodeGrant) -> None:
    user = get_user(current_user.id, for_update=True)
    operations.grant(user, asked.request.client.application, asked.request.scope.split(), actor=current_user)


def _code_for(asked: CodeGrant) -> Response:
    answer: Response = server().create_authorization_response(asked.request, grant_user=current_user, grant=asked)
    return answer


def _about(asked: CodeGrant, error: OAuth2Error) -> OAuth2Error:
    error.redirect_uri, error.state = asked.redirect_uri, asked.request.payload.state
    return error


def _refusal(error: OAuth2Error) -> Response:
    """The error, sent to the application where it may be, and else told here."""
    if error.redirect_uri:
        return server().answer_error(error)
    return make_response(render_template("oauth/refused.html", words=error.description, error=error.error), 400)


def _page(asked: CodeGrant, status: int = 200) -> Response:
    application: Application = asked.request.client.application
    grant = queries.find_grant(current_user.id, application.id)
    question = Question(
        name=application.name,
        company=queries.company_of(application),
        since=application.created_at,
        host=host_of(asked.redirect_uri),
        is_local=is_loopback(asked.redirect_uri),
        scopes=[in_words(scope) for scope in asked.request.scope.split()],
        known=frozenset(in_words(scope) for scope in (grant.scopes if grant else ())),
    )
    page = render_template("oauth/consent.html", question=question, action=request.full_path)
    return let_forms_lead_to(make_response(page, status), origin_of(asked.redirect_uri))


def _to_application(answer: Response) -> Response:
    """The redirect; or a page that leads there, where it would be the end of a form's way.

    Browsers hold a form to the `form-action` of the page that it was on, through all redirects: the sign-in page knows
    of no application, and nobody knows where the application leads on to. What comes from a page of ours is such an
    end; where a browser doesn't say (`Sec-Fetch-Site`), the consent page's own policy lets the application in.
    """
    there = answer.location
    if there is None or request.headers.get("Sec-Fetch-Site") != "same-origin":
        return answer
    return make_response(render_template("oauth/onward.html", there=there, host=urlsplit(there).netloc))
