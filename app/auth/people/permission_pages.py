"""The page of who may do what, for staff."""

from flask import Flask, current_app, render_template

from app.auth.people import permission_matrix
from app.identity.scopes import resources_in_use
from app.portal.blueprint import bp
from app.web.guards import staff
from app.web.navigation import Entry, declare

declare(
    Entry(
        "Permissions",
        "portal.permissions",
        "lock-access",
        section="People",
        words="roles rights scopes who may do what",
    )
)


def init_app(_app: Flask) -> None:
    """The page hangs on the portal's blueprint, which is registered with it."""


@bp.get("/admin/permissions")
@staff
def permissions() -> str:
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
        in_words=permission_matrix.in_words,
    )
