"""The staff pages of assistants, and the experts' own profile and calendar."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, request
from flask_login import current_user

from app.assistants.calendars.kinds import time_off
from app.assistants.models import Assistant
from app.assistants.profiles import operations
from app.assistants.profiles import queries as profiles
from app.assistants.profiles.kinds import assistants
from app.assistants.profiles.schemas import TimeOffInput
from app.core.records import get_record
from app.crud import pages
from app.crud.record import render_record
from app.extensions import db
from app.web.forms import SchemaForm, form_class
from app.web.guards import allow, staff
from app.web.once import makes_one
from app.web.refusals import submitted

bp = pages(assistants, without=("show",))


@bp.get("/<ref>")
@staff
def show(ref: str) -> str:
    return _page(get_record(assistants, ref), form_class(TimeOffInput)(formdata=None))


@bp.post("/<ref>/time-off")
@allow("assistants:write")
@makes_one
def add_time_off(ref: str) -> Any:
    assistant: Assistant = get_record(assistants, ref, for_update=True)
    with submitted(TimeOffInput, lambda form, status: (_page(get_record(assistants, ref), form), status)) as values:
        operations.add_time_off(assistant, values, actor=current_user)
    flash(f"{assistant.name} is away on those days.", "success")
    return redirect(f"{assistants.url(assistant)}#time-off", 303)


@bp.post("/<ref>/time-off/<uuid:time_off_id>/remove")
@allow("assistants:write")
def remove_time_off(ref: str, time_off_id: UUID) -> Any:
    assistant: Assistant = get_record(assistants, ref, for_update=True)
    operations.remove_time_off(get_record(time_off, time_off_id, below=assistant), actor=current_user)
    db.session.commit()
    flash("Removed. Those days are working days again.", "success")
    return redirect(f"{assistants.url(assistant)}#time-off", 303)


def _page(assistant: Assistant, form: SchemaForm) -> str:
    return render_record(
        "assistants/show.html",
        assistants,
        assistant,
        form=form,
        calendar=profiles.calendar_page(assistant.id, request.args.get("from", "")),
        bookings=profiles.bookings_of(assistant.id),
        reviews=profiles.reviews_of(assistant.id),
        spells=profiles.spells_to_come(assistant),
    )
