"""What moves in a plan when something is finished late, shown before it is applied.

Dates are only ever moved later: what is finished early leaves the rest where people expect it. The project's own last
day stays as it was agreed; it moves when staff change it or a change order is approved.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from uuid import UUID

from app.core.errors import Conflict
from app.projects.models import Deliverable, Project
from app.projects.plans.critical_path import ENDED, Dates, Plan, plan_of


class PlanMoved(Conflict):
    """What was shown is no longer how the plan stands."""

    says = "The plan has changed since this was worked out. Look at what moves now, and confirm again."


@dataclass(frozen=True)
class Move:
    """The dates of a deliverable as they are and as they would be."""

    deliverable: Deliverable
    old_start: date
    old_due: date
    new_start: date
    new_due: date


@dataclass(frozen=True)
class Preview:
    """`version` names the state of the plan that this was worked out from."""

    moves: tuple[Move, ...]
    old_finish: date | None
    new_finish: date | None
    version: str
    agreed_end: date | None

    @property
    def is_late(self) -> bool:
        """Whether the plan would end after the project's last day."""
        return bool(self.new_finish and self.agreed_end and self.new_finish > self.agreed_end)


def version_of(project: Project) -> str:
    """A name for all that the plan's dates rest on: another one, when any of it has changed."""
    parts = [str((project.start_date, project.end_date, sorted(project.workdays), sorted(project.closed_dates)))]
    parts += sorted(f"{one.id} {one.version}" for one in project.deliverables)
    parts += sorted(f"{one.predecessor_id} {one.successor_id} {one.lag_days}" for one in project.dependencies)
    return sha256("\n".join(parts).encode()).hexdigest()[:16]


def preview_finish(project: Project, deliverable: Deliverable, finished_on: date) -> Preview:
    """What moves when the deliverable is finished on that day."""
    start = project.start_date or finished_on
    before = plan_of(project, start)
    after = plan_of(project, start, finishes={deliverable.id: finished_on})
    return _preview(project, before.dates, after, without=deliverable.id)


def preview_dates(project: Project) -> Preview:
    """What moves when every deliverable waits for what comes before it, as the plan says."""
    if project.start_date is None:
        return Preview((), None, None, version_of(project), project.end_date)
    plan = plan_of(project, project.start_date)
    stated = {
        one.id: Dates(one.start_date, one.due_date, one.start_date, one.due_date, 0, False)
        for one in project.deliverables
        if one.start_date and one.due_date
    }
    return _preview(project, stated, plan)


def apply_moves(preview: Preview) -> None:
    for move in preview.moves:
        move.deliverable.start_date, move.deliverable.due_date = move.new_start, move.new_due


def _preview(project: Project, before: Mapping[UUID, Dates], after: Plan, without: UUID | None = None) -> Preview:
    moves = []
    for one in project.deliverables:
        if one.id == without or one.id not in before or one.id not in after.dates or one.status in ENDED:
            continue
        old, new = before[one.id], after.dates[one.id]
        if new.finish > old.finish or new.start > old.start:
            moves.append(Move(one, one.start_date or old.start, one.due_date or old.finish, new.start, new.finish))
    old_finish = max((dates.finish for dates in before.values()), default=None)
    moves.sort(key=lambda move: (move.new_start, move.deliverable.position))
    return Preview(tuple(moves), old_finish, after.finish, version_of(project), project.end_date)
