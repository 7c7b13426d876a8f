"""Change orders: changes of what was agreed, which count when the client has approved them.

`steps.py` declares their states. Whoever takes a step locks the project first, then the order. Approving one
changes the budget, the last day, the deliverables and the baseline that all are measured by, in one transaction, and
only if the project is still as it was when the order was proposed.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.core import records
from app.core.audit import Actor, audit_as
from app.core.clock import now
from app.core.errors import Conflict
from app.core.events import publish
from app.core.numbering import next_number
from app.extensions import db
from app.projects.change_orders.differences import difference_of, has_moved, is_open, read, standing_of
from app.projects.change_orders.models import ChangeOrder
from app.projects.change_orders.rules import (
    AGREED,
    NothingAgreed,
    OrderIsEmpty,
    OrderIsStale,
    judged,
    require_agreed,
    require_range,
)
from app.projects.change_orders.schemas import (
    EDITED,
    ChangeOrderInput,
    DecisionInput,
    DeliverableChange,
    DeliverableRow,
)
from app.projects.change_orders.steps import ORDER
from app.projects.models import Deliverable, Project
from app.projects.money.alerts import announce_budget
from app.projects.operations import set_missing_dates
from app.projects.teams.reservations import hold_hours


def create_change_order(project: Project, values: ChangeOrderInput, *, actor: Actor) -> ChangeOrder:
    """Draft a change. Callers lock the project; the orders of a project are numbered from 1 on."""
    require_agreed(project)
    changes = judged(project, values.changes)
    require_range(project, values.budget_change, values.new_end_date)
    audit_as(db.session, actor=actor, action="draft-change")
    order = ChangeOrder(
        **values.model_dump(exclude={"changes"}),
        project=project,
        client_id=project.client_id,
        number=next_number(project.client_id, "change-order", str(project.id)),
        changes=changes,
    )
    db.session.add(order)
    db.session.flush()
    return order


@ORDER.does("edit")
def update_change_order(order: ChangeOrder, changes: Mapping[str, Any], *, actor: Actor) -> ChangeOrder:
    """Change a draft. Callers lock the project."""
    project, order = order.project, ORDER.locked(order, "edit", actor=actor)
    fields = dict(changes)
    if "changes" in fields:
        fields["changes"] = judged(project, fields["changes"])
    require_range(
        project, fields.get("budget_change", order.budget_change), fields.get("new_end_date", order.new_end_date)
    )
    records.apply_changes(order, fields)
    db.session.flush()
    return order


def _nothing_agreed(order: ChangeOrder) -> Conflict | None:
    return None if order.project.status in AGREED else NothingAgreed(order.project)


def _not_to_propose(order: ChangeOrder) -> Conflict | None:
    is_empty = difference_of(order, order.project).is_empty
    return _nothing_agreed(order) or (OrderIsEmpty() if is_empty else None)


def _not_to_approve(order: ChangeOrder) -> Conflict | None:
    return _nothing_agreed(order) or (OrderIsStale() if has_moved(order, order.project) else None)


@ORDER.does("propose", unless=_not_to_propose)
def propose_change_order(order: ChangeOrder, *, actor: Actor) -> ChangeOrder:
    """Ask the client. How things stand now is kept beside it. Callers lock the project."""
    project, order = order.project, ORDER.locked(order, "propose", actor=actor)
    judged(project, [DeliverableChange.model_validate(change) for change in order.changes])
    require_range(project, order.budget_change, order.new_end_date)
    order.before = standing_of(project, order.changes)
    order.status, order.proposed_at, order.proposed_by_id = "proposed", now(), actor.id
    db.session.flush()
    _announce("change_order.proposed", order, actor)
    return order


@ORDER.does("approve", form=DecisionInput, unless=_not_to_approve)
def approve_change_order(order: ChangeOrder, note: str = "", *, actor: Actor) -> ChangeOrder:
    """Agree to the change: it counts at once, wholly or not at all. Callers lock the project.

    Raises OrderIsStale where the project has moved since, and Conflict where the team isn't free for the new dates.
    """
    project, order = order.project, ORDER.locked(order, "approve", actor=actor)
    require_range(project, order.budget_change, order.new_end_date, now_too=False)
    _decide(order, "approved", note, actor)
    _apply(order, project)
    records.touch(project)
    hold_hours(project)
    announce_budget(project, actor)
    return order


@ORDER.does("decline", form=DecisionInput)
def decline_change_order(order: ChangeOrder, note: str = "", *, actor: Actor) -> ChangeOrder:
    """Say no: nothing changes. Callers lock the project."""
    order = ORDER.locked(order, "decline", actor=actor)
    _decide(order, "declined", note, actor)
    db.session.flush()
    return order


@ORDER.does("withdraw")
def withdraw_change_order(order: ChangeOrder, *, actor: Actor) -> ChangeOrder:
    """Take a draft or a proposal back. Callers lock the project."""
    order = ORDER.locked(order, "withdraw", actor=actor)
    order.status = "withdrawn"
    db.session.flush()
    return order


def changes_between(project: Project, rows: Sequence[DeliverableRow]) -> list[DeliverableChange]:
    """What has to happen to the project's deliverables that are still open so that they are as in `rows`."""
    there = {one.id: one for one in project.deliverables if is_open(one)}
    kept = {row.id for row in rows}
    changes = []
    for row in rows:
        fields = row.model_dump(exclude={"id"})
        deliverable = there.get(row.id) if row.id else None
        if row.id is None:
            changes.append(DeliverableChange(action="add", **fields))
            continue
        moved = {name: value for name, value in fields.items() if getattr(deliverable, name, None) != value}
        if moved:
            changes.append(DeliverableChange(action="change", deliverable_id=row.id, **moved))
    gone = [key for key in there if key not in kept]
    return changes + [DeliverableChange(action="cancel", deliverable_id=key) for key in gone]


