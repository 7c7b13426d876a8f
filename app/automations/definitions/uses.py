"""What a definition refers to outside of itself."""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from app.automations.definitions.types import STEP_TYPES
from app.automations.expressions.errors import BadExpression
from app.automations.expressions.syntax import parse
from app.automations.expressions.templates import expressions_in


def secrets_used(workflow: Mapping[str, Any]) -> frozenset[str]:
    """The names of the secrets that a definition, as it is kept, uses."""
    return frozenset(name for step in workflow["steps"] for name in _in_step(step))


def _in_step(step: Mapping[str, Any]) -> Iterator[str]:
    given = step.get("with", {})
    kind = STEP_TYPES.get(step.get("type", ""))
    sources = [step["if"]] if isinstance(step.get("if"), str) else []
    sources += [given[name] for name in (kind.expressions if kind else ()) if isinstance(given.get(name), str)]
    try:
        sources += [part.text for _, part in expressions_in(given)]
    except BadExpression:
        return  # No version is deployed that can't be read.
    inner = given.get("step")
    if isinstance(inner, dict):
        yield from _in_step(inner)
    for source in sources:
        yield from _in_expression(source)


def _in_expression(source: str) -> Iterator[str]:
    try:
        tree = parse(source)
    except BadExpression:
        return
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="secrets"), attr=name):
                yield name
            case ast.Subscript(value=ast.Name(id="secrets"), slice=ast.Constant(value=str(name))):
                yield name
