"""What a change order must be like to be drafted, proposed and approved."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.core.clock import today_here
from app.core.errors import Conflict, FieldError, Invalid
from app.core.money import MOST_MONEY
from app.projects.change_orders.differences import is_open, written
from app.projects.change_orders.schemas import EDITED, DeliverableChange
from app.projects.models import Deliverable, Project

AGREED = ("planned", "active", "on_hold")
"""The states of a project in which something is agreed that may be changed."""


class NothingAgreed(Conflict):
    def __init__(self, project: Project) -> None:
        status = project.status.replace("_", " ")
        super().__init__(f"“{project.name}” is {status}: there is no plan that a change order could change.")


class OrderIsStale(Conflict):
    code = "change-order-stale"
    says = (
        "The project has changed since this was proposed, so it would no longer do what it says. "
        "It has to be withdrawn, and proposed anew."
    )


class OrderIsEmpty(Conflict):
    code = "change-order-empty"
    says = "This changes nothing yet: neither budget, nor last day, nor any deliverable."


class OrderOutOfRange(Invalid):
    code = "change-order-out-of-range"


def require_agreed(project: Project) -> None:
    if project.status not in AGREED:
        raise NothingAgreed(project)


def require_range(project: Project, budget_change: Decimal, end: date | None, *, now_too: bool = True) -> None:
    """The budget that would follow must be one, and the project must not end before it begins; nor, when the change is
    drafted and proposed, in the past."""
    budget = (project.budget or Decimal(0)) + budget_change
    errors = []
    if budget < 0:
        errors.append(FieldError("/budget_change", "More would be taken off the budget than there is.", "too-low"))
    if budget > MOST_MONEY:
        errors.append(FieldError("/budget_change", f"The budget would be more than {MOST_MONEY:,}.", "too-high"))
    if end is not None and project.start_date is not None and end < project.start_date:
        errors.append(FieldError("/new_end_date", "The project would end before it begins.", "too-early"))
    elif end is not None and now_too and end != project.end_date and end < today_here():
        errors.append(FieldError("/new_end_date", "This day is past already.", "too-early"))
    if errors:
        raise OrderOutOfRange(errors[0].message, errors=errors)


def judged(project: Project, changes: Sequence[DeliverableChange]) -> list[dict[str, Any]]:
    """The changes ready for JSON, each of which can be made. Raises Invalid with the place of each that can't."""
    there = {one.id: one for one in project.deliverables}
    errors: list[FieldError] = []
    seen: set[UUID] = set()
    for at, change in enumerate(changes):
        errors += [FieldError(f"/changes/{at}/{name}", message, "invalid") for name, message in _wrong(change, there)]
        if change.deliverable_id is not None and change.deliverable_id in seen:
            errors.append(FieldError(f"/changes/{at}/deliverable_id", "This deliverable is named twice.", "duplicate"))
        if change.deliverable_id is not None:
            seen.add(change.deliverable_id)
    if errors:
        raise OrderOutOfRange("Some of the changes can’t be made.", errors=errors)
    return [_as_json(change) for change in changes]


def _wrong(change: DeliverableChange, there: Mapping[UUID, Deliverable]) -> list[tuple[str, str]]:
    deliverable = there.get(change.deliverable_id) if change.deliverable_id else None
    sent = change.model_fields_set
    if change.action == "add":
        wrong = [("deliverable_id", "A new deliverable has no id yet.")] if change.deliverable_id else []
        wrong += [] if change.title else [("title", "Fill this in.")]
    elif deliverable is None:
        return [("deliverable_id", "The project has no such deliverable.")]
    elif not is_open(deliverable):
        return [("deliverable_id", f"“{deliverable.title}” is {deliverable.status}, and no longer changes.")]
    else:
        wrong = [("title", "Fill this in.")] if "title" in sent and change.title is None else []
    starts = change.start_date if deliverable is None or "start_date" in sent else deliverable.start_date
    ends = change.due_date if deliverable is None or "due_date" in sent else deliverable.due_date
    if change.action != "cancel" and starts and ends and ends < starts:
        wrong.append(("due_date", "It would be due before it starts."))
    return wrong


def _as_json(change: DeliverableChange) -> dict[str, Any]:
    names = EDITED if change.action == "add" else () if change.action == "cancel" else change.model_fields_set
    fields = {name: written(getattr(change, name)) for name in EDITED if name in names}
    which = {} if change.deliverable_id is None else {"deliverable_id": str(change.deliverable_id)}
    return {"action": change.action, **which, **fields}
