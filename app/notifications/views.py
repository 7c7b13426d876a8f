"""The inbox: /notifications, and the bell in the header of every page."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_login import current_user

from app.core.clock import now
from app.core.ids import as_uuid
from app.extensions import db
from app.notifications import operations, queries
from app.web.guards import person, signed_in
from app.web.resumed_forms import safe_path

bp = Blueprint("notifications", __name__)


def summary(_who: Any) -> str:
    unread = unread_notifications()
    return f"{unread} unread" if unread else "Nothing unread"


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(unread_notifications=unread_notifications)


def unread_notifications() -> str:
    """The number on the bell: empty for none, “9+” for many."""
    if current_user.id is None:
        return ""
    number = queries.count_unread(current_user.id)
    return f"{queries.SHOWN_UNREAD}+" if number > queries.SHOWN_UNREAD else str(number or "")


@bp.get("/notifications")
@signed_in
def index() -> str:
    unread = request.args.get("show") == "unread"
    found = queries.list_notifications(current_user.id, before=as_uuid(request.args.get("before")), unread=unread)
    return render_template("notifications/index.html", found=found, unread=unread, moment=now())


@bp.post("/notifications/<uuid:notification_id>/read")
@person
def read(notification_id: UUID) -> Any:
    """Note that it was seen, and lead on to what it is about, or (`stay`) back."""
    notice = operations.mark_read(current_user.id, notification_id)
    db.session.commit()
    target = None if request.form.get("stay") else safe_path(notice.url)
    return redirect(target or url_for("notifications.index"), 303)


@bp.post("/notifications/read")
@person
def read_all() -> Any:
    """Note that all was seen that was there when the page was made."""
    operations.mark_all_read(current_user.id, until=_moment(request.form.get("until")))
    db.session.commit()
    flash("All notifications are marked as read.", "success")
    return redirect(url_for("notifications.index"), 303)


def _moment(text: str | None) -> datetime:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return now()
    return min(found, now()) if found.tzinfo else now()
