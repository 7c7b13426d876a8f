"""The OpenAPI 3.1 document, made from the very schemas that validate and answer."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask, current_app
from pydantic import BaseModel, TypeAdapter
from werkzeug.routing import Rule

from app.api.headers import ANSWER_HEADERS, REQUEST_HEADERS
from app.api.operation import JSON, Loaded, Operation
from app.api.plain_schemas import references, without_defaults
from app.api.problems import PROBLEM, Problem
from app.core.domain import every

OWN_TAGS = {"About": "What is here, and this document."}
PRODUCT_VERSION = "1.0.0"
_ABOUT = """The JSON API of the DIG|LIT portal.

Sign in with `POST /api/auth/login` and send the access token as `Authorization: Bearer …`. Names are `snake_case`, ids
are UUIDs, times RFC 3339 in UTC, amounts of money decimal strings with a `currency` beside them. `/api/v1` is the same
API, pinned. Lists answer with a bare array: `limit` and `cursor` page through it, `Link` and `X-Total-Count` tell of
the rest. Every error is a problem (RFC 9457)."""

_FILE: Mapping[str, Any] = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"type": "string", "minLength": 1, "contentMediaType": "application/octet-stream"}},
        "additionalProperties": False,
    },
    "example": {"file": "case,activity,time\n1,Book,2026-11-30T09:30:00Z\n"},
}
PROBLEM_TEXTS: Mapping[int, str] = {
    400: "The request can't be read: malformed JSON, or a cursor of another list.",
    401: "Nobody is signed in, or the credentials are not valid (any more).",
    403: "Whoever is signed in may not do this.",
    404: "There is no such thing, or it is not for the caller.",
    409: "The present state forbids it: a duplicate, or a step out of order.",
    412: "The object has changed since the caller read it (`If-Match`).",
    413: "The body is larger than 1 MiB.",
    415: "The body is not JSON.",
    422: "Something that was sent is invalid; `errors` says what and where.",
    429: "Too many requests; `Retry-After` says how many seconds to wait.",
    503: "Not just now; `Retry-After` says how many seconds to wait.",
}


@dataclass(frozen=True)
class Endpoint:
    """An operation at its place."""

    method: str
    path: str
    operation: Operation

    @property
    def needs_sign_in(self) -> bool:
        return self.operation.allow not in ("public", "entrance")

    @property
    def problems(self) -> list[int]:
        """Every status of a problem that it may answer with."""
        found = {422, 429, 503, *self.operation.problems}
        found |= {401} if self.operation.allow != "entrance" else set()
        found |= {403} if self.needs_sign_in else set()
        found |= {400, 413, 415} if self.operation.body else set()
        found |= {400, 415} if self.operation.takes else set()
        found |= {415} if self.operation.largest_file else set()
        found |= {413} if self.method == "post" else set()
        found |= {400, 403} if self.operation.paged else set()
        found |= {404} if "{" in self.path else set()
        found |= {412} if isinstance(self.operation.conditional, Loaded) else set()
        return sorted(found)


def endpoints(app: Flask) -> Iterator[Endpoint]:
    """Every operation there is, in the order of paths and methods."""
    order = ("get", "post", "put", "patch", "delete")
    found = []
    for rule in app.url_map.iter_rules():
        declared = getattr(app.view_functions[rule.endpoint], "operation", None)
        if declared is None:
            continue
        methods = {method.lower() for method in rule.methods or ()} & set(order)
        found += [Endpoint(method, _template(rule), declared) for method in methods]
    yield from sorted(found, key=lambda each: (each.path, order.index(each.method)))


def _template(rule: Rule) -> str:
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)


class Document:
    """Builds the document of one application."""

    def __init__(self, app: Flask) -> None:
        self.endpoints = list(endpoints(app))
        self._refs, found = TypeAdapter.json_schemas(
            [*self._inputs(), *self._outputs()], ref_template="#/components/schemas/{model}"
        )
        self.schemas: dict[str, Any] = found.get("$defs", {})

    def _inputs(self) -> list[Any]:
        kinds = {kind for each in self.endpoints for kind in (each.operation.query, each.operation.body) if kind}
        return [(kind, "validation", TypeAdapter(kind)) for kind in kinds]

    def _outputs(self) -> list[Any]:
        outputs: list[Any] = [
            ((each.operation.id, status), "serialization", adapter)
            for each in self.endpoints
            for status, adapter in each.operation.adapters.items()
        ]
        return [*outputs, (Problem, "serialization", TypeAdapter(Problem))]

    def build(self) -> dict[str, Any]:
        paths: dict[str, dict[str, Any]] = {}
        for each in self.endpoints:
            paths.setdefault(each.path, {})[each.method] = self._operation(each)
        queries = {self._name_of(each.operation.query) for each in self.endpoints if each.operation.query}
        bodies = {name: without_defaults(kind) for name, kind in sorted(self.schemas.items()) if name not in queries}
        used = {reference.rsplit("/", 1)[1] for reference in references(paths)}
        about = {**OWN_TAGS, **every(lambda domain: domain.tags)}
        tags = sorted({tag for each in self.endpoints for tag in each.operation.tags})
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "DIG|LIT portal",
                "version": PRODUCT_VERSION,
                "description": _ABOUT,
                "license": {"name": "All rights reserved", "identifier": "LicenseRef-proprietary"},
            },
            "servers": [{"url": "/", "description": "This server; `/api/v1` in place of `/api` pins the version."}],
            "paths": paths,
            "components": {
                "schemas": bodies,
                "headers": {name: header for name, header in ANSWER_HEADERS.items() if name in used},
                "securitySchemes": {
                    "bearer": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "The access token of a sign-in, or an API key.",
                    }
                },
            },
            "tags": [{"name": tag, "description": about[tag]} for tag in tags],
        }

    def _operation(self, each: Endpoint) -> dict[str, Any]:
        declared = each.operation
        told: dict[str, Any] = {
            "operationId": declared.id,
            "summary": declared.summary,
            "description": f"{declared.description}\n\n{audience_text(declared)}".strip(),
            "tags": list(declared.tags),
            "security": [{"bearer": []}] if each.needs_sign_in else [],
            "parameters": self.parameters(each),
            "responses": self._responses(each),
        }
        if each.operation.allow == "public":
            told["security"] = [{}, {"bearer": []}]
        if declared.deprecated_at:
            told["deprecated"] = True
        if declared.body is not None:
            content: dict[str, Any] = {"schema": self._refs[declared.body, "validation"]}
            if declared.example.body is not None:
                content["example"] = declared.example.body
            told["requestBody"] = {"required": not declared.body_is_optional, "content": {JSON: content}}
        if declared.takes:
            content = {kind: _anything(kind, example) for kind, example in declared.takes.items()}
            told["requestBody"] = {"required": False, "content": content}
        if declared.largest_file:
            told["requestBody"] = {"required": True, "content": {"multipart/form-data": _FILE}}
        return told

    def parameters(self, each: Endpoint) -> list[dict[str, Any]]:
        declared = each.operation
        found: list[dict[str, Any]] = []
        for name in re.findall(r"{(\w+)}", each.path):
            parameter = {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
            if name in declared.path:
                parameter["description"] = declared.path[name]
            if name in declared.example.path:
                parameter["example"] = declared.example.path[name]
            found.append(parameter)
        found += self._query_parameters(declared.query)
        return found + [dict(header) for header in _request_headers(each)]

    def _query_parameters(self, query: type[BaseModel] | None) -> Iterator[dict[str, Any]]:
        if query is None:
            return
        schema = self.schemas[self._name_of(query)]
        for name, kind in schema.get("properties", {}).items():
            parameter: dict[str, Any] = {"name": name, "in": "query", "schema": _without_null(kind)}
            if name in schema.get("required", ()):
                parameter["required"] = True
            if "description" in kind:
                parameter["description"] = kind["description"]
            yield parameter

    def _name_of(self, kind: type[BaseModel]) -> str:
        reference: str = self._refs[kind, "validation"]["$ref"]
        return reference.rsplit("/", 1)[1]

    def _responses(self, each: Endpoint) -> dict[str, Any]:
        declared = each.operation
        told: dict[str, Any] = {}
        for status, kind in declared.answers.items():
            answer: dict[str, Any] = {
                "description": HTTPStatus(status).phrase,
                "headers": _answer_headers(each, status),
            }
            if kind is not None:
                content: dict[str, Any] = {"schema": self._refs[(declared.id, status), "serialization"]}
                usual = declared.example.answer if status == declared.usual_status else None
                if (shown := declared.example.others.get(status, usual)) is not None:
                    content["example"] = shown
                answer["content"] = {JSON: content}
            told[str(status)] = answer
        if each.method == "get" and 200 in declared.answers:
            told["304"] = {"description": "What the caller holds is still good.", "headers": _answer_headers(each, 304)}
        for status in each.problems:
            told[str(status)] = {
                "description": PROBLEM_TEXTS.get(status, HTTPStatus(status).phrase),
                "headers": _answer_headers(each, status),
                "content": {PROBLEM: {"schema": self._refs[Problem, "serialization"]}},
            }
        return told


def _anything(kind: str, example: Any) -> dict[str, Any]:
    """A body of this media type, whatever it holds."""
    return {"schema": {} if kind == JSON else {"type": "object"}, "example": example}


def audience_text(declared: Operation) -> str:
    """Who may call it, in words."""
    return {
        "public": "For everyone.",
        "entrance": "For everyone.",
        "signed-in": "For every user who is signed in.",
        "owner": "For owners of companies and for administrators, in person.",
        "staff": "For staff.",
        "admin": "For administrators.",
    }.get(declared.allow, f"Needs the permission `{declared.allow}`.")


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A query parameter is there or not; it is never null."""
    kept = {key: value for key, value in schema.items() if key not in ("title", "description", "anyOf")}
    if kept.get("default", ...) is None:
        del kept["default"]
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1 and choices[0].keys() & {"format", "pattern"}:
        kept["anyOf"] = [*choices, {"const": ""}]
    elif len(choices) == 1:
        kept |= choices[0]
    elif choices:
        kept["anyOf"] = [*choices, {"const": ""}]
    # An empty parameter counts as absent.
    kept.pop("minLength", None)
    return kept


