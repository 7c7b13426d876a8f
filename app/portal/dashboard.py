"""The pages of clients and experts: their start page, and what DIG|LIT offers them."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_login import current_user

from app.core.kinds import Kind, get_kind, listing_of
from app.core.lists import Page, fetch, query_schema
from app.core.records import get_record
from app.crud.listed import read_list
from app.extensions import db
from app.identity.policy import is_staff
from app.portal.blueprint import bp
from app.portal.overview import home_of
from app.web import htmx
from app.web.guards import signed_in

SHOWN = ("solutions", "services", "products")
ON_THE_HOME_PAGE = ("solutions", "services")
ON_THE_FIRST_PAGE, ON_A_PAGE = 3, 24


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


@bp.get("/dashboard/<any(solutions, services, products):key>")
@signed_in
def catalogue(key: str) -> Any:
    kind = get_kind(key)
    q = request.args.get("q", "").strip()
    listed = read_list(
        listing_of(kind).spec,
        url_for("portal.catalogue", key=key),
        names=("q", "cursor"),
        usual={"limit": ON_A_PAGE} if q else {"limit": ON_A_PAGE, "sort": "name"},
        options=kind.load_options,
        staff=False,
    )
    return htmx.page_or_fragment(
        "portal/catalogue.html",
        "portal/_catalogue_list.html",
        listed.status,
        kind=kind,
        q=listed.asked.get("q", ""),
        listed=listed,
    )


@bp.get("/dashboard/<any(solutions, services, products):key>/<ref>")
@signed_in
def catalogue_item(key: str, ref: str) -> Any:
    kind = get_kind(key)
    record = get_record(kind, ref, archived=False)
    return render_template("portal/catalogue_item.html", kind=kind, record=record)


def _first(kind: Kind) -> Page:
    spec = listing_of(kind).spec
    query = query_schema(spec).model_validate({"sort": "name", "limit": ON_THE_FIRST_PAGE})
    return fetch(db.session, spec, query, staff=False, entities=True, options=kind.load_options)
