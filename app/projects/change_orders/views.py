"""The pages of change orders: staff draft, propose and withdraw them, the client decides."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request
from flask_login import current_user

from app.core.errors import FieldError, NotFound
from app.core.records import get_record
from app.core.sides import COMPANY
from app.core.steps import Step
from app.crud.drawing import complete
from app.projects.change_orders import operations
from app.projects.change_orders.differences import difference_of, has_moved
from app.projects.change_orders.kinds import change_orders
from app.projects.change_orders.models import ChangeOrder
from app.projects.change_orders.schemas import ChangeOrderForm, ChangeOrderInput, DecisionInput, DeliverableChange
from app.projects.change_orders.steps import ORDER
from app.projects.kinds import projects
from app.projects.models import Project
from app.projects.queries import get_project
from app.web import htmx
from app.web.forms import SchemaForm, form_class
from app.web.guards import allow, staff
from app.web.once import makes_one
from app.web.refusals import saying_no, told_at
from app.web.steps import Progress, StepPages

bp = Blueprint("change_orders", __name__)

STAFF = f"{projects.base()}/<uuid:project_id>/change-orders"
CLIENT = f"{projects.base(COMPANY)}/<uuid:project_id>/change-orders/<uuid:order_id>"
_SHOWN_ROWS = "/changes/"


@bp.route(f"{STAFF}/new", methods=["GET", "POST"])
@allow("projects:manage")
@makes_one
def new(project_id: UUID) -> Any:
    """Draft a change order."""
    project = _project(project_id, lock=request.method == "POST")
    form = form_class(ChangeOrderForm)(data={"deliverables": operations.rows_after(None, project)})
    form.currency = project.currency
    if not form.is_submitted() or form.act(_command()):
        return _form_page(project, None, form)
    return _save(project, None, form)


@bp.route(f"{STAFF}/<uuid:order_id>/edit", methods=["GET", "POST"])
@allow("projects:manage")
def edit(project_id: UUID, order_id: UUID) -> Any:
    """Change a draft."""
    project = _project(project_id, lock=request.method == "POST")
    order = _order(project, order_id)
    if (error := ORDER.obstacle(order, "edit")) is not None:
        return told_at(_at(order), error)
    fields = {name: getattr(order, name) for name in ("title", "reason", "budget_change", "new_end_date")}
    form = form_class(ChangeOrderForm)(data={**fields, "deliverables": operations.rows_after(order, project)})
    form.currency = project.currency
    if not form.is_submitted() or form.act(_command()):
        return _form_page(project, order, form)
    return _save(project, order, form)


@bp.get(f"{STAFF}/<uuid:order_id>")
@staff
def show(project_id: UUID, order_id: UUID) -> Any:
    order = _find(project_id, order_id)
    return _page("projects/change_order.html", order, OURS.progress(order, current_user))


@bp.get(CLIENT)
@allow("projects:read")
def decide(project_id: UUID, order_id: UUID) -> Any:
    """What would change, and for whoever may decide, the buttons that approve or decline it."""
    order = _find_own(project_id, order_id)
    return _page("projects/change_order_decision.html", order, THEIRS.progress(order, current_user))


def _save(project: Project, order: ChangeOrder | None, form: SchemaForm) -> Any:
    values = form.new_values()
    if not isinstance(values, ChangeOrderForm):
        return _form_page(project, order, form, 422)
    project_id, order_id = project.id, order.id if order else None
    changes: list[DeliverableChange] = []

    def again(status: int) -> Any:
        fresh = _project(project_id)
        return _form_page(fresh, _order(fresh, order_id) if order_id else None, form, status)

    def named(error: FieldError) -> FieldError:
        """At the row that the refused change came from."""
        rows = [_row_of(change, values) for change in changes]
        return FieldError(_in_rows(error.pointer, rows), error.message, error.code)

    with saying_no(form, again, named=named):
        changes = operations.changes_between(project, values.deliverables)
        saved = _write(project, order, ChangeOrderInput(changes=changes, **values.model_dump(exclude={"deliverables"})))
    flash("Saved as a draft. Propose it when it says what it should.", "success")
    return redirect(_at(saved), 303)


def _write(project: Project, order: ChangeOrder | None, taken: ChangeOrderInput) -> ChangeOrder:
    if order is None:
        return operations.create_change_order(project, taken, actor=current_user)
    fields = {name: getattr(taken, name) for name in ChangeOrderInput.model_fields}
    return operations.update_change_order(order, fields, actor=current_user)


def _row_of(change: DeliverableChange, values: ChangeOrderForm) -> int | None:
    """The row of the form that a change came from; a cancelled deliverable has none."""
    for at, row in enumerate(values.deliverables):
        same = (
            row.id == change.deliverable_id if change.deliverable_id else row.id is None and row.title == change.title
        )
        if same:
            return at
    return None


def _in_rows(pointer: str, rows: list[int | None]) -> str:
    if not pointer.startswith(_SHOWN_ROWS):
        return pointer
    number, _, field = pointer.removeprefix(_SHOWN_ROWS).partition("/")
    row = rows[int(number)] if number.isdecimal() and int(number) < len(rows) else None
    if row is None:
        return ""
    return f"/deliverables/{row}" if field == "deliverable_id" else f"/deliverables/{row}/{field}"


def _form_page(project: Project, order: ChangeOrder | None, form: SchemaForm, status: int = 200) -> Any:
    """The form page. To htmx, the one field whose helper button was pressed."""
    complete(form)
    here = f"{_at(order)}/edit" if order else f"{projects.url(project)}/change-orders/new"
    return htmx.page_or_fragment(
        "projects/change_order_form.html",
        "projects/_change_order_fields.html" if _command() == "save" else "projects/_change_order_rows.html",
        status,
        project=project,
        order=order,
        form=form,
        here=here,
        cancel=_at(order) if order else f"{projects.url(project)}#change-orders",
    )


def _page(
    template: str, order: ChangeOrder, progress: Progress, form: SchemaForm | None = None, status: int = 200
) -> tuple[str, int]:
    page = render_template(
        template,
        project=order.project,
        order=order,
        progress=progress,
        difference=difference_of(order, order.project),
        is_stale=order.status == "proposed" and has_moved(order, order.project),
        form=form or form_class(DecisionInput)(formdata=None),
    )
    return page, status


def _decision_page(order: ChangeOrder, _step: Step, form: SchemaForm, status: int) -> Any:
    progress = THEIRS.progress(order, current_user)
    return _page("projects/change_order_decision.html", order, progress, form, status)


def _command() -> str:
    return request.form.get("_do", "save")


def _project(project_id: UUID, *, lock: bool = False) -> Project:
    return get_project(project_id, current_user, for_update=lock)


def _find(project_id: UUID, order_id: UUID, *, lock: bool = False) -> ChangeOrder:
    return _order(_project(project_id, lock=lock), order_id)


def _find_own(project_id: UUID, order_id: UUID, *, lock: bool = False) -> ChangeOrder:
    """The order, for somebody of its company: staff decide in the API, where they say for whom."""
    change_orders.held_to(current_user)  # Refuses the team, whether or not the project is theirs.
    project = _project(project_id, lock=lock)
    if project.client_id != current_user.client_id:
        raise NotFound("There is no such project.")
    return _order(project, order_id)


def _order(project: Project, order_id: UUID) -> ChangeOrder:
    found: ChangeOrder = get_record(change_orders, order_id, seen_by=current_user, below=project)
    return found


def _at(order: ChangeOrder) -> str:
    return f"{projects.url(order.project)}/change-orders/{order.id}"


def _at_of_client(order: ChangeOrder) -> str:
    return f"{projects.url(order.project, COMPANY)}/change-orders/{order.id}"


OURS = StepPages(
    steps=ORDER,
    sides=("staff",),
    rule=f"{STAFF}/<uuid:order_id>",
    find=_find,
    find_locked=partial(_find, lock=True),
    address=_at,
    without=("edit",),
)
THEIRS = StepPages(
    steps=ORDER,
    sides=("company",),
    rule=CLIENT,
    find=_find_own,
    find_locked=partial(_find_own, lock=True),
    address=_at_of_client,
    after=lambda order, _: f"{projects.url(order.project, COMPANY)}#change-orders",
    show=_decision_page,
    has_pages=False,
)
OURS.add_to(bp)
THEIRS.add_to(bp)
