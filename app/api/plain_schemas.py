"""The JSON schemas of the OpenAPI document as generators of clients read them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def without_defaults(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a body with its defaults told in words.

    Generators take a field with a default for one that is always there, so that a client would have to send it; and a
    default of null is refused where the type has no null.
    """
    properties = {name: _in_words(kind) for name, kind in schema.get("properties", {}).items()}
    return {**schema, "properties": properties} if properties else schema


def _in_words(kind: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in kind.items() if name != "default"}
    default = kind.get("default")
    if default is None or default in ("", [], {}) or "const" in kind:
        return told
    sentence = f"Without it: `{default if isinstance(default, str) else json.dumps(default, ensure_ascii=False)}`."
    return {
        **told,
        "description": f"{kind['description'].rstrip('.')}. {sentence}" if "description" in kind else sentence,
    }


def references(value: Any) -> Iterator[str]:
    """All that a part of the document refers to, such as `#/components/headers/ETag`."""
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)
