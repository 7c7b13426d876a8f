"""Errors under /api as `application/problem+json` (RFC 9457): the one place that maps them."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from flask import Flask, Response, g, request
from pydantic import BaseModel, Field
from werkzeug.exceptions import HTTPException

from app.core.addresses import api_prefix, under_api
from app.core.database_errors import explain
from app.core.errors import DomainError, FieldError

log = structlog.get_logger(__name__)

PROBLEM = "application/problem+json"


class FieldProblem(BaseModel):
    """One thing that is wrong with one value."""

    pointer: str = Field(description="JSON Pointer into the body, or `/query/NAME`.", examples=["/price"])
    message: str = Field(examples=["This must be 0 or more."])
    code: str = Field(examples=["greater_than_equal"])


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(
        description="Names the kind of problem; its end is a stable word.", examples=["/api/docs#problem-invalid"]
    )
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["Some of what was sent can't be taken as it is."])
    instance: str = Field(description="The path that was asked for.", examples=["/api/products"])
    request_id: str = Field(description="Names this request in our logs.")
    errors: list[FieldProblem] | None = Field(default=None, description="For a bad body or query: what is wrong where.")


BEFORE_ANY_OPERATION = {
    400: ("bad-request", "The request can't be read."),
    404: ("not-found", "There is nothing at this address."),
    405: ("method-not-allowed", "This address does not take that method; “Allow” names those it takes."),
    413: ("body-too-large", "The body is larger than 1 MiB."),
    415: ("unsupported-media-type", "Send the body as JSON in UTF-8, with “Content-Type: application/json”."),
    500: ("server-error", "Something went wrong on our side. It has been recorded under this request's id."),
}
"""Problems that arise outside of any operation, by status."""


def title_of(status: int) -> str:
    """The name of a status, as RFC 9110 has it."""
    return {413: "Content Too Large", 422: "Unprocessable Content"}.get(status) or HTTPStatus(status).phrase


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer that tells of a problem. `type` ends in `code`."""
    told = Problem(
        type=f"{api_prefix()}/docs#problem-{code}",
        title=title_of(status),
        status=status,
        detail=detail,
        instance=api_prefix() + quote(request.path.removeprefix("/api")),
        request_id=str(g.get("request_id", "")),
        errors=[FieldProblem(pointer=e.pointer, message=e.message, code=e.code) for e in errors] or None,
    )
    answer = Response(told.model_dump_json(exclude_none=True), status, mimetype=PROBLEM)
    answer.headers.extend(headers or {})
    answer.headers["Cache-Control"] = "no-store"
    return answer


def answer_to(error: Exception) -> Response:
    """The answer to any error. One that nobody foresaw is logged in full and told in general words."""
    known = error if isinstance(error, DomainError) else explain(error)
    if known is not None:
        return problem(known.status, known.code, known.message, errors=known.errors, headers=_headers_of(known))
    if isinstance(error, HTTPException) and error.code is not None and error.code >= 400:
        return _from_http(error)
    log.error("request failed", exc_info=error, path=request.path, method=request.method)
    return problem(500, *BEFORE_ANY_OPERATION[500])


def _headers_of(error: DomainError) -> dict[str, str]:
    headers: dict[str, str] = dict(getattr(error, "headers", None) or {})
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    if error.status == 401:
        failed = ', error="invalid_token"' if "Authorization" in request.headers else ""
        headers.setdefault("WWW-Authenticate", f'Bearer realm="api"{failed}')
    return headers


def _from_http(error: HTTPException) -> Response:
    status = error.code or 500
    phrase = title_of(status)
    code, detail = BEFORE_ANY_OPERATION.get(status, (phrase.lower().replace(" ", "-"), f"{phrase}."))
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return problem(status, code, detail, headers=headers)


def init_app(app: Flask) -> None:
    """Answer every error under /api with a problem, also those that arise before any operation is reached."""
    handle_http, handle_any = app.handle_http_exception, app.handle_user_exception

    def http(error: HTTPException) -> Any:
        return answer_to(error) if under_api() else handle_http(error)

    def anything(error: Exception) -> Any:
        return answer_to(error) if under_api() else handle_any(error)

    app.handle_http_exception = http  # type: ignore[method-assign,assignment]
    app.handle_user_exception = anything  # type: ignore[method-assign,assignment]
