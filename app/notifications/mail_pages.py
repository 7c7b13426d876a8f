"""Staff's pages about mail: /admin/mails, the log of what goes out, and /admin/mailbox, where a machine without a mail
server keeps it."""

import re
from typing import Any, cast
from uuid import UUID

from flask import Blueprint, Flask, Response, abort, current_app, flash, redirect, render_template, request, url_for
from markupsafe import Markup, escape

from app.extensions import db
from app.integrations.email.mailbox import Delivered, Mailbox
from app.integrations.email.sending import has_mailbox
from app.notifications import operations, queries
from app.web.guards import allow, staff
from config import Settings

bp = Blueprint("mails", __name__)
mailbox_bp = Blueprint("mailbox", __name__)


SHOWN = 100
_LINK = re.compile(r"https?://[^\s<>\"]+")


def init_app(app: Flask) -> None:
    app.jinja_env.filters["linked"] = linked
    if has_mailbox(app.config["SETTINGS"]):
        app.register_blueprint(mailbox_bp)


def linked(text: str) -> Markup:
    """The text, escaped, with its web addresses as links."""
    parts: list[Any] = []
    end = 0
    for match in _LINK.finditer(text):
        parts += [escape(text[end : match.start()]), Markup('<a href="{0}">{0}</a>').format(match[0])]
        end = match.end()
    return Markup("").join([*parts, escape(text[end:])])


@bp.get("/admin/mails")
@allow("jobs:read")
def index() -> str:
    state = request.args.get("state", "")
    state = state if state in queries.STATES else ""
    before = request.args.get("before", type=UUID)
    found = queries.list_mails(state=state or None, before=before)
    mails = [(mail, queries.state_of(mail)) for mail in found.rows]
    return render_template(
        "notifications/mails.html", mails=mails, older=found.older, state=state, states=queries.STATES, before=before
    )


@bp.post("/admin/mails/<uuid:mail_id>/send")
@allow("jobs:write")
def send_again(mail_id: UUID) -> Any:
    operations.send_again(mail_id)
    db.session.commit()
    flash("The mail is in the queue again.", "success")
    return redirect(url_for("mails.index"), 303)


@mailbox_bp.get("/admin/mailbox")
@staff
def mailbox() -> str:
    return render_template("notifications/mailbox.html", mails=list(_mailbox().newest(SHOWN)))


@mailbox_bp.get("/admin/mailbox/<name>")
@staff
def delivered(name: str) -> str:
    return render_template("notifications/delivered.html", mail=_delivered(name))


@mailbox_bp.get("/admin/mailbox/<name>/html")
@staff
def as_html(name: str) -> Response:
    """The mail as a mail program shows it, in a document that may do nothing but lead on."""
    mail = _delivered(name)
    if mail.html is None:
        abort(404)
    answer = Response(mail.html)
    answer.headers["Content-Security-Policy"] = "sandbox allow-top-navigation-by-user-activation; default-src 'none'"
    return answer


def _mailbox() -> Mailbox:
    return Mailbox(cast("Settings", current_app.config["SETTINGS"]).data_dir)


def _delivered(name: str) -> Delivered:
    mail = _mailbox().find(name)
    if mail is None:
        abort(404)
    return mail
