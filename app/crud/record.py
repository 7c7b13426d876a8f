"""The page of one record, its history, and the small changes made there: archive, restore, undo."""

import re
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.core.audit import change_id as changing
from app.core.changes.history import history_of
from app.core.changes.models import State
from app.core.changes.undo import undo_change
from app.core.errors import NotFound
from app.core.events.queries import events_of
from app.core.ids import as_uuid
from app.core.kinds import Kind, editing_of
from app.core.operations import required
from app.core.records import get_record
from app.crud.editing import tell_done, to_record
from app.crud.facts import facts_of
from app.crud.presentation import Presentation, serves
from app.extensions import db
from app.web import htmx
from app.web.refusals import saying_no

RECENT = 5
PAGE = 20
NOT_YET = "This can’t be undone completely, and nothing has been undone yet: review the reasons below."
PARTLY = "Undone in part. The reasons why the rest stayed are below."


def show(kind: Kind, ref: str, presentation: Presentation) -> str:
    record = presentation.find(ref) if presentation.find else get_record(kind, ref, seen_by=current_user)
    more = presentation.context(record) if presentation.context else {"groups": facts_of(kind, record, current_user)}
    return render_record(presentation.show, kind, record, **more)


def render_record(template: str, kind: Kind, record: Any, **more: Any) -> str:
    """The page of a record, which has its latest changes at the side where there is a page of its history."""
    changes = history_of(db.session, kind, record.id, limit=RECENT + 1) if serves("history") else []
    aside = {"changes": changes[:RECENT], "has_more": len(changes) > RECENT}
    return render_template(template, kind=kind, record=record, **aside, **more)


def history(kind: Kind, ref: str) -> Response:
    """Every change of the record and its parts, newest first; `before` goes on where the last page ended."""
    record = get_record(kind, ref, seen_by=current_user)
    before = request.args.get("before", "")
    before_id = int(before) if re.fullmatch(r"[0-9]{1,18}", before) else None
    changes = history_of(db.session, kind, record.id, before_id=before_id, limit=PAGE + 1)
    return htmx.page_or_fragment(
        "records/history.html",
        "records/_changes.html",
        kind=kind,
        record=record,
        changes=changes[:PAGE],
        events=events_of(kind.table, record.id, [change.id for change in changes]),
        is_first=before_id is None,
        next_before=changes[PAGE - 1].entry_id if len(changes) > PAGE else None,
    )


def archive(kind: Kind, ref: str) -> Response:
    record = get_record(kind, ref, for_update=True, seen_by=current_user)
    with saying_no(at=kind.url(record)):
        required(editing_of(kind).archive)(record, actor=current_user)
    url = f"{kind.url(record)}/restore"
    flash({"text": f"Archived “{kind.name_of(record)}”.", "url": url, "label": "Undo"}, "success")  # type: ignore[arg-type]
    return to_record(kind, record)


def restore(kind: Kind, ref: str) -> Response:
    record = get_record(kind, ref, for_update=True, seen_by=current_user)
    with saying_no(at=kind.url(record)):
        required(editing_of(kind).restore)(record, actor=current_user)
    flash(f"Restored “{kind.name_of(record)}”.", "success")
    return to_record(kind, record)


def undo(kind: Kind, ref: str) -> Response:
    """Take back what one change did to this record; where something has changed since, show it before anything is."""
    return undo_of(kind, get_record(kind, ref, seen_by=current_user).id)


def undo_of(kind: Kind, record_id: UUID | None) -> Response:
    """Take back what one change did to the record of that id, which may have been deleted by it."""
    change_id = as_uuid(request.form.get("change"))
    if change_id is None or record_id is None:
        raise NotFound("There is no such change.")
    with saying_no(at=kind.url(record_id)):
        undone = undo_change(db.session, change_id, actor=current_user, kind=kind, record_id=record_id)
        made = changing(db.session)
    if undone.state != State.APPLIED or undone.rows_conflict:
        flash(PARTLY if undone.state == State.APPLIED else NOT_YET, "warning")
        return redirect(url_for("changes.show", change_set_id=undone.id), 303)
    record = db.session.get(kind.model, record_id)
    if record is None:
        flash("Undone.", "success")
        return redirect(kind.base(), 303)
    again = undone.title.startswith("Undo: ")
    text = (
        f"Undone. “{kind.name_of(record)}” is as it was before that change."
        if again
        else f"Redone: “{kind.name_of(record)}”."
    )
    tell_done(text, kind, record, made, "Redo" if again else "Undo")
    return to_record(kind, record)
