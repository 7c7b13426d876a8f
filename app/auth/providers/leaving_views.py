"""Off to the provider, and what to say when that leads nowhere."""

from typing import Any
from uuid import UUID

import structlog
from flask import Response, make_response, redirect, render_template

from app.auth.providers import flow_views
from app.core.errors import NotFound
from app.extensions import db
from app.integrations.openid.errors import Declined, ProviderDown, ProviderError
from app.integrations.openid.provider import Provider

log = structlog.get_logger(__name__)


def provider() -> Provider:
    """The provider; NotFound where the settings name none."""
    there = flow_views.provider()
    if there is None:
        raise NotFound("Nobody signs in here through a provider.")
    return there


def leave(*, wanted: str | None, link_for: UUID | None = None) -> Response:
    """Send the browser to the provider, on a way that a cookie binds to it."""
    there = provider()
    token = flow_views.set_out(wanted=wanted, link_for=link_for)
    db.session.commit()
    try:
        address = there.address_to_ask(flow_views.proofs_of(token), flow_views.redirect_uri())
    except ProviderError as error:
        return tell_of(error)
    answer: Any = redirect(address, 303)
    answer.headers["Cache-Control"] = "no-store"
    flow_views.WAY_COOKIE.keep(answer, token)
    return answer  # type: ignore[no-any-return]


def tell_of(error: ProviderError) -> Response:
    """A page for the person; for the log what the provider did, without anything secret."""
    db.session.rollback()
    kind = {Declined: "declined", ProviderDown: "down"}.get(type(error), "bad")
    log.warning("sign-in through the provider failed", kind=kind, reason=str(error))
    return story(kind, 503 if kind == "down" else 400)


def story(kind: str, status: int, **more: Any) -> Response:
    """The page that says why it led nowhere, and what to do."""
    page = render_template("auth/provider_story.html", kind=kind, provider=flow_views.name(), **more)
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer
