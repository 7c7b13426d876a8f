"""What a change order would do, or did: how things stood, how they will stand, and whether that still holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.projects.change_orders.models import ChangeOrder
from app.projects.change_orders.schemas import EDITED
from app.projects.models import Deliverable, Project

LABELS = {
    "title": "Title",
    "start_date": "Starts",
    "due_date": "Due",
    "duration_days": "Working days",
    "estimate_hours": "Estimated hours",
    "budget": "Part of the budget",
}


@dataclass(frozen=True)
class Move:
    """One value before and after."""

    name: str
    label: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Touched:
    """A deliverable that is added, changed or cancelled. `moves` are its values that differ."""

    action: str
    title: str
    moves: tuple[Move, ...]


@dataclass(frozen=True)
class Difference:
    """The whole difference; `budget` and `end` are None where they stay."""

    budget: Move | None
    end: Move | None
    deliverables: tuple[Touched, ...]

    @property
    def is_empty(self) -> bool:
        return self.budget is None and self.end is None and not self.deliverables


def standing_of(project: Project, changes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How the project stands now in all that the changes touch, ready for JSON."""
    touched = {change["deliverable_id"] for change in changes if change.get("deliverable_id")}
    return {
        "budget": written(project.budget),
        "currency": project.currency,
        "end_date": written(project.end_date),
        "deliverables": {
            str(one.id): {name: written(getattr(one, name)) for name in EDITED}
            for one in project.deliverables
            if str(one.id) in touched
        },
    }


def has_moved(order: ChangeOrder, project: Project) -> bool:
    """Whether something that the order touches is no longer as it was when it was proposed: the client would approve
    another difference than the one that is shown."""
    if order.before is None:
        return False
    shut = {str(one.id) for one in project.deliverables if not is_open(one)}
    touched = {change["deliverable_id"] for change in order.changes if change.get("deliverable_id")}
    return order.before != standing_of(project, order.changes) or bool(shut & touched)


def is_open(deliverable: Deliverable) -> bool:
    """Whether a change order may still touch it: what was handed in is judged, not changed."""
    return deliverable.status not in ("submitted", "approved", "cancelled")


def difference_of(order: ChangeOrder, project: Project) -> Difference:
    """What it changes; against how things stood when it was proposed, or how they stand where it is still a draft."""
    before = order.before or standing_of(project, order.changes)
    budget = None if before["budget"] is None else Decimal(before["budget"])
    ends = None if before["end_date"] is None else date.fromisoformat(before["end_date"])
    after = (budget or Decimal(0)) + order.budget_change
    return Difference(
        budget=Move("budget", "Budget", budget, after) if order.budget_change else None,
        end=Move("end_date", "Last day", ends, order.new_end_date) if order.new_end_date not in (None, ends) else None,
        deliverables=tuple(_touched(change, before["deliverables"]) for change in order.changes),
    )


def _touched(change: Mapping[str, Any], before: Mapping[str, Any]) -> Touched:
    stood = before.get(change.get("deliverable_id") or "", {})
    title = str(stood.get("title") or change.get("title") or "A deliverable that is gone")
    given = {name: change[name] for name in EDITED if name in change}
    if change["action"] == "add":
        given = {name: value for name, value in given.items() if name != "title" and value is not None}
    moves = (_move(name, stood.get(name), value) for name, value in given.items() if stood.get(name) != value)
    return Touched(change["action"], title, tuple(moves))


def _move(name: str, before: Any, after: Any) -> Move:
    return Move(name, LABELS[name], read(name, before), read(name, after))


def written(value: Any) -> Any:
    """A deliverable's value as JSON keeps it: dates and amounts as texts."""
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if isinstance(value, date) else value


def read(name: str, value: Any) -> Any:
    """The value that JSON has kept."""
    if value is None:
        return None
    if name.endswith("_date"):
        return date.fromisoformat(value)
    return Decimal(value) if name in ("budget", "estimate_hours") else value
