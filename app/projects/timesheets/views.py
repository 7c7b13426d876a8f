"""The pages of time: one's own time sheet, and staff's list to approve from."""

import re
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user

from app.assistants.calendars.date_queries import today_of_account
from app.core.errors import DomainError, NotFound
from app.core.schemas import FIRST_DAY, LAST_DAY
from app.core.sides import EXPERT
from app.identity.policy import is_staff
from app.projects.timesheets import operations as time
from app.projects.timesheets import queries as time_sheets
from app.projects.timesheets.forms import named_in
from app.projects.timesheets.kinds import time_entries
from app.projects.timesheets.models import TimeEntry
from app.projects.timesheets.schemas import SheetInput, TimeInput, minutes_of
from app.projects.visibility import get_project_for_time
from app.web.forms import SchemaForm, form_class
from app.web.guards import allow
from app.web.once import makes_one
from app.web.refusals import saying_no, submitted

bp = Blueprint("time_sheet", __name__, url_prefix=time_entries.base(EXPERT))


@bp.get("")
@allow("time:write")
def sheet() -> Any:
    """One's own week, what came back, and the form to log more."""
    if is_staff(current_user):
        return redirect(time_entries.base(), 303)
    return _sheet(_form({"worked_on": _day_asked(), "work": request.args.get("work", "")[:80]}))


@bp.post("")
@allow("time:write")
@makes_one
def log() -> Any:
    form = _form()
    with submitted(SheetInput, _sheet, form=form, named=named_in(form)) as values:
        project_id, taken = _as_time(values)
        project = get_project_for_time(project_id, current_user, lock=True)
        entry = time.log_time(project, taken, user_id=_own_id(), actor=current_user)
    flash("Logged. It counts when it is approved.", "success")
    return redirect(url_for("time_sheet.sheet", week=entry.worked_on, work=values.work), 303)


@bp.get("/<uuid:entry_id>")
@allow("time:write")
def entry(entry_id: UUID) -> str:
    found = time_sheets.get_entry(entry_id, user_id=_own_id())
    return _entry_page(found, _form(_as_typed(found)))[0]


@bp.post("/<uuid:entry_id>")
@allow("time:write")
def change(entry_id: UUID) -> Any:
    found = time_sheets.get_entry(entry_id, user_id=_own_id(), for_update=True)
    form = _form()
    again = lambda form, status: _entry_page(time_sheets.get_entry(entry_id, user_id=_own_id()), form, status)  # noqa: E731
    with submitted(SheetInput, again, form=form, named=named_in(form)) as values:
        project_id, taken = _as_time(values)
        if project_id != found.project_id:
            raise _wrong_work("Time stays with its project. Delete this entry, and log it on the other project.")
        time.update_time(found, taken.model_dump(), actor=current_user)
    flash("Saved. It waits for approval.", "success")
    return redirect(url_for("time_sheet.sheet", week=found.worked_on), 303)


@bp.post("/<uuid:entry_id>/delete")
@allow("time:write")
def delete(entry_id: UUID) -> Any:
    found = time_sheets.get_entry(entry_id, user_id=_own_id(), for_update=True)
    week = found.worked_on
    with saying_no(at=url_for("time_sheet.entry", entry_id=entry_id)):
        time.delete_time(found, actor=current_user)
    flash("Deleted.", "success")
    return redirect(url_for("time_sheet.sheet", week=week), 303)


def _own_id() -> UUID:
    if current_user.id is None:
        raise NotFound("There is no such time sheet.")
    own: UUID = current_user.id
    return own


def _today() -> date:
    return today_of_account(_own_id())


def _form(data: dict[str, Any] | None = None) -> SchemaForm:
    return form_class(SheetInput)(data=data) if data is None else form_class(SheetInput)(formdata=None, data=data)


def _as_time(values: SheetInput) -> tuple[UUID, TimeInput]:
    """The project that was chosen, and the time as it is logged."""
    project, _, deliverable = values.work.partition("/")
    try:
        project_id, deliverable_id = UUID(project), UUID(deliverable) if deliverable else None
    except ValueError:
        raise _wrong_work("Choose one of the list.") from None
    minutes = minutes_of(values.hours)
    taken = TimeInput(worked_on=values.worked_on, minutes=minutes, deliverable_id=deliverable_id, note=values.note)
    return project_id, taken


def _as_typed(found: TimeEntry) -> dict[str, Any]:
    work = f"{found.project_id}/{found.deliverable_id}" if found.deliverable_id else str(found.project_id)
    hours = f"{found.minutes // 60}:{found.minutes % 60:02}"
    return {"work": work, "worked_on": found.worked_on, "hours": hours, "note": found.note}


def _wrong_work(message: str) -> DomainError:
    return time.WrongWork(message, at="/work", wrong="unknown")


def _day_asked() -> date:
    """A day of the week to show; today where the address names none that makes sense."""
    given = request.values.get("week") or request.values.get("worked_on") or ""
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given, re.ASCII):
        try:
            return min(max(date.fromisoformat(given), FIRST_DAY), LAST_DAY)
        except ValueError:
            pass
    return _today()


def _sheet(form: SchemaForm, status: int = 200) -> tuple[str, int]:
    day = _day_asked()
    page = render_template(
        "projects/time_sheet.html",
        form=form,
        week=time_sheets.week_of(_own_id(), day),
        places=time_sheets.workplaces_of(_own_id()),
        rejected=time_sheets.rejected_of(_own_id()),
        today=_today(),
    )
    return page, status


def _entry_page(found: TimeEntry, form: SchemaForm, status: int = 200) -> tuple[str, int]:
    page = render_template(
        "projects/time_entry.html", entry=found, form=form, places=[time_sheets.workplace_of(found.project)]
    )
    return page, status
