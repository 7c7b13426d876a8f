"""Suggestions while typing: the options of a control's <datalist>, fetched by the first letters."""

from flask import Blueprint, Flask, Response, request
from markupsafe import Markup

from app.core.suggestions import offer, suggest
from app.extensions import db
from app.web import icons
from app.web.guards import staff

bp = Blueprint("suggestions", __name__, url_prefix="/admin/suggestions")
MOST = 50


def init_app(app: Flask) -> None:
    offer("icons", icons.names)
    app.register_blueprint(bp)


@bp.get("/<name>")
@staff
def options(name: str) -> Response:
    typed = request.args.get("q", "").replace("\0", "")[:120]
    option = Markup('<option value="{}">')
    return Response(Markup("").join(option.format(value) for value in suggest(db.session, name, typed, MOST)))
