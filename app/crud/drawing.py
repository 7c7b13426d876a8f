"""What a form shows besides what was typed: suggestions, names of picked records, answers of a picker's search."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.core.ids import as_uuid
from app.core.kinds import Kind, get_kind, listing_of
from app.core.lists import fetch, query_schema
from app.core.suggestions import suggest
from app.extensions import db
from app.web.filters import money
from app.web.forms import SchemaForm
from app.web.forms.lists import Pick, PicksField

MOST_FOUND = 8


def complete(form: SchemaForm) -> SchemaForm:
    """Look up all that the form needs to be drawn, in as many queries as it has suggestions and pickers."""
    offered: dict[str, Sequence[str]] = {}
    picking: dict[str, list[PicksField]] = {}
    for field in form.every_field:
        if field.suggest:
            if field.suggest not in offered:
                offered[field.suggest] = suggest(db.session, field.suggest)
            field.suggestions = offered[field.suggest]
        if isinstance(field, PicksField):
            picking.setdefault(field.resource_key, []).append(field)
    for key, fields in picking.items():
        _complete_picks(get_kind(key), fields)
    return form


def _complete_picks(kind: Kind, fields: Sequence[PicksField]) -> None:
    """Name what is chosen in the fields, rows' fields among them, with one query for all."""
    known = {pick.id: pick for pick in _picks_of(kind, [key for field in fields for key in field.ids])}
    for field in fields:
        field.chosen = [known.get(str(as_uuid(value))) or Pick(value, None) for value in field.data]
        if field.query.strip():
            field.found = _found(kind, field)
            field.asked = field.query


def _picks_of(kind: Kind, ids: Sequence[UUID]) -> list[Pick]:
    if not ids:
        return []
    names = ("id", "price", "currency", "archived_at")
    columns = [getattr(kind.model, name) for name in names if hasattr(kind.model, name)]
    rows = db.session.execute(select(*columns, kind.label.label("label")).where(kind.model.id.in_(ids))).all()
    return [_pick(row) for row in sorted(rows, key=lambda row: ids.index(row.id))]


def _found(kind: Kind, field: PicksField) -> list[Pick]:
    """The first records that match the search box and aren't chosen yet."""
    spec = listing_of(kind).spec
    schema = query_schema(spec)
    query = schema.model_validate({"q": field.query[:200], "limit": MOST_FOUND + len(field.ids[:50])})
    rows = fetch(db.session, spec, query, staff=True).rows
    return _picks_of(kind, [row.id for row in rows if str(row.id) not in field.data][:MOST_FOUND])


def _pick(row: Any) -> Pick:
    note = money(row.price, row.currency) if hasattr(row, "price") else ""
    return Pick(str(row.id), row.label, note, archived=getattr(row, "archived_at", None) is not None)
