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
from app.crud import Presentation, pages
from app.crud.record import render_record
from app.extensions import db
from app.web.forms import SchemaForm, form_class
from app.web.guards import allow
from app.web.once import makes_one
from app.web.refusals import submitted

SHOW = "assistants/show.html"


def _shown(assistant: Assistant, form: SchemaForm | None = None) -> dict[str, Any]:
    return {
        "form": form or form_class(TimeOffInput)(formdata=None),
        "calendar": profiles.calendar_page(assistant.id, request.args.get("from", "")),
        "bookings": profiles.bookings_of(assistant.id),
        "reviews": profiles.reviews_of(assistant.id),
        "spells": profiles.spells_to_come(assistant),
    }


bp = pages(assistants, presentation=Presentation(show=SHOW, context=_shown))


@bp.post("/<ref>/time-off")
@allow("assistants:write")
@makes_one
def add_time_off(ref: str) -> Any:
    assistant: Assistant = get_record(assistants, ref, for_update=True)
    with submitted(TimeOffInput, lambda form, status: _again(get_record(assistants, ref), form, status)) as values:
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


def _again(assistant: Assistant, form: SchemaForm, status: int) -> tuple[str, int]:
    return render_record(SHOW, assistants, assistant, **_shown(assistant, form)), status
