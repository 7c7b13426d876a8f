"""Logging the rows of a time sheet, many at a time."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, cast, select

from app.core.audit import Actor, audit_as
from app.core.changes.models import ChangeRow
from app.core.errors import Conflict
from app.extensions import db
from app.projects.models import Project
from app.projects.timesheets.importing.entries import entries_on, key_of, key_of_entry
from app.projects.timesheets.models import TimeEntry
from app.projects.timesheets.operations import Place, places_of
from app.projects.timesheets.schemas import SheetRow, TimeInput, minutes_of

ACTION = "import-time"
_ARRIVED = "The same time has been logged since the preview."


def claim(rows: ColumnElement[bool]) -> None:
    """Lock the projects that these rows are of, all at first: whoever logs or decides locks the project before the
    people, too."""
    named = select(cast(ChangeRow.after["project"].astext, Uuid)).where(rows).distinct()
    _locked(db.session.scalars(named).all())


def arrived(rows: Sequence[SheetRow]) -> list[str]:
    """Of rows that were new when they were examined, which have been logged since."""
    there = {key_of_entry(entry) for entry in entries_on(db.session(), {(UUID(r.person), r.worked_on) for r in rows})}
    return [_ARRIVED if _key(row) in there else "" for row in rows]


def log_row(row: SheetRow, *, actor: Actor) -> TimeEntry:
    return log_rows([row], actor=actor)[0]


def log_rows(rows: Sequence[SheetRow], *, actor: Actor) -> list[TimeEntry]:
    """Log examined rows, under the rules that hold for every entry; all of them or none."""
    projects = _locked([UUID(row.project) for row in rows])
    places = places_of({(projects[UUID(row.project)], UUID(row.person)) for row in rows})
    entries = [_entry(places[UUID(row.project), UUID(row.person)], row) for row in rows]
    audit_as(db.session, actor=actor, action=ACTION)
    db.session.add_all(entries)
    db.session.flush()
    return entries


def _entry(place: Place | Conflict, row: SheetRow) -> TimeEntry:
    if isinstance(place, Conflict):
        raise place
    place.require_day(row.worked_on)
    values = TimeInput(worked_on=row.worked_on, minutes=minutes_of(row.hours), note=row.note)
    return place.entry(values, row.hourly_rate or None)


def _locked(ids: Sequence[UUID]) -> dict[UUID, Project]:
    query = select(Project).where(Project.id.in_(set(ids))).order_by(Project.id)
    locking: Any = query.with_for_update(of=Project).execution_options(populate_existing=True)
    return {project.id: project for project in db.session.scalars(locking)}


def _key(row: SheetRow) -> Any:
    return key_of(UUID(row.person), UUID(row.project), row.worked_on, minutes_of(row.hours), row.note)
