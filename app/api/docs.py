"""The documentation as a page for people: the OpenAPI document, put in order."""

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from flask import current_app

from app.api.openapi import PROBLEM_TEXTS, Document, Endpoint, audience_text, document
from app.api.problems import BEFORE_ANY_OPERATION
from app.core.addresses import outside_address
from app.core.errors import DomainError


@dataclass(frozen=True)
class Row:
    """A parameter or a field, as a line of a table."""

    name: str
    kind: str
    required: bool
    about: str
    where: str = ""


@dataclass(frozen=True)
class Section:
    """One operation on the page."""

    anchor: str
    method: str
    path: str
    summary: str
    paragraphs: list[str]
    audience: str
    parameters: list[Row]
    fields: list[Row]
    answers: list[tuple[str, str]]
    curl: str
    answer: str
    deprecated: bool


@dataclass(frozen=True)
class DocsPage:
    """All that the page shows."""

    groups: dict[str, list[Section]]
    statuses: list[tuple[int, str]]
    problems: list[tuple[str, int, str]]

    @classmethod
    def of_this_application(cls) -> Self:
        kept: Self | None = current_app.extensions.get("api_docs")
        if kept is None:
            kept = current_app.extensions["api_docs"] = cls._build()
        return kept

    @classmethod
    def _build(cls) -> Self:
        told = document()
        groups: dict[str, list[Section]] = {}
        for each in Document(current_app).endpoints:
            groups.setdefault(each.operation.tags[0], []).append(_section(each, told))
        return cls(groups, sorted(PROBLEM_TEXTS.items()), problem_kinds())


def problem_kinds() -> list[tuple[str, int, str]]:
    """Every kind of problem that there is, by its stable word: the status, and what it means."""
    found: dict[tuple[str, int], set[str]] = {}
    waiting = [(kind, DomainError) for kind in DomainError.__subclasses__()]
    while waiting:
        kind, parent = waiting.pop()
        waiting += [(one, kind) for one in kind.__subclasses__()]
        if kind.__module__.startswith("app.") and kind.code != parent.code:
            said = inspect.cleandoc(kind.__doc__ or "") or kind.says or inspect.getdoc(kind) or ""
            found.setdefault((kind.code, kind.status), set()).add(said.partition("\n\n")[0].replace("\n", " "))
    # Several errors may share a code, and are found in the order in which their modules were imported.
    rows = {key: " ".join(sorted(said)) for key, said in found.items()}
    before = {(code, status): text for status, (code, text) in BEFORE_ANY_OPERATION.items()}
    return sorted(((*key, said) for key, said in (before | rows).items()), key=lambda row: (row[1], row[0]))


def _section(each: Endpoint, told: Mapping[str, Any]) -> Section:
    declared = each.operation
    entry = told["paths"][each.path][each.method]
    schemas = told["components"]["schemas"]
    example = declared.example
    return Section(
        anchor=declared.id.replace("_", "-"),
        method=each.method.upper(),
        path=each.path,
        summary=declared.summary,
        paragraphs=[part for part in declared.description.split("\n\n") if part],
        audience=audience_text(declared),
        parameters=[_parameter(parameter) for parameter in entry["parameters"]],
        fields=_fields(entry, schemas),
        answers=[(status, answer["description"]) for status, answer in entry["responses"].items()],
        curl=_curl(each),
        answer="" if example.answer is None else json.dumps(example.answer, indent=2, ensure_ascii=False),
        deprecated=declared.deprecated_at is not None,
    )


def _parameter(parameter: Mapping[str, Any]) -> Row:
    kind = _kind(parameter["schema"], {})
    about = parameter.get("description", "")
    return Row(parameter["name"], kind, parameter.get("required", False), about, parameter["in"])


def _fields(entry: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[Row]:
    if "requestBody" not in entry:
        return []
    content = next(iter(entry["requestBody"]["content"].values()))
    schema = _resolved(content["schema"], schemas)
    required = schema.get("required", ())
    return [
        Row(name, _kind(kind, schemas), name in required, kind.get("description", ""))
        for name, kind in schema.get("properties", {}).items()
    ]


def _resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    return schema


def _kind(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """A type and its bounds, in a few words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(choice, schemas) for choice in schema["anyOf"]))
    if "$ref" in schema:
        return "object" if not schemas else _kind(_resolved(schema, schemas), schemas)
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if "const" in schema:
        return f"always {schema['const']}"
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}), schemas)}{_bounds(schema)}"
    return f"{schema.get('format') or schema.get('type', 'any')}{_bounds(schema)}"


def _bounds(schema: Mapping[str, Any]) -> str:
    low = schema.get("minLength", schema.get("minItems", schema.get("minimum")))
    high = schema.get("maxLength", schema.get("maxItems", schema.get("maximum")))
    if high is not None:
        return f", {low if low is not None else 0} to {high}"
    return f", {low} or more" if low is not None else ""


def _curl(each: Endpoint) -> str:
    example = each.operation.example
    path = each.path
    for name, value in example.path.items():
        path = path.replace(f"{{{name}}}", value)
    address = outside_address() + path + (f"?{example.query}" if example.query else "")
    command = "curl" if each.method == "get" else f"curl -X {each.method.upper()}"
    parts = [f"{command} '{address}'"]
    if each.needs_sign_in:
        parts.append('-H "Authorization: Bearer $TOKEN"')
    if each.operation.body is not None:
        parts.append("-H 'Content-Type: application/json'")
        body = json.dumps(example.body or {}, ensure_ascii=False).replace("'", "'\\''")
        parts.append(f"-d '{body}'")
    if each.operation.largest_file:
        parts.append("-F 'file=@FILE'")
    return " \\\n  ".join(parts)
