"""The staff pages of a resource, all from its declaration: `pages(products)` is the blueprint of `/admin/products`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Blueprint
from flask_login import current_user

from app.auth.policy import can
from app.core.resources import Resource
from app.portal.changes import intake
from app.web import guards
from app.web.crud import editing, export, index, record

View = Callable[..., Any]


@dataclass(frozen=True)
class _Route:
    path: str
    name: str
    view: View
    methods: tuple[str, ...] = ("GET",)
    writes: bool = False


_FORM = ("GET", "POST")
_ROUTES = (
    _Route("", "index", index.index),
    _Route("/export.csv", "export", export.export),
    _Route("/bulk", "bulk", intake.change_many, ("POST",), writes=True),
    _Route("/import", "import_file", intake.import_file, _FORM, writes=True),
    _Route("/import/template.csv", "import_template", intake.import_template, writes=True),
    _Route("/new", "new", editing.new, _FORM, writes=True),
    _Route("/<ref>", "show", record.show),
    _Route("/<ref>/edit", "edit", editing.edit, _FORM, writes=True),
    _Route("/<ref>/history", "history", record.history),
    _Route("/<ref>/archive", "archive", record.archive, ("POST",), writes=True),
    _Route("/<ref>/restore", "restore", record.restore, ("POST",), writes=True),
    _Route("/<ref>/undo", "undo", record.undo, ("POST",), writes=True),
)


def pages(resource: Resource) -> Blueprint:
    """List, form, record, history, archive, restore, undo, bulk change, import and export of one resource."""
    blueprint = Blueprint(resource.key, __name__, url_prefix=f"/admin/{resource.key}")
    for route in _ROUTES:
        view = _of(resource, route.view)
        audience = guards.permission(resource.write_permission) if route.writes else guards.STAFF
        view.audience = audience  # type: ignore[attr-defined]
        blueprint.add_url_rule(route.path, route.name, view, methods=route.methods)
    blueprint.context_processor(lambda: {"may_write": can(current_user, resource.write_permission)})
    return blueprint


def _of(resource: Resource, view: View) -> View:
    @wraps(view)
    def bound(**path: str) -> Any:
        return view(resource, **path)

    return bound
