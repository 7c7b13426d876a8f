"""What is answered about the means of workflows."""

from typing import Any

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
    """A type of event, with the types of its values."""

    type: str
    values: dict[str, str]


class TemplateOut(Output):
    """A workflow that is ready to be deployed. `needs_secrets` are to be set first; `example_input` is what it can be
    rehearsed with."""

    slug: str
    name: str
    summary: str
    category: str
    needs_secrets: list[str]
    example_input: dict[str, Any]
    workflow: dict[str, Any]
