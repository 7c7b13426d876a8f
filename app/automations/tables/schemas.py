"""What is taken and answered of data tables and their rows."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.automations.tables.models import LONGEST_KEY, NAME
from app.core.schemas import Input, Line, Output, Picked, Prose, TimeOut

ColumnType = Literal["text", "number", "boolean", "date", "time", "json"]
MOST_COLUMNS = 60
Key = Annotated[str, Line(LONGEST_KEY, min_length=1)]


class ColumnInput(Input):
    """A column. A `time` is a date and time with its UTC offset. `json` can hold any value."""

    name: Annotated[
        str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,59}$"), Field(title="Name", examples=["amount"])
    ]
    type: Annotated[ColumnType, Field(title="Type")] = "text"
    required: Annotated[bool, Field(title="Required")] = False


class TableInput(Input):
    """A data table. Only staff set `client_id`; companies create tables for themselves."""

    client_id: Annotated[UUID | None, Picked("clients"), Field(title="Company")] = None
    name: Annotated[
        str,
        StringConstraints(pattern=NAME),
        Field(
            title="Name",
            description="Workflows use this name. Lower-case letters, digits, _ and -, such as supplier_invoices.",
            examples=["supplier_invoices"],
        ),
    ]
    description: Annotated[str, Prose(2000), Field(title="Description")] = ""
    columns: Annotated[
        list[ColumnInput],
        Field(max_length=MOST_COLUMNS, title="Columns", description="Without columns, rows can hold any values."),
    ] = Field(default_factory=list)


class RowInput(Input):
    """A row. If there is no key, the row’s ID is its key."""

    key: Annotated[Key | None, Field(title="Key")] = None
    values: Annotated[dict[str, Any], Field(title="Values")] = Field(default_factory=dict)


class ColumnOut(Output):
    name: str
    type: str
    required: bool


class TableOut(Output):
    id: UUID
    client_id: UUID
    name: str
    description: str
    columns: list[ColumnOut]
    archived_at: TimeOut | None
    created_at: TimeOut
    updated_at: TimeOut


class RowOut(Output):
    id: UUID
    table_id: UUID
    client_id: UUID
    key: str
    values: dict[str, Any]
    created_at: TimeOut
    updated_at: TimeOut
