"""The pages of a kind, all from its declarations: `pages(products)` is the blueprint of `/admin/products`, and
`pages(orders, COMPANY)` that of the same records for the people of the companies that they belong to."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Blueprint, redirect, request
from flask_login import current_user

from app.changes import intake
from app.core.kinds import Kind
from app.core.permissions import Role
from app.core.records import get_record
from app.core.sides import STAFF, Side
from app.core.steps import Steps
from app.crud import editing, export, index, record
from app.crud.presentation import Presentation, serves
from app.identity.policy import can, is_staff, permissions_of_role
from app.web import guards
from app.web.steps import LAYOUTS, StepPages

__all__ = ["Presentation", "pages"]

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
    is_list: bool = False
    is_presented: bool = False


_FORM = ("GET", "POST")
_BULK, _FILES = _files("takes_bulk"), _files("imports")
_ROUTES = (
    _Route("", "index", index.index, is_list=True, is_presented=True),
    _Route("/export.<extension>", "export", export.export, is_list=True),
    _Route("/bulk", "bulk", intake.change_many, ("POST",), writes=True, makes_one=True, is_for=_BULK),
    _Route("/import", "import_file", intake.import_file, _FORM, writes=True, makes_one=True, is_for=_FILES),
    _Route("/import/template.csv", "import_template", intake.import_template, writes=True, is_for=_FILES),
    _Route("/new", "new", editing.new, _FORM, writes=True, makes_one=True, is_for=_edits("create")),
    _Route("/<ref>", "show", record.show, is_presented=True),
    _Route("/<ref>/edit", "edit", editing.edit, _FORM, writes=True, is_for=_edits("update")),
    _Route("/<ref>/history", "history", record.history),
    _Route("/<ref>/archive", "archive", record.archive, ("POST",), writes=True, is_for=_edits("archive")),
    _Route("/<ref>/restore", "restore", record.restore, ("POST",), writes=True, is_for=_edits("restore")),
    _Route("/<ref>/undo", "undo", record.undo, ("POST",), writes=True, is_for=_files("undo")),
)
_USUAL = Presentation()
_STEP = "step_"


def pages(
    kind: Kind,
    audience: Side = STAFF,
    *,
    steps: Steps | None = None,
    without: Collection[str] = (),
    presentation: Presentation = _USUAL,
    readers: guards.Audience | None = None,
) -> Blueprint:
    """List, form, record, history, steps, archive, restore, undo, bulk change, import and export of one kind, as far as
    its declarations go; `without` names those that aren't there, or that the caller serves itself. `readers` are those
    who read what is there, if these aren't whoever has the permission.

    Customers get the list, the records that `Kind.visible_to` lets them see, their history where records belong to
    somebody, and what they may change; archived records are not there for them. Staff who open a customer's page are
    redirected to their own.
    """
    met = kind.met_by(audience)
    blueprint = Blueprint(_name_of(kind, audience), __name__, url_prefix=met.base())
    routes = [route for route in _ROUTES if route.name not in without and route.is_for(kind)]
    if audience != STAFF:
        routes = [route for route in routes if _is_for_customers(kind, route)]
    ours = {route.name for route in routes}
    for route in routes:
        view = _of(met, route.view, **({"presentation": presentation} if route.is_presented else {}))
        reads = readers is not None and not route.writes
        view.audience = readers if reads else _readers_of(kind, audience, route)  # type: ignore[attr-defined]
        view.makes_one = route.makes_one  # type: ignore[attr-defined]
        path = presentation.list_at + route.path if route.is_list else route.path
        blueprint.add_url_rule(path, route.name, view, methods=route.methods)
    taken = _steps_of(met, audience, steps) if steps is not None else None
    if taken is not None:
        taken.add_to(blueprint)
    if audience != STAFF:
        blueprint.before_request(_staff_led_home(kind, met, presentation.list_at, ours))
    blueprint.context_processor(
        lambda: {
            "may_write": can(current_user, kind.write_permission),
            "layout": LAYOUTS[audience],
            "serves": serves,
            "above": list(presentation.above),
            "progress_of": (lambda record: taken.progress(record, current_user)) if taken is not None else None,
        }
    )
    return blueprint


def _is_for_customers(kind: Kind, route: _Route) -> bool:
    if route.writes:
        may_write = any(kind.write_permission in permissions_of_role(role) for role in (Role.CLIENT, Role.EXPERT))
        return may_write and route.name in ("new", "edit")
    return route.name != "history" or kind.visible_to is not None


def _name_of(kind: Kind, audience: Side) -> str:
    return kind.key if audience == STAFF else f"my_{kind.key}"


def _readers_of(kind: Kind, audience: Side, route: _Route) -> guards.Audience:
    if route.writes:
        return guards.permission(kind.write_permission, of_staff=audience == STAFF)
    return guards.STAFF if audience == STAFF else guards.permission(kind.read_permission)


def _steps_of(met: Kind, audience: Side, steps: Steps) -> StepPages:
    def find(ref: str, *, for_update: bool = False) -> Any:
        return get_record(met, ref, for_update=for_update, seen_by=current_user)

    return StepPages(
        steps=steps,
        sides=(audience,),
        rule="/<ref>",
        find=find,
        find_locked=lambda ref: find(ref, for_update=True),
        address=met.url,
        prefix=_STEP,
        without=steps.taken_by(met.editing.update) if met.editing is not None else (),
    )


def _of(met: Kind, view: View, **more: Any) -> View:
    @wraps(view)
    def bound(**path: str) -> Any:
        return view(met, **path, **more)

    return bound


def _staff_led_home(kind: Kind, met: Kind, list_at: str, ours: Collection[str]) -> Callable[[], Any]:
    """Staff come to the same page of theirs. What they send there does nothing: a step may be the company's alone."""

    def lead() -> Any:
        name = str(request.endpoint).rpartition(".")[2]
        if not is_staff(current_user) or not (name in ours or name.startswith(_STEP)):
            return None
        ref = (request.view_args or {}).get("ref")
        if request.method == "POST" and ref is not None:
            return redirect(f"{kind.base()}/{ref}", 303)
        rest = request.full_path.removeprefix(met.base()).removesuffix("?")
        return redirect(kind.base() + (rest.removeprefix(list_at) if ref is None else rest), 303)

    return lead
