"""What is closed while a member of staff sees the portal as a customer: whatever changes something.

Closed by default. A view that changes nothing worth keeping (sign-out, colours) is marked `also_when_impersonating`;
one that changes something although it is only asked for is marked `has_effects`.
"""

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask import session as form_session
from flask_login import current_user

from app.auth.impersonation import operations, queries
from app.auth.impersonation.operations import NothingChangesNow
from app.core.addresses import under_api
from app.core.audit import act_as
from app.extensions import db
from app.identity import impersonation
from app.web import htmx

_LOOKING = ("GET", "HEAD", "OPTIONS")


def check(view: Any) -> Response | None:
    """Let nothing but looking through, and bring somebody back whose look is over."""
    token = "" if under_api() else impersonation.COOKIE.sent()
    is_stopping = request.endpoint == "impersonation.stop"
    if not (token or is_stopping) or not current_user.is_authenticated:
        return None
    marked = getattr(view, "also_when_impersonating", False)
    impersonator = current_user.impersonator
    if impersonator is None:
        return None if (marked and not is_stopping) or _is_for_all(view) else _back(token)
    act_as(current_user, impersonator=impersonator)
    if marked or _only_looks(view):
        return None
    return _closed(NothingChangesNow(current_user.username))


def why_closed(person: Any) -> str | None:
    """What to tell an impersonator of a page that isn't theirs to see."""
    if person.impersonator is None:
        return None
    return f"This page isn’t there for {person.username}, or is theirs alone. It stays closed to you meanwhile."


def _only_looks(view: Any) -> bool:
    way_in = str(getattr(view, "audience", "")) == "entrance"
    return request.method in _LOOKING and not way_in and not getattr(view, "has_effects", False)


def _is_for_all(view: Any) -> bool:
    """Styles, pictures, public pages: they are the same whoever asks."""
    return request.method in _LOOKING and str(getattr(view, "audience", "")) == "public"


def _closed(error: NothingChangesNow) -> Response:
    template = "impersonation/_closed.html" if htmx.wants_fragment() else "impersonation/closed.html"
    answer = make_response(render_template(template, message=error.message), error.status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _back(token: str) -> Response:
    """To one's own start page. What was sent is not done: it was meant for somebody else's account."""
    look = queries.find_look(token) if token else None
    if look is not None and look.user is not None and look.impersonator_id == current_user.id:
        operations.end_look(look, reason="expired")
        db.session.commit()
        flash(
            f"You no longer see the portal as {look.user.username}: the half hour is over, or somebody ended it.",
            "info",
        )
    else:
        flash("You are yourself already, and no longer see the portal as a customer.", "info")
    form_session.pop("csrf_token", None)
    home = url_for("portal.home")
    answer: Any = htmx.go_to(home) if htmx.wants_fragment() else redirect(home, 303)
    impersonation.COOKIE.drop(answer)
    return answer  # type: ignore[no-any-return]
