"""The staff pages of a resource, all from its declaration: `pages(products)` is the blueprint of `/admin/products`."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import wraps
from operator import attrgetter
from typing import Any

from flask import Blueprint
from flask_login import current_user

from app.changes import intake
from app.core.resources import Resource
from app.crud import editing, export, index, record
from app.identity.policy import can
from app.web import guards

View = Callable[..., Any]


def _always(_resource: Resource) -> bool:
    return True


@dataclass(frozen=True)
class _Route:
    path: str
    name: str
    view: View
    methods: tuple[str, ...] = ("GET",)
    writes: bool = False
    makes_one: bool = False
    is_for: Callable[[Resource], bool] = _always


_FORM = ("GET", "POST")
_BULK = attrgetter("takes_bulk")
_FILES = attrgetter("importable")
_ARCHIVE = attrgetter("is_archivable")
_UNDO = attrgetter("undoable")
_ROUTES = (
    _Route("", "index", index.index),
    _Route("/export.<extension>", "export", export.export),
    _Route("/bulk", "bulk", intake.change_many, ("POST",), writes=True, makes_one=True, is_for=_BULK),
    _Route("/import", "import_file", intake.import_file, _FORM, writes=True, makes_one=True, is_for=_FILES),
    _Route("/import/template.csv", "import_template", intake.import_template, writes=True, is_for=_FILES),
    _Route("/new", "new", editing.new, _FORM, writes=True, makes_one=True),
    _Route("/<ref>", "show", record.show),
    _Route("/<ref>/edit", "edit", editing.edit, _FORM, writes=True),
    _Route("/<ref>/history", "history", record.history),
    _Route("/<ref>/archive", "archive", record.archive, ("POST",), writes=True, is_for=_ARCHIVE),
    _Route("/<ref>/restore", "restore", record.restore, ("POST",), writes=True, is_for=_ARCHIVE),
    _Route("/<ref>/undo", "undo", record.undo, ("POST",), writes=True, is_for=_UNDO),
)


def pages(resource: Resource, *, without: Collection[str] = ()) -> Blueprint:
    """List, form, record, history, archive, restore, undo, bulk change, import and export of one resource, as far as
    its kind has them; `without` names those that the caller serves in a way of its own."""
    blueprint = Blueprint(resource.key, __name__, url_prefix=f"/admin/{resource.key}")
    for route in _ROUTES:
        if route.name in without or not route.is_for(resource):
            continue
        view = _of(resource, route.view)
        audience = guards.permission(resource.write_permission) if route.writes else guards.STAFF
        view.audience = audience  # type: ignore[attr-defined]
        view.makes_one = route.makes_one  # type: ignore[attr-defined]
        blueprint.add_url_rule(route.path, route.name, view, methods=route.methods)
    blueprint.context_processor(lambda: {"may_write": can(current_user, resource.write_permission)})
    return blueprint


def _of(resource: Resource, view: View) -> View:
    @wraps(view)
    def bound(**path: str) -> Any:
        return view(resource, **path)

    return bound
