"""Fields whose value may be computed when the step runs."""

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from app.automations.expressions.registry import to_text

RENDERED = "rendered"
"""In the context of a validation: expressions have been computed, so every value has to be of its type."""


@dataclass(frozen=True)
class Templated:
    """Metadata of a field of any type: in a definition, a text with `{{ … }}` passes; it is checked once rendered.
    Where a text is wanted and a number came of an expression, it is written as a text."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        is_text = schema["type"] == "str"

        def check(value: Any, validate: core_schema.ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
            rendered = (info.context or {}).get(RENDERED)
            if isinstance(value, str) and "{{" in value and not rendered:
                return value
            if is_text and rendered and isinstance(value, bool | int | float):
                return validate(to_text(value))
            return validate(value)

        return core_schema.with_info_wrap_validator_function(check, schema)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        inner = handler(schema)
        if inner.get("type") == "string" and not inner.keys() & {"format", "enum", "pattern", "maxLength"}:
            return inner
        keep: JsonSchemaValue = {}
        for name in ("title", "description", "default"):
            if name in inner:
                keep[name] = inner.pop(name)
        return {"anyOf": [inner, {"type": "string", "pattern": r"\{\{"}], **keep}
