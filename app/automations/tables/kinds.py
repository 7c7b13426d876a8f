"""Data tables and their rows, declared for the pages of staff and companies, the API, exports and history."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import joinedload

from app.automations.tables import operations
from app.automations.tables.models import DataRow, DataTable
from app.automations.tables.queries import begins_with, has_words
from app.automations.tables.schemas import RowInput, RowOut, TableInput, TableOut
from app.core import records
from app.core.kinds import Editing, FieldGroup, Filing, Kind, Listing, register
from app.core.lists import Column, Filter, ListSpec, Sort, date_columns, date_sorts
from app.core.sides import COMPANY, STAFF
from app.identity.companies import own_rows
from app.identity.models import Client

Id = Annotated[UUID, Field(description="An ID.")]
Words = Annotated[str, Field(min_length=1, max_length=200)]

_company = select(Client.name).where(Client.id == DataTable.client_id).correlate(DataTable).scalar_subquery()
TABLES = ListSpec(
    model=DataTable,
    columns=(
        Column("id", "Id", DataTable.id, shown=False),
        Column("name", "Name", DataTable.name, kind="link", sort="name"),
        Column("company", "Company", _company, settled_by="client_id"),
        Column("description", "Description", DataTable.description, wide=True),
        Column("columns", "Columns", func.jsonb_array_length(DataTable.columns), kind="number"),
        Column("client_id", "Company’s id", DataTable.client_id, shown=False),
        Column("archived_at", "Archived", DataTable.archived_at, kind="time", shown=False),
        *date_columns(DataTable, shown="updated_at"),
    ),
    filters=(
        Filter("client_id", "Company", Id, lambda value: DataTable.client_id == value, "reference"),
        Filter("name", "Name", Words, lambda value: DataTable.name.startswith(value.lower(), autoescape=True)),
    ),
    sorts=(*date_sorts(DataTable), Sort("name", "Name", DataTable.name)),
    depends_on=("clients",),
    searchable=False,
    words_are_public=False,
)
tables = register(
    Kind(
        key="data-tables",
        model=DataTable,
        singular="data table",
        plural="data tables",
        icon="table",
        label=DataTable.name,
        section="Automations",
        words="rows collection sheet csv",
        path="/ai-automation/tables",
        permissions="automations",
        pages={STAFF: "/admin/automations/tables", COMPANY: "/dashboard/automations/tables"},
        visible_to=own_rows,
        load_options=(joinedload(DataTable.client),),
    )
)
register(Listing(tables, TABLES, TableOut, create_label="New table"))
_editing = register(
    Editing(
        tables,
        TableInput,
        form=(FieldGroup("Table", ("client_id", "name", "description")), FieldGroup("Columns", ("columns",))),
        create=operations.create_table,
        update=operations.update_table,
        archive=records.archive,
        restore=records.restore,
        getters={"columns": lambda table: [dict(column) for column in table.columns]},
    )
)
register(Filing(_editing, imports=False))

ROWS = ListSpec(
    model=DataRow,
    columns=(
        Column("id", "Id", DataRow.id, shown=False),
        Column("key", "Key", DataRow.key, kind="link"),
        Column("values", "Values", cast(DataRow.values, Text)),
        *date_columns(DataRow, shown="created_at"),
    ),
    filters=(
        Filter("data_table", "Table", Id, lambda value: DataRow.table_id == value, "reference"),
        Filter("client_id", "Company", Id, lambda value: DataRow.client_id == value, "reference"),
        Filter("key", "Key", Words, begins_with),
        Filter("text", "Text", Words, has_words),
    ),
    sorts=date_sorts(DataRow),
    searchable=False,
    words_are_public=False,
)
rows = register(
    Kind(
        key="data-rows",
        model=DataRow,
        singular="row",
        plural="rows",
        label=DataRow.key,
        parent=tables,
        path="/rows",
        pages={},
        untold=frozenset({"client_id", "table_id"}),
        visible_to=own_rows,
    )
)
register(Listing(rows, ROWS, RowOut))
_rows_editing = register(
    Editing(
        rows, RowInput, create_below=operations.add_row, update=operations.update_row, delete=operations.delete_row
    )
)  # fmt: skip
register(Filing(_rows_editing, imports=False))


_FIXED = frozenset(column.name for column in ROWS.columns)


def file_of(table: DataTable) -> ListSpec:
    """The list of a table's rows as a file, with the table's own columns."""
    first, *_, created, updated = ROWS.columns[1:]
    own = [
        Column(f"values.{name}" if name in _FIXED else name, name, DataRow.values[name].astext)
        for name in (column["name"] for column in table.columns)
    ]
    return replace(ROWS, columns=(ROWS.columns[0], first, *(own or (ROWS.columns[2],)), created, updated))
