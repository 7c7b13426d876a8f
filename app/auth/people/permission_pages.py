"""The page of who may do what, for staff."""

from flask import Blueprint, current_app, render_template

from app.auth.people import permission_matrix
from app.identity.scopes import resources_in_use
from app.web.guards import staff

bp = Blueprint("permissions", __name__)


@bp.get("/admin/permissions")
@staff
def index() -> str:
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - the documented way
    found, used = list(permission_matrix.routes(app)), resources_in_use(app)
    return render_template(
        "people/permissions.html",
        roles=permission_matrix.ROLES,
        role_words=permission_matrix.ROLE_WORDS,
        rows=[row for row in permission_matrix.rows() if row.resource in used],
        standings=permission_matrix.STANDINGS,
        scopes=[scope for scope in permission_matrix.scopes() if scope[0].partition(":")[0] in used],
        marks=permission_matrix.MARKS,
        pages=[route for route in found if not route.path.startswith("/api")],
        paths=[route for route in found if route.path.startswith("/api")],
    )
