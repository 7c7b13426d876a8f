"""What can be undone of projects: the plain fields of the form, and decisions on time. The rest says why it can't."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.audit import Actor, AuditEntry
from app.core.changes.models import ChangeSet
from app.core.changes.rules import CHANGED, UndoRules, declare, why_kept
from app.core.changes.undo import undo_change
from app.core.errors import NotFound
from app.core.records import get_record
from app.core.schemas import changes_of, partial
from app.extensions import db
from app.projects.change_orders.models import ChangeOrder
from app.projects.kinds import projects
from app.projects.models import Project
from app.projects.operations import update_project
from app.projects.schemas import ProjectInput, ProjectPlan
from app.projects.steps import PROJECT
from app.projects.timesheets.importing import writing
from app.projects.timesheets.models import TimeEntry
from app.projects.timesheets.operations import put_decision_back

PLAIN = frozenset(ProjectPlan.model_fields) - {"milestones", "deliverables"}
MANAGE = projects.write_permission

_MADE = "A project isn’t deleted. Cancel it instead."
_STATE = (
    "A project’s state can’t be undone: the client and the team were told, and the team’s hours followed. "
    "Use the steps on the project’s page."
)
_AGREED = "The client agreed to this in a change order. Propose another one to change it back."
_PLAN = (
    "Deliverables and milestones can’t be undone: the team and the client already work with them. "
    "Edit the project to change them back."
)
_ORDER = "Change orders can’t be undone: each side has its own steps for them. Withdraw it, or propose another."
_REVIEW = "The client’s review can’t be undone."
_LOGGED = "Logged time can’t be undone here: whoever logged it corrects or deletes it in the time sheet."
_DECISIONS = ("approve-time", "reject-time", "undo")
_IMPORTED = (writing.ACTION, "undo")


def _kept_of_project(action: str, field: str | None) -> str:
    if field is None:
        return _MADE
    if action == "approve-change":
        return _AGREED
    return "" if field in PLAIN else _STATE


def _kept_of_time(action: str, field: str | None) -> str:
    undoable = _DECISIONS if field is not None else _IMPORTED
    return "" if action in undoable else _LOGGED


def _why_time_stays(entry: Mapping[str, Any]) -> str:
    status = entry["status"]
    return CHANGED if status == "submitted" else f"It has been {status} since, so it stays."


def _always(reason: str) -> UndoRules:
    return UndoRules(permission=MANAGE, kept=lambda _action, _field: reason)


def _since(session: Session, project_id: UUID, at: datetime, fields: Collection[str]) -> Mapping[str, str]:
    """A project that is over no longer changes, and what the client has agreed to since stays agreed."""
    project = session.get_one(Project, project_id)
    if project.status in PROJECT.final:
        return dict.fromkeys(fields, f"The project is {PROJECT.state(project).in_words}, and no longer changes.")
    agreed: dict[str, str] = {}
    orders = select(ChangeOrder).where(
        ChangeOrder.project_id == project_id, ChangeOrder.status == "approved", ChangeOrder.decided_at > at
    )
    for order in session.scalars(orders.order_by(ChangeOrder.number)):
        moved = {"budget": bool(order.budget_change), "end_date": order.new_end_date is not None}
        reason = f"The client has agreed to change order {order.number} since. Propose another one to change it back."
        agreed |= {name: reason for name, is_moved in moved.items() if is_moved and name in fields}
    return agreed


def _put_fields_back(project_id: UUID, values: Mapping[str, Any], actor: Actor) -> None:
    """As an edit to the old values would, with everything that an edit checks and brings about."""
    patch = partial(ProjectInput).model_validate(values)
    update_project(get_record(projects, project_id, for_update=True), changes_of(patch), actor=actor)


def undo_decision(change_id: UUID, entry_id: UUID | None, *, actor: Actor) -> ChangeSet:
    """Undo what a change decided on time, of one entry or of all: the entries wait again, and nothing of them is spent.
    To undo that is to decide as before. Raises what `undo_change` does."""
    about = AuditEntry.record_id == entry_id if entry_id else AuditEntry.table_name == "time_entries"
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.change_id == change_id, about)).all()
    if not entries or why_kept(entries):
        raise NotFound("There is no such decision on time.")
    return undo_change(db.session, change_id, actor=actor, kind=None, record_id=entry_id)


def _lock_projects(session: Session, entry_ids: Sequence[UUID]) -> None:
    of_them = select(TimeEntry.project_id).where(TimeEntry.id.in_(entry_ids))
    session.scalars(select(Project.id).where(Project.id.in_(of_them)).order_by(Project.id).with_for_update()).all()


declare(
    "projects",
    UndoRules(permission=MANAGE, kept=_kept_of_project, since=_since, write=_put_fields_back),
)
declare(
    "time_entries",
    UndoRules(
        permission=MANAGE,
        kept=_kept_of_time,
        stays=_why_time_stays,
        together=True,
        lock=_lock_projects,
        write=put_decision_back,
    ),
)
for _table in ("milestones", "deliverables", "deliverable_dependencies"):
    declare(_table, _always(_PLAN))
declare("change_orders", _always(_ORDER))
declare("project_reviews", _always(_REVIEW))
declare("project_alerts", UndoRules(permission=MANAGE, passed_over=True))
