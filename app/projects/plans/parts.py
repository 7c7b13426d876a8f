"""The milestones and deliverables of a project, and which deliverable comes after which. Each list is given whole."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select

from app.assistants.models import Assistant
from app.core.errors import Conflict, Invalid
from app.core.ids import new_id
from app.core.parts import reconcile
from app.core.rules import enforces
from app.extensions import db
from app.projects.models import Deliverable, Dependency, Milestone, Project
from app.projects.plans.scheduling.network import Cycle, in_order
from app.projects.schemas import DeliverableInput, MilestoneInput

P = TypeVar("P", Milestone, Deliverable)
Waits = dict[tuple[UUID, UUID], int]
"""For each pair of a deliverable and one after it, the working days between."""

_WAIT = re.compile(r"(?P<of>.+?)\s*\+\s*(?P<lag>[0-9]{1,3})", re.ASCII)
_LONGEST_WAIT = 365
_HANDED_IN = ("submitted", "approved")
_RESOLVED_APART = {"id", "milestone", "depends_on"}


@enforces("deliverable_dependencies_same_project")
class UnknownPart(Invalid):
    """A list names a milestone, deliverable or person that isn't there."""

    wrong = "unknown"
    says = "The project has no such part, or it is named twice."


@enforces("deliverable_dependencies_no_cycle")
class WaitsForItself(Invalid):
    """Deliverables come after each other in a circle."""

    code, wrong = "dependency-cycle", "cycle"


class DatesReversed(Invalid):
    """Something would end before it begins."""

    wrong = "reversed"


class HandedIn(Conflict):
    """A deliverable that was handed in is no longer taken off the plan."""


def replace_milestones(project: Project, given: Sequence[MilestoneInput]) -> bool:
    """Make these the project's milestones, in their order. Whether that changed anything."""
    there = {milestone.id: milestone for milestone in project.milestones}
    wanted = [(values.id, values.model_dump(exclude={"id"})) for values in given]
    project.milestones, changed = reconcile(there, wanted, _new(Milestone), missing=UnknownPart, at="milestones")
    return changed


def replace_deliverables(project: Project, given: Sequence[DeliverableInput]) -> bool:
    """Make these the project's deliverables, in their order, with what each comes after. Whether that changed anything.

    Deliverables keep what only steps change: status, decisions, the dates that were agreed.
    """
    there = {deliverable.id: deliverable for deliverable in project.deliverables}
    _require_dates(given)
    _require_people(given, there)
    milestones = _milestones_of(project, given)
    wanted = [
        (values.id, {**values.model_dump(exclude=_RESOLVED_APART), "milestone_id": milestone})
        for values, milestone in zip(given, milestones, strict=True)
    ]
    kept, changed = reconcile(there, wanted, _new(Deliverable), missing=UnknownPart, at="deliverables")
    _refuse_handed_in(set(there.values()) - set(kept))
    waits = _waits_of(kept, given)
    changed |= _drop_waits(project, waits)
    project.deliverables = kept
    return _set_waits(project, waits) or changed


def parts_as_input(project: Project) -> dict[str, list[dict[str, Any]]]:
    """The lists as they would be given: what a form shows."""
    return {
        "milestones": [{name: getattr(m, name) for name in MilestoneInput.model_fields} for m in project.milestones],
        "deliverables": [_as_input(deliverable, project) for deliverable in project.deliverables],
    }


def _as_input(deliverable: Deliverable, project: Project) -> dict[str, Any]:
    titles = {one.id: one.title for one in project.deliverables}
    called = {one.id: one.title for one in project.milestones}
    names = set(DeliverableInput.model_fields) - {"milestone", "depends_on"}
    return {
        **{name: getattr(deliverable, name) for name in names},
        "milestone": called.get(deliverable.milestone_id) if deliverable.milestone_id else None,
        "depends_on": [written_wait(titles.get(w.predecessor_id, "?"), w.lag_days) for w in deliverable.depends_on],
    }


def written_wait(title: str, lag_days: int) -> str:
    return f"{title} + {lag_days}" if lag_days else title


def _new(kind: type[P]) -> Callable[..., P]:
    """Makes parts with an id at once, for others refer to them."""
    return lambda **values: kind(id=new_id(), **values)


def _require_dates(given: Sequence[DeliverableInput]) -> None:
    for at, values in enumerate(given):
        if values.start_date and values.due_date and values.due_date < values.start_date:
            raise DatesReversed("This is before the first day.", at=f"/deliverables/{at}/due_date")


