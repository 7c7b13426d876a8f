"""The pages of a row: its values and history, the forms that add and change one, deleting it, and undo."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial, update_wrapper
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, request
from flask_login import current_user
from werkzeug.wrappers import Response

from app.automations.tables import operations
from app.automations.tables.kinds import rows, tables
from app.automations.tables.models import DataRow, DataTable
from app.automations.tables.row_forms import ALL, RowForm, at_field, in_lines, name_of, row_form
from app.automations.tables.row_merging import base_of, merge_row
from app.automations.tables.schemas import RowInput
from app.automations.tables.values import fitted
from app.core.audit import change_id as changing
from app.core.changes.merge import Merge
from app.core.errors import NotFound
from app.core.ids import as_uuid
from app.core.kinds import Kind
from app.core.records import IsArchived, get_record
from app.core.sides import STAFF, Side
from app.crud import record as record_pages
from app.crud.editing import tell_done, to_record
from app.extensions import db
from app.web import htmx, merging
from app.web.guards import permission
from app.web.refusals import saying_no, submitted, told_at

View = Callable[..., Any]


def rows_of(audience: Side, table: DataTable) -> Kind[DataRow]:
    """The kind of the table’s rows, whose pages are below the table’s."""
    base = f"{tables.met_by(audience).url(table)}/rows"
    return replace(rows, pages={STAFF: base}, audience=audience)


class _Pages:
    """The views of one audience."""

    def __init__(self, audience: Side) -> None:
        self.audience = audience
        self.met = tables.met_by(audience)

    def table(self, ref: str, *, to_change: bool = False) -> DataTable:
        found: DataTable = get_record(self.met, ref, seen_by=current_user)
        if to_change and found.is_archived:
            abort(make_response(told_at(self.met.url(found), IsArchived(found))))
        return found

    def row(self, table: DataTable, row_id: str, *, for_update: bool = False) -> DataRow:
        if (key := as_uuid(row_id)) is None:
            raise NotFound("Row not found.")
        found: DataRow = get_record(rows, key, seen_by=current_user, below=table, for_update=for_update)
        return found

    def list_rows(self, ref: str) -> Response:
        """The rows are on the page of their table."""
        return redirect(self.met.url(self.table(ref)), 303)

    def show(self, ref: str, row_id: str) -> str:
        table = self.table(ref)
        found = self.row(table, row_id)
        kind = rows_of(self.audience, table)
        return record_pages.render_record(
            "automations/tables/row.html", kind, found, table=table, base=self.met.url(table), tables_at=self.met.base()
        )

    def history(self, ref: str, row_id: str) -> Response:
        table = self.table(ref)
        return record_pages.history(rows_of(self.audience, table), str(self.row(table, row_id).id))

    def new(self, ref: str) -> Any:
        table = self.table(ref, to_change=True)
        form = row_form(table.columns)
        if not form.is_submitted():
            return self._form(table, form)
        page = lambda form, status: self._form(table, form, status=status)  # noqa: E731
        with submitted(RowInput, page, form=form, named=at_field) as values:
            made = operations.add_row(table, values, actor=current_user)
        flash(f"Created “{made.key}”.", "success")
        return to_record(rows_of(self.audience, table), made)

    def edit(self, ref: str, row_id: str) -> Any:
        """Change a row. What somebody else changed meanwhile stays, unless both changed the same value: then ask."""
        table, saving = self.table(ref, to_change=True), request.method == "POST"
        found = self.row(table, row_id, for_update=saving)
        if not saving:
            return self._form(table, row_form(table.columns, found.key, found.values), found)
        kind, version = rows_of(self.audience, table), merging.base_version(found)
        base, since = base_of(kind, found, found.version if version is None else version)
        form = row_form(table.columns, base.key, base.values)
        _take_theirs(form, row_form(table.columns, found.key, found.values))
        page = lambda status: self._form(table, form, found, status=status)  # noqa: E731
        if version is None:
            form.form_errors.append(merging.OUT_OF_DATE)
            return page(422)
        with saying_no(form, page, named=at_field):
            merge = _merged(table, form, found, base, since)
            if merge is None:
                abort(make_response(page(422)))
            if merge.conflicts:
                abort(make_response(self._ask(table, form, found, merge)))
            if merge.changes:
                operations.update_row(found, merge.changes, actor=current_user)
            made = changing(db.session) if merge.changes else None
        text = f"Saved “{found.key}”." if made else f"No changes to “{found.key}”."
        tell_done(text, kind, found, made)
        return to_record(kind, found)

    def delete(self, ref: str, row_id: str) -> Any:
        table = self.table(ref, to_change=True)
        found, kind = self.row(table, row_id, for_update=True), rows_of(self.audience, table)
        key = found.key
        with saying_no(at=kind.url(found)):
            operations.delete_row(found, actor=current_user)
            made = changing(db.session)
        tell_done(f"Deleted “{key}”.", kind, found, made)
        return redirect(self.met.url(table), 303)

    def undo(self, ref: str, row_id: str) -> Any:
        """Take back what one change did to the row, also where it is deleted."""
        table = self.table(ref, to_change=True)
        return record_pages.undo_of(rows_of(self.audience, table), as_uuid(row_id))

    def _ask(self, table: DataTable, form: RowForm, found: DataRow, merge: Merge) -> Response:
        """Both changed the same value: show both, keep all else, and make the present version the base."""
        present = row_form(table.columns, found.key, found.values)
        disputed = {conflict.field: conflict for conflict in merge.conflicts}
        for theirs in merge.theirs:
            if theirs.field not in disputed and theirs.field in form.fields:
                form.fields[theirs.field].data = present.at_first.get(theirs.field, found.key)
        for name, conflict in disputed.items():
            if name in form.fields:
                form.fields[name].conflict = conflict
        if ALL in form.fields:
            mine = {name_of(name): conflict.mine for name, conflict in disputed.items() if name not in form.fields}
            form.fields[ALL].data = in_lines({**found.values, **merge.changes.get("values", {}), **mine})
        told = [one if one.field in form.fields else replace(one, field=ALL) for one in merge.conflicts]
        return self._form(table, form, found, status=409, version=str(found.version), conflicts=told)

    def _form(
        self, table: DataTable, form: RowForm, found: DataRow | None = None, *, status: int = 200, **more: Any
    ) -> Response:
        kind = rows_of(self.audience, table)
        version = request.form.get("version", "" if found is None else str(found.version))
        return htmx.page_or_fragment(
            "automations/tables/row_form.html",
            "records/_form.html",
            status,
            kind=kind,
            table=table,
            tables_at=self.met.base(),
            table_at=self.met.url(table),
            groups=form.groups,
            here=f"{kind.url(found)}/edit" if found else f"{kind.base()}/new",
            form=form,
            record=found,
            **{"version": version, "conflicts": (), **more},
        )


def _take_theirs(form: RowForm, present: RowForm) -> None:
    """Where the person chose somebody else’s value over theirs, put it into the form."""
    for name, field in form.fields.items():
        if request.form.get(f"take-{name}") == "theirs" and name in present.fields:
            field.data = present.at_first.get(name, present.key.data)
            field.raw_data = None


def _merged(table: DataTable, form: RowForm, found: DataRow, base: DataRow, since: Any) -> Merge | None:
    """What the form comes to; None where it says itself what is wrong. Raises `BadRow`."""
    if not form.validate() or (values := form.changed()) is None:
        return None
    kept = fitted(table.columns, values, whole=False)
    return merge_row(found, base, since, {"key": form.typed_key, "values": kept})


def add_to(blueprint: Blueprint, audience: Side) -> None:
    """Add the pages of rows to those of tables."""
    made, of_staff = _Pages(audience), audience == STAFF
    reads = permission(tables.read_permission, of_staff=of_staff)
    writes = permission(tables.write_permission, of_staff=of_staff)
    routes: list[tuple[str, View, Any, tuple[str, ...]]] = [
        ("", made.list_rows, reads, ("GET",)),
        ("/new", made.new, writes, ("GET", "POST")),
        ("/<row_id>", made.show, reads, ("GET",)),
        ("/<row_id>/history", made.history, reads, ("GET",)),
        ("/<row_id>/edit", made.edit, writes, ("GET", "POST")),
        ("/<row_id>/delete", made.delete, writes, ("POST",)),
    ]
    if of_staff:
        routes.append(("/<row_id>/undo", made.undo, writes, ("POST",)))
    for path, method, audience_of, methods in routes:
        view: Any = update_wrapper(partial(method), method)
        view.audience, view.makes_one = audience_of, path == "/new"
        blueprint.add_url_rule(f"/<ref>/rows{path}", f"rows_{method.__name__}", view, methods=methods)
