"""Staff assign open requests together: choose, look, apply or discard."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask_login import current_user
from pydantic import Field, ValidationError

from app.assistants.batch import operations as batch
from app.assistants.batch.steps import ASSIGNMENT
from app.assistants.models import BatchAssignment
from app.core.errors import Invalid
from app.core.schemas import Input, Number
from app.core.steps import Step
from app.core.validation import field_errors
from app.extensions import db
from app.web.guards import STAFF, staff
from app.web.once import makes_one
from app.web.steps import StepPages

bp = Blueprint("assign", __name__, url_prefix="/admin/matches/assign")

DIAL = (
    ("0", "Best fit", "Whoever fits best, however busy."),
    ("0.25", "Mostly fit", ""),
    ("0.5", "Even", "Fit and free time count alike."),
    ("0.75", "Mostly fair", ""),
    ("1", "Fairest", "Whoever has the most free time, as long as they can do it."),
)

_WORDS = {"/requests": "Choose at least one request.", "/fairness": "Choose one of these."}


class AssignmentForm(Input):
    """Which requests, and how much fairness counts beside fit."""

    requests: Annotated[list[UUID], Field(min_length=1, max_length=batch.MOST_REQUESTS, title="Requests")]
    fairness: Annotated[Decimal, Number(0, 1, decimals=2), Field(title="Fit or fairness")]


@bp.get("")
@staff
def index() -> Any:
    return _page()


@bp.post("")
@staff
@makes_one
def preview() -> Any:
    given = {"requests": request.form.getlist("requests"), "fairness": request.form.get("fairness", "")}
    try:
        form = AssignmentForm.model_validate(given)
        made = batch.preview(form.requests, form.fairness, actor=current_user)
    except ValidationError as error:
        found = field_errors(error)
    except Invalid as error:
        db.session.rollback()
        found = list(error.errors)
    else:
        db.session.commit()
        return redirect(url_for("assign.show", assignment_id=made.id), 303)
    return _page({one.pointer.split("/")[1]: _WORDS.get(one.pointer, one.message) for one in found}), 422


@bp.get("/<uuid:assignment_id>")
@staff
def show(assignment_id: UUID) -> Any:
    found = batch.get_assignment(assignment_id)
    progress = STEPS.progress(found, current_user)
    return render_template(
        "matches/assignment.html", assignment=found, progress=progress, dial=dict(_names()), day_of=date.fromisoformat
    )


def _after(assignment: BatchAssignment, step: Step) -> str:
    return url_for("assign.index") if step.verb == "discard" else _address(assignment)


def _said(assignment: BatchAssignment, step: Step, _made: Any) -> str:
    many = len(assignment.pairs)
    filled = f"{many} requests are filled." if many != 1 else "One request is filled."
    return step.said or filled


def _address(assignment: BatchAssignment) -> str:
    return url_for("assign.show", assignment_id=assignment.id)


STEPS = StepPages(
    steps=ASSIGNMENT,
    sides=("staff",),
    rule="/<uuid:assignment_id>",
    find=batch.get_assignment,
    address=_address,
    after=_after,
    said=_said,
    audience=STAFF,
)
STEPS.add_to(bp)


def _page(errors: dict[str, str] | None = None) -> str:
    chosen = set(request.form.getlist("requests"))
    return render_template(
        "matches/assign.html",
        requests=batch.open_requests(),
        waiting=batch.number_of_open_requests(),
        most=batch.MOST_REQUESTS,
        latest=batch.latest(),
        dial=DIAL,
        names=dict(_names()),
        chosen=chosen,
        is_new=request.method == "GET",
        fairness=request.form.get("fairness", "0.25"),
        errors=errors or {},
    )


def _names() -> list[tuple[Decimal, str]]:
    return [(Decimal(value), name) for value, name, _ in DIAL]
