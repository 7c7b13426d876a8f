"""What workflows are written with, for programs: their JSON Schema, functions, events and templates."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint

from app.api.fixed_lists import FixedListQuery, fixed_answer
from app.api.operation import Answer, Example, operation_with
from app.automations.definitions.json_schema import workflow_schema
from app.automations.expressions import functions
from app.automations.expressions.registry import Function
from app.automations.gallery import list_templates
from app.automations.gallery.template import template_out
from app.automations.kinds import automations
from app.automations.reference_schemas import EventTypeOut, FunctionOut, TemplateOut
from app.automations.triggers.event_types import BeginningEvent, beginning_events

bp = Blueprint("automation_reference_api", __name__, url_prefix="/api/ai-automation")
operation = operation_with(tags=("Automations",), allow=automations.read_permission)
_SCHEMA = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Workflow", "type": "object"}


@bp.get("/schema")
@operation(answers={200: dict[str, Any]}, example=Example(answer=_SCHEMA))
def get_workflow_schema() -> Mapping[str, Any]:
    """Read the JSON Schema of workflows.

    Includes the input of each step type (`with`). `x-step-types` describes the step types and their outputs.
    """
    return workflow_schema()


@bp.get("/functions")
@operation(
    query=FixedListQuery,
    answers={200: list[FunctionOut]},
    paged=True,
    example=Example(
        query="limit=2",
        answer=[
            {
                "name": "upper",
                "takes": ["text"],
                "returns": "text",
                "says": "The text in capitals.",
                "example": "upper('a')",
                "gives": "A",
            }
        ],
    ),
)
def list_functions(query: FixedListQuery) -> Answer:
    """List the functions for expressions.

    Arguments whose type ends in `?` are optional.
    """
    return fixed_answer({name: _function(one) for name, one in functions.FUNCTIONS.items()}, query)


def _function(one: Function) -> Mapping[str, Any]:
    source, value = one.example
    about = {"name": one.name, "takes": one.takes, "returns": one.returns, "says": one.says}
    return {**about, "example": source, "gives": value}


@bp.get("/events")
@operation(
    query=FixedListQuery,
    answers={200: list[EventTypeOut]},
    paged=True,
    example=Example(
        query="limit=2",
        answer=[
            {
                "type": "project.completed",
                "says": "A project was completed.",
                "values": {"project": "text"},
                "example": {"data": {"project": "New till system"}},
            }
        ],
    ),
)
def list_event_types(query: FixedListQuery) -> Answer:
    """List the events that can trigger automations.

    `values` are the members of `trigger.data` and their types. `example` is an example of `trigger` in a run.
    """
    return fixed_answer({one.name: _event(one) for one in beginning_events()}, query)


def _event(one: BeginningEvent) -> Mapping[str, Any]:
    return {"type": one.name, "says": one.says, "values": one.values, "example": one.example}


@bp.get("/templates")
@operation(
    query=FixedListQuery,
    answers={200: list[TemplateOut]},
    paged=True,
    example=Example(query="limit=1", answer=[template_out(list_templates()[1])]),
)
def list_workflow_templates(query: FixedListQuery) -> Answer:
    """List the workflow templates of the gallery.

    A template can be deployed as it is, once the secrets and data tables that it needs exist.
    """
    return fixed_answer({one.slug: template_out(one) for one in list_templates()}, query)