def rows_after(order: ChangeOrder | None, project: Project) -> list[dict[str, Any]]:
    """The open deliverables as they would be after the order, as the form shows them."""
    changes = {change.get("deliverable_id"): change for change in (order.changes if order else ())}
    rows = []
    for one in project.deliverables:
        change = changes.get(str(one.id), {})
        if is_open(one) and change.get("action") != "cancel":
            row = {name: read(name, change[name]) if name in change else getattr(one, name) for name in EDITED}
            rows.append({"id": one.id, **row})
    added = [change for change in (order.changes if order else ()) if change["action"] == "add"]
    return rows + [{"id": None, **{name: read(name, change.get(name)) for name in EDITED}} for change in added]


def _decide(order: ChangeOrder, decision: str, note: str, actor: Actor) -> None:
    person = actor.id if getattr(actor, "is_person", True) else None
    order.status, order.decided_at, order.decided_by_id, order.note = decision, now(), person, note
    _announce(f"change_order.{decision}", order, actor)


def _announce(event: str, order: ChangeOrder, actor: Actor) -> None:
    publish(event, about=order, within=order.project, actor=actor, project=order.project.name, title=order.title)


def _apply(order: ChangeOrder, project: Project) -> None:
    if order.budget_change:
        agreed = project.budget if project.planned_budget is None else project.planned_budget
        project.planned_budget = (agreed or Decimal(0)) + order.budget_change
        project.budget = (project.budget or Decimal(0)) + order.budget_change
    if order.new_end_date is not None:
        project.end_date = project.planned_end = order.new_end_date
    there = {str(one.id): one for one in project.deliverables}
    touched = [_change(project, there, change) for change in order.changes]
    db.session.flush()
    set_missing_dates(project)
    for deliverable in touched:
        deliverable.planned_start, deliverable.planned_due = deliverable.start_date, deliverable.due_date
    db.session.flush()


def _change(project: Project, there: Mapping[str, Deliverable], change: Mapping[str, Any]) -> Deliverable:
    fields = {name: read(name, change[name]) for name in EDITED if name in change}
    if change["action"] == "add":
        last = max((one.position for one in project.deliverables), default=-1)
        project.deliverables.append(Deliverable(**fields, position=last + 1))
        return project.deliverables[-1]
    deliverable = there[change["deliverable_id"]]
    if change["action"] == "cancel":
        deliverable.status = "cancelled"
    for name, value in fields.items():
        setattr(deliverable, name, value)
    return deliverable
