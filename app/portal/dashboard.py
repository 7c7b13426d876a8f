"""The start page of clients and experts."""

from typing import Any

from flask import redirect, render_template, url_for
from flask_login import current_user

from app.core.kinds import Kind, get_kind, listing_of
from app.core.lists import Page, fetch, query_schema
from app.extensions import db
from app.identity.policy import is_staff
from app.portal.blueprint import bp
from app.portal.overview import home_of
from app.web.guards import signed_in

ON_THE_HOME_PAGE = ("solutions", "services")
ON_THE_FIRST_PAGE = 3


@bp.get("/dashboard/")
@signed_in
def dashboard() -> Any:
    if is_staff(current_user):
        return redirect(url_for("portal.home"), 303)
    kinds = [get_kind(key) for key in ON_THE_HOME_PAGE]
    return render_template(
        "portal/dashboard.html",
        company=current_user.company,
        work=home_of(current_user),
        sections=[(kind, _first(kind)) for kind in kinds],
    )


def _first(kind: Kind) -> Page:
    spec = listing_of(kind).spec
    query = query_schema(spec).model_validate({"sort": "name", "limit": ON_THE_FIRST_PAGE})
    return fetch(db.session, spec, query, staff=False, entities=True, options=kind.load_options)
