"""The page of who may do what, for staff."""

from flask import Flask, current_app, render_template

from app.auth.people import matrix
from app.auth.scopes import resources_in_use
from app.portal.blueprint import bp
from app.portal.navigation import Entry, declare
from app.web.guards import staff

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
    found, used = list(matrix.routes(app)), resources_in_use(app)
    return render_template(
        "people/permissions.html",
        roles=matrix.ROLES,
        role_words=matrix.ROLE_WORDS,
        rows=[row for row in matrix.rows() if row.resource in used],
        standings=matrix.STANDINGS,
        scopes=[scope for scope in matrix.scopes() if scope[0].partition(":")[0] in used],
        marks=matrix.MARKS,
        pages=[route for route in found if not route.path.startswith("/api")],
        paths=[route for route in found if route.path.startswith("/api")],
        in_words=matrix.in_words,
    )
