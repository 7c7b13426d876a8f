"""Suggestions while typing: the options of a control's <datalist>, fetched by the first letters."""

from flask import Blueprint, Flask, Response, request, url_for
from flask_login import current_user
from markupsafe import Markup

from app.core.errors import NotFound
from app.core.suggestions import is_open_to_all, offer, suggest
from app.extensions import db
from app.identity.policy import is_staff
from app.web import icons
from app.web.guards import person, staff

bp = Blueprint("suggestions", __name__)
MOST = 50


def init_app(app: Flask) -> None:
    offer("icons", icons.names)
    app.jinja_env.globals["suggestions_url"] = suggestions_url
    app.register_blueprint(bp)


def suggestions_url(name: str) -> str:
    """Where the person who looks finds the suggestions of that name."""
    return url_for("suggestions.options" if is_staff(current_user) else "suggestions.open_options", name=name)


@bp.get("/admin/suggestions/<name>")
@staff
def options(name: str) -> Response:
    return _options(name)


@bp.get("/dashboard/suggestions/<name>")
@person
def open_options(name: str) -> Response:
    """Of lists that everybody may see."""
    if not is_open_to_all(name):
        raise NotFound("There are no such suggestions.")
    return _options(name)


def _options(name: str) -> Response:
    typed = request.args.get("q", "").replace("\0", "")[:120]
    option = Markup('<option value="{}">')
    return Response(Markup("").join(option.format(value) for value in suggest(db.session, name, typed, MOST)))
