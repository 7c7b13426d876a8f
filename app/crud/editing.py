"""The form pages: a new record, and a change to one that may meet somebody else's."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, request
from flask_login import current_user
from werkzeug.wrappers import Response

from app.core.audit import change_id as changing
from app.core.changes.merge import FieldConflict, Merge, three_way
from app.core.changes.undo import undoable
from app.core.kinds import Kind, editing_of
from app.core.operations import required
from app.core.records import get_record, update_obstacle
from app.crud.drawing import complete
from app.crud.facts import groups_for
from app.extensions import db
from app.web import htmx, merging
from app.web.forms import SchemaForm, form_class
from app.web.refusals import saying_no, submitted, told_at

SAVE = "save"


def new(kind: Kind) -> Response:
    editing = editing_of(kind)
    form = form_class(editing.input)()
    if not form.is_submitted():
        return _page(kind, form)
    command = request.form.get("_do", SAVE)
    if form.act(command):
        return _page(kind, form, command=command)
    with submitted(editing.input, lambda form, status: _page(kind, form, status=status), form=form) as values:
        record = required(editing.create)(values, actor=current_user)
    flash(f"Created “{kind.name_of(record)}”.", "success")
    return to_record(kind, record)


def edit(kind: Kind, ref: str) -> Response:
    """Change a record. What somebody else changed meanwhile stays, unless both changed the same field: then ask."""
    saving = request.method == "POST"
    record = get_record(kind, ref, for_update=saving, seen_by=current_user)
    if not saving and (obstacle := update_obstacle(kind, record)) is not None:
        return told_at(kind.url(record), obstacle)
    editing = editing_of(kind)
    form = form_class(editing.input)(data=editing.values(record))
    if not saving:
        return _page(kind, form, record)
    merging.take_theirs(form, kind, record)
    command = request.form.get("_do", SAVE)
    if form.act(command):
        return _page(kind, form, record, command=command)
    return _save(kind, form, record)


def _save(kind: Kind, form: SchemaForm, record: Any) -> Response:
    base = merging.base_version(record)
    submitted = form.changed_values()
    if base is None:
        form.form_errors.append(merging.OUT_OF_DATE)
    if base is None or submitted is None:
        return _page(kind, form, record, status=422)
    merge = three_way(db.session, kind, record, base, submitted)
    change_id = None
    if merge.conflicts:
        return _ask(kind, form, record, merge)
    with saying_no(form, lambda status: _page(kind, form, record, status=status)):
        if merge.changes:
            required(editing_of(kind).update)(record, merge.changes, actor=current_user)
            change_id = changing(db.session)
    tell_done(_outcome(kind.name_of(record), merge), kind, record, change_id)
    return to_record(kind, record)


def _ask(kind: Kind, form: SchemaForm, record: Any, merge: Merge) -> Response:
    """Both changed the same field: show both values, with all else kept, and make the present version the base."""
    merging.show(form, kind, record, merge)
    return _page(kind, form, record, status=409, version=str(record.version), conflicts=merge.conflicts)


def tell_done(text: str, kind: Kind, record: Any, change_id: UUID | None, label: str = "Undo") -> None:
    """Say what was done, with a button that undoes it where it can be undone; without a change, that nothing was."""
    if change_id is None:
        flash(text, "info")
    elif kind.undoable and undoable(db.session, [(change_id, record.id)]):
        url = f"{kind.url(record)}/undo"
        flash({"text": text, "url": url, "label": label, "fields": {"change": str(change_id)}}, "success")  # type: ignore[arg-type]
    else:
        flash(text, "success")


def _outcome(name: str, merge: Merge) -> str:
    if not merge.changes:
        return f"Nothing to change: “{name}” is as you sent it."
    if merge.theirs:
        others = "; ".join(f"{theirs.actor_name} changed {theirs.label.lower()}" for theirs in merge.theirs)
        return f"Saved “{name}”. Meanwhile {others}: both are kept."
    return f"Saved “{name}”."


def _page(
    kind: Kind,
    form: SchemaForm,
    record: Any = None,
    *,
    status: int = 200,
    command: str = "",
    version: str | None = None,
    conflicts: tuple[FieldConflict, ...] = (),
) -> Response:
    """The form page. To htmx, the form alone, or the one field whose helper button was pressed."""
    complete(form)
    field = form.named(command.partition(":")[0])
    if version is None:
        version = request.form.get("version", "" if record is None else str(record.version))
    return htmx.page_or_fragment(
        "records/form.html",
        "records/_field.html" if field is not None else "records/_form.html",
        status,
        kind=kind,
        groups=groups_for(kind, current_user),
        here=f"{kind.url(record)}/edit" if record else f"{kind.base()}/new",
        form=form,
        field=field,
        record=record,
        version=version,
        conflicts=conflicts,
    )


def to_record(kind: Kind, record: Any) -> Response:
    return redirect(kind.url(record), 303)
