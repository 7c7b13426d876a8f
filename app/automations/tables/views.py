"""The pages of data tables: for staff those of all companies, for a company its own."""

from typing import Any

from flask import Blueprint, request
from flask_login import current_user
from pydantic import ValidationError
from werkzeug.exceptions import BadRequest

from app.automations.kinds import automations
from app.automations.tables import row_views
from app.automations.tables.kinds import ROWS, file_of, tables
from app.automations.tables.models import DataTable
from app.core.lists import as_typed_in, query_schema
from app.core.records import get_record
from app.core.sides import COMPANY, STAFF, Side
from app.crud import Presentation, pages
from app.crud.listed import read_list
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
            raise BadRequest("Some filters aren’t valid.") from None
        return export_list(file_of(table), query.model_copy(update={"data_table": table.id}), form)

    presented = Presentation(
        index="automations/tables/index.html",
        show="automations/tables/show.html",
        context=shown,
        above=(("Automations", automations.base(audience)),),
    )
    made = pages(tables, audience, presentation=presented)
    readers = permission(tables.read_permission, of_staff=audience == STAFF)
    export.audience = readers  # type: ignore[attr-defined]
    made.add_url_rule("/<ref>/export.<extension>", "rows_export", export)
    row_views.add_to(made, audience)
    return made


blueprints = tuple(_blueprint(audience) for audience in (STAFF, COMPANY))
