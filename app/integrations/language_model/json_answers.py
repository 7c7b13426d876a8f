"""Holding an answer to a JSON Schema."""

import json
import re
from collections.abc import Mapping
from typing import Any

import jsonschema_rs

_FENCED = re.compile(r"\A\s*```(?:json)?\s*\n(.*)\n\s*```\s*\Z", re.DOTALL)
MOST_ERRORS = 5


class BadSchema(ValueError):
    """The schema isn't one."""


class Misfit(ValueError):
    """The answer isn't JSON, or doesn't fit; the message says where."""


class Form:
    """A schema that answers are held to. References lead nowhere outside of it, and its patterns take linear time."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        try:
            self._validator = jsonschema_rs.validator_for(
                dict(schema), retriever=_nowhere, pattern_options=jsonschema_rs.RegexOptions()
            )
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            raise BadSchema(str(error).splitlines()[0][:300]) from None

    def read(self, text: str) -> Any:
        """The value that a text holds. Raises `Misfit`."""
        fenced = _FENCED.match(text)
        try:
            value = json.loads(fenced[1] if fenced else text, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise Misfit("The answer isn’t JSON.") from None
        wrong = []
        for error in self._validator.iter_errors(value):
            path = "/".join(map(str, error.instance_path))
            wrong.append(f"/{path}: {error.message[:200]}")
            if len(wrong) == MOST_ERRORS:
                break
        if wrong:
            raise Misfit("; ".join(wrong))
        return value


def example_of(schema: Any, depth: int = 0) -> Any:
    """A plain value of the schema's form, for the stand-in of a model."""
    if not isinstance(schema, Mapping) or depth > 20:
        return None
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    for name in ("examples", "enum"):
        if isinstance(schema.get(name), list) and schema[name]:
            return schema[name][0]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "object" or "properties" in schema:
        members = schema.get("properties", {})
        return {name: example_of(one, depth + 1) for name, one in members.items()} if isinstance(members, dict) else {}
    return {"array": [], "string": "", "number": 0, "integer": 0, "boolean": False}.get(str(kind))


def _nowhere(_address: str) -> Any:
    raise ValueError("references to other documents aren't followed")


def _no_constant(_word: str) -> Any:
    raise ValueError
