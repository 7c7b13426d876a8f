"""What is answered about the means of workflows."""

from typing import Any

from app.automations.tables.schemas import ColumnOut
from app.core.schemas import Output


class FunctionOut(Output):
    """A function. `example` is an expression that calls it; `gives` is the result."""

    name: str
    takes: list[str]
    returns: str
    says: str
    example: str
    gives: Any


class EventTypeOut(Output):
    """An event type with the types of its values, and an example of `trigger` in a run."""

    type: str
    says: str
    values: dict[str, str]
    example: dict[str, Any]


class TableNeeded(Output):
    """A data table that a template uses."""

    name: str
    columns: list[ColumnOut]


class TemplateOut(Output):
    """A workflow template. Create `needs_secrets` and `needs_tables` before you deploy it. Use `example_input` for a
    rehearsal. `why` explains the estimate of `minutes_saved`."""

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
