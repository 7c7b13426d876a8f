"""What a definition refers to, found in its expressions without evaluating them."""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from app.automations.definitions.types import STEP_TYPES
from app.automations.expressions.errors import BadExpression
from app.automations.expressions.syntax import parse
from app.automations.expressions.templates import parts_of, texts_in

_SMALL = frozenset({"status", "error"})
"""What of a step is there without its output."""


def secrets_used(workflow: Mapping[str, Any]) -> frozenset[str]:
    """The names of the secrets that a definition, as it is kept, uses."""
    trees = (tree for step in workflow["steps"] for tree in _expressions_of(step))
    members = (_member_of(node, "secrets") for tree in trees for node in ast.walk(tree))
    return frozenset(name for name in members if name is not None)


def outputs_read(step: Mapping[str, Any]) -> frozenset[str] | None:
    """The steps whose outputs the expressions of a step, as it is kept, may read. None if they don't tell: it may be
    any of them."""
    found = {name for tree in _expressions_of(step) for name in _outputs_in(tree)}
    return None if None in found else frozenset(name for name in found if name is not None)


def _outputs_in(node: ast.AST) -> Iterator[str | None]:
    """The steps whose outputs are read below the node; None for all of them."""
    if isinstance(node, ast.Attribute) and node.attr in _SMALL and _member_of(node.value, "steps") is not None:
        return
    if isinstance(node, ast.Name) and node.id == "steps":
        yield None
    elif (name := _member_of(node, "steps")) is not None:
        yield name
    else:
        for child in ast.iter_child_nodes(node):
            yield from _outputs_in(child)


def _member_of(node: ast.AST, holder: str) -> str | None:
    """`KEY`, if the node is `secrets.KEY` or `secrets["KEY"]`."""
    match node:
        case ast.Attribute(value=ast.Name(id=found), attr=name) if found == holder:
            return name
        case ast.Subscript(value=ast.Name(id=found), slice=ast.Constant(value=str(name))) if found == holder:
            return name
    return None


def _expressions_of(step: Mapping[str, Any]) -> Iterator[ast.AST]:
    """The expressions of a step and of the one inside of it, as far as they can be read."""
    given = step.get("with", {})
    kind = STEP_TYPES.get(step.get("type", ""))
    sources = [step.get("if"), *(given.get(name) for name in (kind.expressions if kind else ()))]
    for source in filter(None, sources):
        yield from _read(source)
    for _, text in texts_in(given):
        try:
            parts = parts_of(text)
        except BadExpression:
            continue  # No version is deployed that can't be read.
        for part in parts:
            if part.is_expression:
                yield from _read(part.text)
    inner = given.get("step")
    if isinstance(inner, dict):
        yield from _expressions_of({"with": {}, **inner})


def _read(source: Any) -> Iterator[ast.AST]:
    if isinstance(source, str):
        try:
            yield parse(source)
        except BadExpression:
            return
