"""Where imports and bulk changes begin. The pages of each kind route to these."""

import csv
import io
from typing import Any
from urllib.parse import parse_qsl

from flask import Response, flash, redirect, render_template, request, url_for
from flask_login import current_user
from pydantic import ValidationError

from app.changes.running import preview_soon, read_soon
from app.core.changes import bulk, staging
from app.core.changes.columns import amounts_of, choices_of, days_of, importable_fields, lists_of
from app.core.changes.models import ChangeSet
from app.core.changes.wording import label_of
from app.core.errors import Invalid
from app.core.ids import as_uuid
from app.core.kinds import Filing, Kind, filing_of, listing_of
from app.core.lists import ListQuery, as_typed_in, query_schema
from app.core.records import SLUG_LENGTH
from app.core.schemas import is_required, ui_of
from app.core.tables.rows import MAX_BYTES, MAX_ROWS, Unreadable
from app.extensions import db
from app.web.sizes import MEGABYTE

NAME_LENGTH = 120


def import_file(kind: Kind) -> Any:
    """The form for a file, and its taking in: a good file leads to its preview, a bad one back to the form."""
    filing = filing_of(kind)
    if request.method == "GET":
        return _import_form(filing)
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return _import_form(filing, "Choose a file first.")
    filename = upload.filename.replace("\\", "/").rpartition("/")[2][:NAME_LENGTH]
    try:
        change_set = staging.stage_import(
            db.session,
            kind,
            upload.stream,
            filename=_printable(filename),
            actor=current_user,
            clear=bool(request.form.get("clear_empty")),
        )
        read_soon(change_set)
    except Unreadable as error:
        db.session.rollback()
        return _import_form(filing, error.message)
    db.session.commit()
    return _to(change_set)


import_file.largest_body = MAX_BYTES + MEGABYTE  # type: ignore[attr-defined]


def import_template(kind: Kind) -> Response:
    """An empty table with the right columns, to be filled in."""
    buffer = io.StringIO()
    separator = ";" if request.args.get("separator") == ";" else ","
    csv.writer(buffer, delimiter=separator, lineterminator="\r\n").writerow(importable_fields(filing_of(kind)))
    response = Response(b"\xef\xbb\xbf" + buffer.getvalue().encode(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{kind.key}-template.csv"'
    return response


def change_many(kind: Kind) -> Any:
    """Take in a bulk change from the list: of the ticked records (`ids`), or of `all` that the list's query matches."""
    back = redirect(f"{kind.base()}?{request.form.get('query', '')}".rstrip("?"), 303)
    everything = bool(request.form.get("all") or request.form.get("all_matching"))
    given = () if everything else request.form.getlist("ids")[: bulk.MAX_RECORDS]
    try:
        action = bulk.read_action(kind, request.form)
        change_set = bulk.stage_bulk(
            db.session,
            kind,
            action,
            actor=current_user,
            ids=[key for value in given if (key := as_uuid(value))],
            query=_query(kind) if everything else None,
        )
        preview_soon(change_set, large=everything and _is_large(kind, change_set))
    except Invalid as error:
        db.session.rollback()
        flash("; ".join(wrong.message for wrong in error.errors) or error.message, "error")
        return back
    db.session.commit()
    return _to(change_set)


def _import_form(filing: Filing, error: str | None = None) -> Any:
    page = render_template(
        "changes/import.html",
        kind=filing.kind,
        columns=[_column(filing, name) for name in importable_fields(filing)],
        example=_example(filing),
        error=error,
        max_mb=MAX_BYTES // 1024 // 1024,
        max_rows=MAX_ROWS,
    )
    return page, 422 if error else 200


def _column(filing: Filing, name: str) -> dict[str, Any]:
    info = filing.input.model_fields[name]
    choices = list(choices_of(filing.input, name).values())
    if choices:
        how = "one of: " + ", ".join(choices)
    elif name in amounts_of(filing.input):
        how = "an amount, such as 1499.00 or 1.499,00"
    elif name in days_of(filing.input):
        how = "a day, such as 2026-12-01 or 1.12.2026"
    elif name in lists_of(filing.input):
        how = "several values, separated by |"
    else:
        ui = ui_of(info)
        how = ui.get("x-help") or f"text, up to {ui.get('x-max_length', SLUG_LENGTH):,} characters"
    return {"name": name, "label": label_of(filing.kind, name), "required": is_required(info), "how": how}


def _example(filing: Filing) -> dict[str, str]:
    """A row of the kind, for the explanation of the form."""
    if filing.rules:
        return dict(filing.rules.example)
    example = {}
    for name in importable_fields(filing):
        if name in amounts_of(filing.input):
            example[name] = "1.499,00"
        elif name in lists_of(filing.input):
            example[name] = "Daily reports | Alerts"
        elif choices := choices_of(filing.input, name):
            example[name] = next(iter(choices.values()))
        elif given := ui_of(filing.input.model_fields[name]).get("x-example"):
            example[name] = given
        elif is_required(filing.input.model_fields[name]):
            example[name] = f"New {filing.kind.singular}"
    return example


def _query(kind: Kind) -> ListQuery:
    schema = query_schema(listing_of(kind).spec)
    asked = dict(parse_qsl(request.form.get("query", "")))
    asked.pop("cursor", None)
    try:
        return schema.model_validate(as_typed_in(listing_of(kind).spec, asked))
    except ValidationError:
        raise bulk.BadBulkChange("The filters of the list can't be used. Go back and put them right.") from None


def _is_large(kind: Kind, change_set: ChangeSet) -> bool:
    return bulk.count_up_to(db.session, kind, change_set, staging.LARGE + 1) > staging.LARGE


def _printable(name: str) -> str:
    return "".join(character for character in name if character.isprintable())


def _to(change_set: ChangeSet) -> Response:
    return redirect(url_for("changes.show", change_set_id=change_set.id), 303)  # type: ignore[return-value]
