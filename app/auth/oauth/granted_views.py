"""The applications that a person has let in, at /account/applications: what each may do, and taking it back."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user

from app.auth.oauth import operations, queries
from app.core.errors import NotFound
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.scopes import WORDS
from app.web.guards import person

bp = Blueprint("account_applications", __name__)


def summary(asker: Any) -> str:
    with as_system("people let in applications of other companies"):
        number = queries.count_granted(asker.id)
    if not number:
        return "None has access"
    return "One has access" if number == 1 else f"{number} have access"


@bp.get("/account/applications")
@person
def index() -> Any:
    # Applications are other companies', mostly.
    with as_system("people let in applications of other companies"):
        granted = queries.list_granted(current_user.id)
    return render_template("account/applications.html", granted=granted, words=WORDS)


@bp.post("/account/applications/<reference>/revoke")
@person
def revoke(reference: str) -> Any:
    with as_system("people let in applications of other companies"):
        granted = {str(each.application.id): each.application for each in queries.list_granted(current_user.id)}
        application = granted.get(reference)
        if application is None or not operations.revoke_grant(current_user.id, application, actor=current_user):
            raise NotFound("There is no such application, or it has no access any more.")
        name = application.name
        db.session.commit()
    flash(f"“{name}” has no access any more.", "success")
    return redirect(url_for("account_applications.index"), 303)
