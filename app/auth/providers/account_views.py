"""/account/providers: the accounts elsewhere that open one's own here."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user

from app.auth.providers import flow_views, leaving_views, operations, queries
from app.auth.providers.operations import LastWayIn
from app.auth.step_up.views import recently_confirmed
from app.extensions import db
from app.web.guards import has_effects, person

bp = Blueprint("account_providers", __name__, url_prefix="/account/providers")


def summary(who: Any) -> str:
    return f"Linked with {flow_views.name()}" if queries.links_of(who.id) else "None linked"


@bp.get("")
@person
def index() -> str:
    there = flow_views.provider()
    links = queries.links_of(current_user.id)
    return render_template(
        "account/providers.html",
        links=links,
        provider=flow_views.name() if there else None,
        is_linked=there is not None and any(link.issuer.rstrip("/") == there.issuer.rstrip("/") for link in links),
    )


@bp.get("/link")
@person
@has_effects
@recently_confirmed
def link() -> Any:
    return leaving_views.leave(wanted=None, link_for=current_user.id)


@bp.post("/<uuid:link_id>/unlink")
@person
@recently_confirmed
def unlink(link_id: UUID) -> Any:
    try:
        operations.unlink(current_user.id, link_id, name=flow_views.name(), actor=current_user)
    except LastWayIn as error:
        db.session.rollback()
        flash(error.message, "warning")
        return redirect(url_for("account_providers.index"), 303)
    db.session.commit()
    flash(f"{flow_views.name()[:1].upper()}{flow_views.name()[1:]} no longer signs you in.", "success")
    return redirect(url_for("account_providers.index"), 303)
