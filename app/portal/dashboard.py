"""The pages of clients and experts: their start page, and what DIG|LIT offers them."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_login import current_user

from app.core.lists import Page, fetch, query_schema
from app.core.records import get_record
from app.core.resources import Resource, get_resource
from app.extensions import db
from app.identity.policy import is_staff
from app.portal.blueprint import bp
from app.portal.overview import overview_of
from app.web import htmx, way_back
from app.web.guards import signed_in

SHOWN = ("solutions", "services", "products")
ON_THE_HOME_PAGE = ("solutions", "services")
ON_THE_FIRST_PAGE, ON_A_PAGE = 3, 24


@bp.get("/dashboard/")
@signed_in
def dashboard() -> Any:
    if is_staff(current_user):
        return redirect(url_for("portal.home"), 303)
    resources = [get_resource(key) for key in ON_THE_HOME_PAGE]
    return render_template(
        "portal/dashboard.html",
        company=current_user.company,
        work=overview_of(current_user),
        sections=[(resource, _page(resource, limit=ON_THE_FIRST_PAGE)) for resource in resources],
    )


@bp.get("/dashboard/<any(solutions, services, products):key>")
@signed_in
def catalogue(key: str) -> Any:
    resource = get_resource(key)
    q = request.args.get("q", "")[:200]
    return htmx.page_or_fragment(
        "portal/catalogue.html",
        "portal/_catalogue_list.html",
        resource=resource,
        q=q,
        tail=way_back.tail(request.query_string.decode("latin-1")),
        found=_page(resource, limit=ON_A_PAGE, q=q, cursor=request.args.get("cursor") or None),
    )


@bp.get("/dashboard/<any(solutions, services, products):key>/<ref>")
@signed_in
def catalogue_item(key: str, ref: str) -> Any:
    resource = get_resource(key)
    record = get_record(resource, ref, archived=False)
    return render_template("portal/catalogue_item.html", resource=resource, record=record)


def _page(resource: Resource, **asked: Any) -> Page:
    order = {} if asked.get("q") else {"sort": "name"}
    query = query_schema(resource.listing).model_validate({**order, **asked})
    return fetch(db.session, resource.listing, query, staff=False, entities=True, options=resource.load_options)