def _require_people(given: Sequence[DeliverableInput], there: Mapping[UUID, Deliverable]) -> None:
    """Whoever is to make something must be there, and take work if they weren't named before."""
    asked = {one.assistant_id for one in given if one.assistant_id} - {one.assistant_id for one in there.values()}
    free = set(db.session.scalars(select(Assistant.id).where(Assistant.id.in_(asked), Assistant.archived_at.is_(None))))
    for at, values in enumerate(given):
        if values.assistant_id in asked - free:
            raise UnknownPart("There is no such assistant.", at=f"/deliverables/{at}/assistant_id")


def _refuse_handed_in(removed: set[Deliverable]) -> None:
    lost = sorted(one.title for one in removed if one.status in _HANDED_IN)
    if lost:
        raise HandedIn(f"“{lost[0]}” has been handed in, and stays part of the plan.")


def _milestones_of(project: Project, given: Sequence[DeliverableInput]) -> list[UUID | None]:
    found = []
    for at, values in enumerate(given):
        named = [
            milestone.id
            for milestone in project.milestones
            if values.milestone and _is_called(milestone, values.milestone)
        ]
        if values.milestone and len(named) != 1:
            raise UnknownPart(
                "Two milestones have that title." if named else "The project has no such milestone.",
                at=f"/deliverables/{at}/milestone",
            )
        found.append(named[0] if named else None)
    return found


def _is_called(part: Milestone | Deliverable, name: str) -> bool:
    return name.casefold() == part.title.casefold() or name == str(part.id)


def _waits_of(deliverables: Sequence[Deliverable], given: Sequence[DeliverableInput]) -> Waits:
    waits: Waits = {}
    for at, (deliverable, values) in enumerate(zip(deliverables, given, strict=True)):
        for nth, text in enumerate(values.depends_on):
            try:
                before, lag = _read_wait(text, deliverable, deliverables)
            except ValueError as error:
                raise UnknownPart(str(error), at=f"/deliverables/{at}/depends_on/{nth}") from None
            waits[before.id, deliverable.id] = lag
    _refuse_cycle(deliverables, waits)
    return waits


def _read_wait(text: str, of: Deliverable, deliverables: Sequence[Deliverable]) -> tuple[Deliverable, int]:
    """The deliverable that is named, and the days to wait. A title that looks like a wait is taken for a title."""
    named, lag = [one for one in deliverables if _is_called(one, text)], 0
    match = _WAIT.fullmatch(text)
    if not named and match:
        named, lag = [one for one in deliverables if _is_called(one, match["of"])], int(match["lag"])
    if lag > _LONGEST_WAIT:
        raise ValueError(f"Wait {_LONGEST_WAIT} working days at most.")
    if len(named) != 1:
        raise ValueError(f"Two deliverables are called “{text}”." if named else f"No deliverable is called “{text}”.")
    if named[0] is of:
        raise ValueError("A deliverable can’t come after itself.")
    return named[0], lag


def _refuse_cycle(deliverables: Sequence[Deliverable], waits: Waits) -> None:
    titles = {one.id: one.title for one in deliverables}
    before: dict[UUID, list[UUID]] = {one.id: [] for one in deliverables}
    for predecessor, successor in waits:
        before[successor].append(predecessor)
    try:
        in_order(before)
    except Cycle as error:
        around = " → ".join(f"“{titles[key]}”" for key in error.keys)
        message = f"These wait for each other: {around}."
        at = next(at for at, one in enumerate(deliverables) if one.id == error.keys[0])
        raise WaitsForItself(message, at=f"/deliverables/{at}/depends_on") from None


def _drop_waits(project: Project, waits: Waits) -> bool:
    """What no longer holds goes before anything new comes: turned round, the two would be a circle."""
    gone = [one for one in project.dependencies if (one.predecessor_id, one.successor_id) not in waits]
    for one in gone:
        project.dependencies.remove(one)
    db.session.flush()
    return bool(gone)


def _set_waits(project: Project, waits: Waits) -> bool:
    there = {(one.predecessor_id, one.successor_id): one for one in project.dependencies}
    changed = False
    for (predecessor, successor), lag in waits.items():
        known = there.get((predecessor, successor))
        if known is None:
            new = Dependency(predecessor_id=predecessor, successor_id=successor, lag_days=lag)
            project.dependencies.append(new)
        elif known.lag_days != lag:
            known.lag_days = lag
        else:
            continue
        changed = True
    return changed
