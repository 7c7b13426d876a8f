"""The staff pages of a kind, all from its declarations: `pages(products)` is the blueprint of `/admin/products`."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Blueprint
from flask_login import current_user

from app.changes import intake
from app.core.kinds import Kind
from app.crud import editing, export, index, record
from app.identity.policy import can
from app.web import guards

View = Callable[..., Any]


def _always(_kind: Kind) -> bool:
    return True


def _edits(operation: str) -> Callable[[Kind], bool]:
    return lambda kind: kind.editing is not None and getattr(kind.editing, operation) is not None


def _files(ability: str) -> Callable[[Kind], bool]:
    return lambda kind: kind.filing is not None and getattr(kind.filing, ability)


@dataclass(frozen=True)
class _Route:
    path: str
    name: str
    view: View
    methods: tuple[str, ...] = ("GET",)
    writes: bool = False
    makes_one: bool = False
    is_for: Callable[[Kind], bool] = _always


_FORM = ("GET", "POST")
_BULK, _FILES = _files("takes_bulk"), _files("imports")
_ROUTES = (
    _Route("", "index", index.index),
    _Route("/export.<extension>", "export", export.export),
    _Route("/bulk", "bulk", intake.change_many, ("POST",), writes=True, makes_one=True, is_for=_BULK),
    _Route("/import", "import_file", intake.import_file, _FORM, writes=True, makes_one=True, is_for=_FILES),
    _Route("/import/template.csv", "import_template", intake.import_template, writes=True, is_for=_FILES),
    _Route("/new", "new", editing.new, _FORM, writes=True, makes_one=True, is_for=_edits("create")),
    _Route("/<ref>", "show", record.show),
    _Route("/<ref>/edit", "edit", editing.edit, _FORM, writes=True, is_for=_edits("update")),
    _Route("/<ref>/history", "history", record.history),
    _Route("/<ref>/archive", "archive", record.archive, ("POST",), writes=True, is_for=_edits("archive")),
    _Route("/<ref>/restore", "restore", record.restore, ("POST",), writes=True, is_for=_edits("restore")),
    _Route("/<ref>/undo", "undo", record.undo, ("POST",), writes=True, is_for=_files("undo")),
)


def pages(kind: Kind, *, without: Collection[str] = ()) -> Blueprint:
    """List, form, record, history, archive, restore, undo, bulk change, import and export of one kind, as far as
    it is declared for them; `without` names those that the caller serves in a way of its own."""
    blueprint = Blueprint(kind.key, __name__, url_prefix=kind.base())
    for route in _ROUTES:
        if route.name in without or not route.is_for(kind):
            continue
        view = _of(kind, route.view)
        audience = guards.permission(kind.write_permission) if route.writes else guards.STAFF
        view.audience = audience  # type: ignore[attr-defined]
        view.makes_one = route.makes_one  # type: ignore[attr-defined]
        blueprint.add_url_rule(route.path, route.name, view, methods=route.methods)
    blueprint.context_processor(lambda: {"may_write": can(current_user, kind.write_permission)})
    return blueprint


def _of(kind: Kind, view: View) -> View:
    @wraps(view)
    def bound(**path: str) -> Any:
        return view(kind, **path)

    return bound
