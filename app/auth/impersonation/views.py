"""The pages by which staff see the portal as a customer: whom, why, and the way back."""

from typing import Annotated, Any
from uuid import UUID

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, url_for
from flask import session as form_session
from flask_login import current_user
from pydantic import Field
from werkzeug.wrappers import Response

from app.auth.impersonation import operations, queries
from app.auth.impersonation.operations import NotToBeSeen, OnlyCustomersAreSeen
from app.core.schemas import Input, Line
from app.extensions import db
from app.identity import impersonation
from app.identity import queries as users
from app.identity.authentication import device
from app.identity.models import User
from app.web.forms import form_class
from app.web.guards import allow, also_when_impersonating, signed_in


class SeeAsInput(Input):
    """Why a member of staff looks through a customer's eyes."""

    reason: Annotated[
        str,
        Line(200, min_length=3, help="Such as a ticket's number, or what they asked. It is kept in the audit."),
        Field(title="Why"),
    ]


bp = Blueprint("impersonation", __name__)
LONGEST_SEARCH = 254


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(impersonated=impersonated, can_be_seen=queries.can_be_seen)


def impersonated() -> Any:
    """Whom this request is seeing the portal as, or None. Asks the database nothing: error pages are drawn with it."""
    known = g.get("_login_user")
    return known if getattr(known, "impersonator", None) else None


@bp.get("/admin/see-as")
@allow(impersonation.PERMISSION)
def search() -> str:
    q = request.args.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
    return render_template(
        "impersonation/search.html", q=q, people=queries.find_people(q) if q else None, most=queries.MOST
    )


@bp.route("/admin/users/<uuid:user_id>/see-as", methods=["GET", "POST"])
@allow(impersonation.PERMISSION)
def see_as(user_id: UUID) -> Any:
    user = users.get_user(user_id)
    _refuse_unseen(user)
    form = form_class(SeeAsInput)()
    values = form.new_values() if request.method == "POST" else None
    if isinstance(values, SeeAsInput):
        started = operations.begin_look(user.id, reason=values.reason, actor=current_user, device=device())
        db.session.commit()
        answer = redirect(url_for("portal.dashboard"), 303)
        impersonation.COOKIE.keep(answer, started.token)
        return _with_new_form_token(answer)
    return render_template("impersonation/begin.html", user=user, form=form), 422 if form.problems else 200


@bp.post("/see-as/stop")
@signed_in
@also_when_impersonating
def stop() -> Any:
    """Back to one's own sign-in. Whoever is there already is led back by the guard, before the form's token counts."""
    token = impersonation.COOKIE.sent()
    look = queries.find_look(token) if token else None
    if look is not None and look.user is not None:
        operations.end_look(look, reason="stopped")
        db.session.commit()
        flash(f"You are yourself again, and no longer see the portal as {look.user.username}.", "success")
        answer = redirect(url_for("users.show", ref=look.user.id), 303)
    else:
        answer = redirect("/", 303)
    impersonation.COOKIE.drop(answer)
    return _with_new_form_token(answer)


def _refuse_unseen(user: User) -> None:
    if user.role not in queries.SEEN_ROLES:
        raise OnlyCustomersAreSeen
    if not queries.can_be_seen(user):
        raise NotToBeSeen


def _with_new_form_token(answer: Response) -> Response:
    """A form that was open in another tab was meant for somebody else's eyes: it is asked about before it counts."""
    form_session.pop("csrf_token", None)
    g.pop("csrf_token", None)
    return answer
