"""Staff assign open requests together: choose, look, apply or discard."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_login import current_user
from pydantic import Field, ValidationError
from sqlalchemy.exc import DBAPIError

from app.assistants.batch import operations as batch
from app.assistants.engagements.resources import MATCHING
from app.core.database_errors import explain
from app.core.errors import DomainError, Invalid
from app.core.schemas import Input, Number
from app.core.validation import field_errors
from app.extensions import db
from app.web.guards import staff
from app.web.navigation import Entry, declare
from app.web.once import makes_one
from app.web.refusals import told_at

bp = Blueprint("assign", __name__, url_prefix="/admin/matches/assign")

DIAL = (
    ("0", "Best fit", "Whoever fits best, however busy."),
    ("0.25", "Mostly fit", ""),
    ("0.5", "Even", "Fit and free time count alike."),
    ("0.75", "Mostly fair", ""),
    ("1", "Fairest", "Whoever has the most free time, as long as they can do it."),
)

_WORDS = {"/requests": "Choose at least one request.", "/fairness": "Choose one of these."}

declare(
    Entry(
        "Assign requests",
        "assign.index",
        "arrows-shuffle",
        MATCHING,
        "matches:write",
        words="batch together fair solver",
    )
)


class AssignmentForm(Input):
    """Which requests, and how much fairness counts beside fit."""

    requests: Annotated[list[UUID], Field(min_length=1, max_length=batch.MOST_REQUESTS, title="Requests")]
    fairness: Annotated[Decimal, Number(0, 1, decimals=2), Field(title="Fit or fairness")]


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)


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
    return render_template("matches/assignment.html", assignment=found, dial=dict(_names()), day_of=date.fromisoformat)


@bp.post("/<uuid:assignment_id>/apply")
@staff
def apply(assignment_id: UUID) -> Any:
    here = url_for("assign.show", assignment_id=assignment_id)
    try:
        made = batch.apply(assignment_id, actor=current_user)
        db.session.commit()
    except (DomainError, DBAPIError) as error:
        reason = error if isinstance(error, DomainError) else explain(error)
        if reason is None:
            raise
        return told_at(here, reason)
    many = len(made.pairs)
    flash(f"{many} requests are filled." if many != 1 else "One request is filled.", "success")
    return redirect(here, 303)


@bp.post("/<uuid:assignment_id>/discard")
@staff
def discard(assignment_id: UUID) -> Any:
    try:
        batch.discard(assignment_id, actor=current_user)
        db.session.commit()
    except DomainError as error:
        return told_at(url_for("assign.show", assignment_id=assignment_id), error)
    flash("Discarded. Nothing was changed.", "success")
    return redirect(url_for("assign.index"), 303)


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
