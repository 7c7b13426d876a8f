"""An expert's own pages: the profile, and the calendar with time off."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user

from app.assistants.calendars.kinds import time_off
from app.assistants.models import Assistant
from app.assistants.profiles import operations
from app.assistants.profiles import queries as profiles
from app.assistants.profiles.kinds import assistants
from app.assistants.profiles.schemas import ProfileInput, TimeOffInput
from app.core.changes.merge import Merge, three_way
from app.core.kinds import FieldGroup, editing_of
from app.core.records import get_record
from app.core.tenancy import as_system
from app.crud.drawing import complete
from app.extensions import db
from app.web import htmx, merging
from app.web.forms import SchemaForm, form_class
from app.web.guards import allow
from app.web.once import makes_one
from app.web.refusals import saying_no, submitted

bp = Blueprint("own_profile", __name__, url_prefix="/dashboard")

GROUPS = (
    FieldGroup("What clients see", ("headline", "about")),
    FieldGroup("Skills", ("skills",), "Whatever a skill is called: MS-Excel is Excel. The main ones come first."),
    FieldGroup("Availability", ("availability",), "When you work, in your own time zone."),
)


@bp.get("/profile")
@allow("profile:read")
def profile() -> Any:
    assistant = _own()
    if assistant is None:
        return _nothing_yet("Profile")
    return _profile_page(assistant, _form(assistant))


@bp.post("/profile")
@allow("profile:write")
def save_profile() -> Any:
    """Change one's own profile. What staff changed meanwhile stays, unless both changed the same field: then ask."""
    assistant = profiles.own_assistant(current_user.id, for_update=True)
    form = _form(assistant)
    merging.take_theirs(form, assistants, assistant)
    command = request.form.get("_do", "save")
    if form.act(command):
        return _profile_page(assistant, form, command=command)
    base, given = merging.base_version(assistant), form.changed_values()
    if base is None:
        form.form_errors.append(merging.OUT_OF_DATE)
    if base is None or given is None:
        return _profile_page(assistant, form, status=422)
    with as_system("the history that changes are compared with is staff's to read"):
        merge = three_way(db.session, assistants, assistant, base, given)
    if merge.conflicts:
        return _ask(assistant, form, merge)
    return _save(assistant, form, merge)


@bp.get("/calendar")
@allow("profile:read")
def calendar() -> Any:
    assistant = _own()
    if assistant is None:
        return _nothing_yet("Calendar")
    return _calendar_page(assistant, form_class(TimeOffInput)(formdata=None))


@bp.post("/calendar/time-off")
@allow("profile:write")
@makes_one
def add_time_off() -> Any:
    assistant = profiles.own_assistant(current_user.id, for_update=True)
    again = lambda form, status: (_calendar_page(profiles.own_assistant(current_user.id), form), status)  # noqa: E731
    with submitted(TimeOffInput, again) as values:
        operations.add_time_off(assistant, values, actor=current_user)
    flash("Those days are kept free. Companies that have hours of yours on them are told.", "success")
    return redirect(url_for(".calendar", _anchor="time-off"), 303)


@bp.post("/calendar/time-off/<uuid:time_off_id>/remove")
@allow("profile:write")
def remove_time_off(time_off_id: UUID) -> Any:
    assistant = profiles.own_assistant(current_user.id, for_update=True)
    operations.remove_time_off(get_record(time_off, time_off_id, below=assistant), actor=current_user)
    db.session.commit()
    flash("Removed. Those days are working days again.", "success")
    return redirect(url_for(".calendar", _anchor="time-off"), 303)


def _own() -> Assistant | None:
    try:
        return profiles.own_assistant(current_user.id)
    except profiles.NoProfile:
        return None


def _nothing_yet(title: str) -> str:
    return render_template("assistants/no_profile.html", title=title)


def _form(assistant: Assistant) -> SchemaForm:
    values = editing_of(assistants).values(assistant)
    return form_class(ProfileInput)(data={name: values[name] for name in ProfileInput.model_fields})


def _ask(assistant: Assistant, form: SchemaForm, merge: Merge) -> Any:
    merging.show(form, assistants, assistant, merge)
    return _profile_page(assistant, form, status=409, version=str(assistant.version), conflicts=merge.conflicts)


def _save(assistant: Assistant, form: SchemaForm, merge: Merge) -> Any:
    with saying_no(form, lambda status: _profile_page(profiles.own_assistant(current_user.id), form, status=status)):
        if merge.changes:
            operations.update_assistant(assistant, merge.changes, actor=current_user)
    flash("Saved your profile." if merge.changes else "Nothing to change: your profile is as you sent it.", "success")
    return redirect(url_for(".profile"), 303)


def _profile_page(
    assistant: Assistant,
    form: SchemaForm,
    *,
    status: int = 200,
    command: str = "",
    version: str | None = None,
    conflicts: tuple[Any, ...] = (),
) -> Any:
    """The profile's form. To htmx, the form alone, or the one field whose helper button was pressed."""
    complete(form)
    field = form.fields.get(command.partition(":")[0])
    return htmx.page_or_fragment(
        "assistants/profile.html",
        "assistants/_profile_field.html" if field is not None else "assistants/_profile_form.html",
        status,
        assistant=assistant,
        form=form,
        field=field,
        groups=GROUPS,
        version=version or request.form.get("version") or str(assistant.version),
        conflicts=conflicts,
        reviews=profiles.reviews_of(assistant.id),
    )


def _calendar_page(assistant: Assistant, form: SchemaForm) -> str:
    return render_template(
        "assistants/calendar.html",
        assistant=assistant,
        form=form,
        calendar=profiles.calendar_page(assistant.id, request.args.get("from", "")),
        bookings=profiles.bookings_of(assistant.id),
        spells=profiles.spells_to_come(assistant),
    )
