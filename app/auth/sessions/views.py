"""/account/sessions: where somebody is signed in."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user

from app.api.access import actor
from app.auth.sessions import operations
from app.auth.sessions.queries import SESSIONS, find_own
from app.core.errors import NotFound
from app.crud.listed import read_list
from app.extensions import db
from app.identity import queries as users
from app.identity.models import UserSession
from app.web.guards import person

MOST_SHOWN = 20

bp = Blueprint("account_sessions", __name__, url_prefix="/account/sessions")


@bp.get("")
@person
def index() -> Any:
    here = db.session.get(UserSession, current_user.session_id)
    elsewhere = read_list(
        SESSIONS,
        url_for(".index"),
        names=("cursor",),
        usual={"limit": MOST_SHOWN},
        held={"person": current_user.id, "apart_from": current_user.session_id},
        options=(),
        staff=False,
    )
    return render_template("account/sessions.html", here=here, elsewhere=elsewhere.page)


@bp.post("/<uuid:session_id>/end")
@person
def end(session_id: UUID) -> Any:
    try:
        ended = operations.end_one(session_id, actor=actor())
    except NotFound:
        if (over := find_own(session_id, user_id=current_user.id)) is None:
            raise
        flash(f"{over.device or 'That device'} is signed out already.", "info")
        return redirect(url_for("account_sessions.index"), 303)
    db.session.commit()
    if ended.id == current_user.session_id:
        return redirect(url_for("auth.login"), 303)
    flash(f"{ended.device or 'That device'} is signed out.", "success")
    return redirect(url_for("account_sessions.index"), 303)


@bp.post("/end-others")
@person
def end_others() -> Any:
    count = operations.end_others(actor=actor())
    db.session.commit()
    ended = {0: "There was no other device to sign out.", 1: "The other device is signed out."}
    flash(ended.get(count, f"{count} other devices are signed out."), "success")
    return redirect(url_for("account_sessions.index"), 303)


def summary(user: Any) -> str:
    count = len(users.list_own_sessions(user.id)) - 1
    return "Signed in here alone" if count < 1 else f"And {count} other device{'s' * (count > 1)}"
