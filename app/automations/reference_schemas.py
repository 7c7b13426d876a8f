"""What is answered about the means of workflows."""

from typing import Any

from app.automations.tables.schemas import ColumnOut
from app.core.schemas import Output


class FunctionOut(Output):
    """A function. `example` is an expression that calls it, and `gives` its value."""

    name: str
    takes: list[str]
    returns: str
    says: str
    example: str
    gives: Any


class EventTypeOut(Output):
    """A type of event, with the types of its values, and an example of what `trigger` holds in a run."""

    type: str
    says: str
    values: dict[str, str]
    example: dict[str, Any]


class TableNeeded(Output):
    """A data table that a template writes to or reads from."""

    name: str
    columns: list[ColumnOut]


class TemplateOut(Output):
    """A workflow that is ready to be deployed. `needs_secrets` and `needs_tables` are to be there first;
    `example_input` is what it can be rehearsed with. `why` tells how the minutes that a run saves are estimated."""

    slug: str
    name: str
    summary: str
    category: str
    needs_secrets: list[str]
    needs_tables: list[TableNeeded]
    example_input: dict[str, Any]
    workflow: dict[str, Any]
    minutes_saved: int
    why: str
