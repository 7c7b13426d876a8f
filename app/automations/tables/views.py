"""The pages of data tables: for staff those of all companies, for a company its own."""

from typing import Any

from flask import Blueprint, request
from flask_login import current_user
from pydantic import ValidationError
from werkzeug.exceptions import BadRequest

from app.automations.tables.kinds import ROWS, file_of, rows, tables
from app.automations.tables.models import DataTable
from app.core.errors import NotFound
from app.core.ids import as_uuid
from app.core.lists import as_typed_in, query_schema
from app.core.records import get_record
from app.core.sides import COMPANY, STAFF, Side
from app.crud import Presentation, pages
from app.crud.listed import read_list
from app.crud.record import render_record
from app.web.exports import export_list, form_of
from app.web.guards import permission

_TAKES = ("key", "text", "sort", "limit", "cursor")


def _blueprint(audience: Side) -> Blueprint:
    met = tables.met_by(audience)

    def shown(table: DataTable) -> dict[str, Any]:
        listed = read_list(
            ROWS, met.url(table), names=_TAKES, usual={"limit": 50}, held={"data_table": table.id}, options=()
        )  # fmt: skip
        return {"listed": listed, "groups": (), "columns": table.columns}

    def found(ref: str) -> DataTable:
        table: DataTable = get_record(met, ref, seen_by=current_user)
        return table

    def export(ref: str, extension: str) -> Any:
        """The rows as a file, with the filters of the page."""
        table = found(ref)
        form = form_of(extension, request.args)
        given = {name: value for name, value in request.args.items() if name in _TAKES}
        try:
            query = query_schema(ROWS).model_validate(as_typed_in(ROWS, given))
        except ValidationError:
            raise BadRequest("These filters can’t be used.") from None
        return export_list(file_of(table), query.model_copy(update={"data_table": table.id}), form)

    def row(ref: str, row_id: str) -> str:
        table = found(ref)
        if (key := as_uuid(row_id)) is None:
            raise NotFound("There is no such row.")
        record = get_record(rows, key, seen_by=current_user, below=table)
        return render_record("automations/tables/row.html", rows, record, table=table, base=met.url(table))

    made = pages(tables, audience, presentation=Presentation(show="automations/tables/show.html", context=shown))
    readers = permission(tables.read_permission, of_staff=audience == STAFF)
    views: dict[str, Any] = {"export.<extension>": export, "rows/<row_id>": row}
    for path, view in views.items():
        view.audience = readers
        made.add_url_rule(f"/<ref>/{path}", f"rows_{view.__name__}", view)
    return made


blueprints = tuple(_blueprint(audience) for audience in (STAFF, COMPANY))