def _request_headers(each: Endpoint) -> list[dict[str, Any]]:
    names = ["X-Request-ID"]
    if each.method == "get":
        names.append("If-None-Match")
    elif each.operation.conditional and each.operation.path:
        names.append("If-Match")
    if each.method == "post" and each.operation.idempotent:
        names.append("Idempotency-Key")
    if each.operation.paged:
        names.append("Prefer")
    return [REQUEST_HEADERS[name] for name in names]


def _answer_headers(each: Endpoint, status: int) -> dict[str, Any]:
    names = ["X-Request-ID", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]
    if status in (429, 503):
        names.append("Retry-After")
    if status == 401:
        names.append("WWW-Authenticate")
    if status in (200, 304) and (each.method == "get" or each.operation.conditional):
        names.append("ETag")
    if status == 201:
        names.append("Location")
    if status == 200 and each.operation.paged:
        names += ["Link", "X-Total-Count", "X-Total-Count-Relation", "X-Search-Correction"]
    if each.method == "post" and each.operation.idempotent and status < 300:
        names.append("Idempotency-Replayed")
    if each.operation.deprecated_at:
        names += ["Deprecation", "Sunset"]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def document() -> dict[str, Any]:
    """The document of this application; built at the first request."""
    kept: dict[str, Any] | None = current_app.extensions.get("openapi")
    if kept is None:
        kept = current_app.extensions["openapi"] = Document(current_app).build()
    return kept
