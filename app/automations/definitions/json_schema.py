"""The one JSON Schema of workflows: what `WorkflowInput` takes, with the form of each type of step in its `with`."""

from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from app.automations.definitions.schemas import WorkflowInput
from app.automations.definitions.types import INSIDE_LOOPS, STEP_TYPES, TRIGGER_TYPES, InnerStep, StepType

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REF = "#/$defs/{model}"


@cache
def workflow_schema() -> dict[str, Any]:
    """The schema (draft 2020-12), with a title and help for each field. `x-trigger-types` and `x-step-types` say what
    people read about each type, `x-enum-labels` what they read for a value."""
    forms = [(kind.form, "validation") for kind in STEP_TYPES.values() if kind.form is not None]
    models: list[Any] = [(WorkflowInput, "validation"), (InnerStep, "validation"), *forms]
    named, whole = models_json_schema(models, ref_template=_REF, schema_generator=GenerateJsonSchema)
    definitions = whole["$defs"]
    _require_forms(definitions["StepInput"], STEP_TYPES.values(), named)
    inside = [kind for kind in STEP_TYPES.values() if kind.name in INSIDE_LOOPS]
    _require_forms(definitions["InnerStep"], inside, named)
    return {
        "$schema": DIALECT,
        **definitions.pop("WorkflowInput"),
        "title": "Workflow",
        "$defs": definitions,
        "x-trigger-types": [
            {"type": kind.name, "label": kind.label, "icon": kind.icon, "says": kind.says}
            for kind in TRIGGER_TYPES.values()
        ],
        "x-step-types": [_about(kind) for kind in STEP_TYPES.values()],
    }


def _require_forms(step: dict[str, Any], kinds: Any, named: Any) -> None:
    """Have a step's `with` be what its `type` takes."""
    kinds = list(kinds)
    step["properties"]["type"] = {
        **step["properties"]["type"],
        "enum": [kind.name for kind in kinds],
        "x-enum-labels": {kind.name: kind.label for kind in kinds},
    }
    step["allOf"] = [
        {
            "if": {"properties": {"type": {"const": kind.name}}, "required": ["type"]},
            "then": {"properties": {"with": named[kind.form, "validation"]}},
        }
        for kind in kinds
        if kind.form is not None
    ]


def _about(kind: StepType) -> dict[str, Any]:
    return {
        "type": kind.name,
        "label": kind.label,
        "icon": kind.icon,
        "says": kind.says,
        "output": dict(kind.output) if kind.output is not None else None,
        "effect": kind.effect,
        "waits": kind.waits,
        "takes_secrets": kind.secrets,
        "expressions": list(kind.expressions),
        "inside_loops": kind.name in INSIDE_LOOPS,
    }
