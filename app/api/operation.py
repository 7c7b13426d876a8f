"""An operation of the API, by declaration.

    @bp.get("/products/<ref>")
    @operation(allow="public", answers={200: ProductOut}, tags=("Products",), example=Example(answer={…}))
    def get_product(ref: str) -> Product: …

Whoever declares one gets: authorisation before anything else, strict reading of query and body, answers through their
schema, ETags and 304, `Idempotency-Key` on POST, one commit at the end, problems for every error, and an entry in the
OpenAPI document and on the docs page. The function returns the object to answer with, or an `Answer`.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial, wraps
from hashlib import file_digest
from typing import Annotated, Any, Protocol, cast, get_args, get_origin

from flask import Response, request
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from app.api.access import Caller, audience, caller
from app.api.bodies import read_file, read_object, read_raw
from app.api.cached import FOR_ALL, FOR_THE_CALLER, CachedRead
from app.api.etags import etag_of, is_known, require_match, two_part
from app.api.problems import answer_to
from app.core.errors import FieldError, Invalid, NotFound
from app.core.lists import CURSOR, refuse_no_cursor
from app.core.validation import field_errors, pointer
from app.extensions import db
from app.web import idempotency
from app.web.guards import Audience
from app.web.sizes import MEGABYTE

JSON = "application/json"


@dataclass(frozen=True)
class Example:
    """What the documentation shows: a body that is good, a query, and the answer to it."""

    body: Mapping[str, Any] | None = None
    query: str = ""
    answer: Any = None
    path: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[int, Any] = field(default_factory=dict)
    """Answers of other statuses than the usual one."""


@dataclass
class Answer:
    """An answer that needs more than its object: another status, headers."""

    value: Any = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Loaded:
    """How a change finds its record: `load` takes what the address names, and the operation's function the record in
    its place. A caller who sends `If-Match` has read it `as_in` that operation's answer."""

    load: Callable[..., Any]
    as_in: "View"

    def given_to(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def change(**arguments: Any) -> Any:
            sent = {name: arguments.pop(name) for name in ("query", "body") if name in arguments}
            record = self.load(**arguments)
            if "HTTP_IF_MATCH" in request.environ:
                require_match(self.as_in.operation.state_of(record))
            return function(record, **sent)

        return change


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What is declared of an operation.

    `allow` is `public`, `entrance`, `signed-in`, `staff`, `admin` or the permission that is needed (`products:write`).
    `answers` gives the type of the body by status, the usual one first; None is an empty body. `takes` has the media
    types of a body that the function reads by itself, each with an example; it may come with any query. `problems` are
    statuses that it may answer with besides those that its shape implies; `server_sets` is the schema whose fields a
    caller may know but not send. `conditional` answers have an ETag; a change of one record is refused where the
    caller's `If-Match` names another. `cached` says what an anonymous answer depends on.
    """

    id: str
    allow: str
    summary: str
    description: str
    tags: tuple[str, ...]
    answers: Mapping[int, Any]
    example: Example
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    body_is_optional: bool = False
    takes: Mapping[str, Any] = field(default_factory=dict)
    largest_file: int = 0
    """With so many bytes, the operation takes a file in place of a body (`multipart/form-data`), as `file`."""
    server_sets: type[BaseModel] | None = None
    path: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[int, ...] = ()
    paged: bool = False
    conditional: bool | Loaded = False
    idempotent: bool = True
    cached: CachedRead | None = None
    deprecated_at: str | None = None
    sunset_at: str | None = None
    adapters: Mapping[int, TypeAdapter[Any]] = field(default_factory=dict)

    @cached_property
    def parameters(self) -> dict[str, bool]:
        """The query parameters by name, and whether an empty one counts as absent: wherever it may be."""
        taken = self.query.model_fields.items() if self.query else ()
        return {info.alias or name: _may_be_absent(info) for name, info in taken if not info.exclude}

    @cached_property
    def repeatable(self) -> frozenset[str]:
        taken = self.query.model_fields.items() if self.query else ()
        return frozenset(info.alias or name for name, info in taken if _is_list(info))

    @property
    def usual_status(self) -> int:
        return int(next(iter(self.answers)))

    @property
    def by_itself(self) -> frozenset[str]:
        """Members of the usual answer that change without anybody changing the object."""
        found: frozenset[str] = getattr(self.answers[self.usual_status], "by_itself", frozenset())
        return found

    def render(self, value: Any, status: int | None = None, *, without: frozenset[str] = frozenset()) -> bytes:
        """The JSON of an object, as this operation answers the caller with it."""
        adapter = self.adapters.get(status or self.usual_status)
        if adapter is None:
            return b""
        valid = adapter.validate_python(value, from_attributes=True)
        return adapter.dump_json(valid, by_alias=True, exclude=set(without) or None, context=Caller())

    def state_of(self, value: Any) -> str:
        """The tag of what people can change of an object: what `If-Match` rests on."""
        return etag_of(self.render(value, without=self.by_itself))


class View(Protocol):
    """A view function that is an operation."""

    operation: Operation
    audience: Audience
    largest_body: int

    def __call__(self, **path: str) -> Response: ...


def operation(
    *, allow: str, answers: Mapping[int, Any], tags: tuple[str, ...], example: Example | None = None, **more: Any
) -> Callable[[Callable[..., Any]], View]:
    """Declare a view function as an operation; `more` are the other fields of `Operation`."""

    def declare(function: Callable[..., Any]) -> View:
        text = inspect.cleandoc(more.pop("description", None) or function.__doc__ or "")
        summary, _, rest = ("", "", text) if "summary" in more else text.partition("\n")
        declared = Operation(
            id=more.pop("id", function.__name__),
            allow=allow,
            summary=more.pop("summary", summary.rstrip(".")),
            description=rest.strip(),
            tags=tags,
            answers=answers,
            example=example or Example(),
            adapters={status: TypeAdapter(kind) for status, kind in answers.items() if kind is not None},
            **more,
        )

        perform = declared.conditional.given_to(function) if isinstance(declared.conditional, Loaded) else function

        @wraps(function)
        def view(**path: str) -> Response:
            try:
                return _with_lifecycle(declared, _perform(declared, perform, path))
            except Exception as error:  # noqa: BLE001 - every error becomes a problem; unknown ones are logged there
                db.session.rollback()
                return answer_to(error)

        made = cast("View", view)
        made.operation = declared
        made.audience = audience(allow)
        if declared.largest_file:
            made.largest_body = declared.largest_file + MEGABYTE
        return made

    return declare


def operation_with(**shared: Any) -> Callable[..., Callable[[Callable[..., Any]], View]]:
    """`operation` for several that have something in common: `operation = operation_with(tags=("Products",))`."""
    return partial(operation, **shared)


def _perform(declared: Operation, function: Callable[..., Any], path: dict[str, str]) -> Response:
    if any("\0" in part for part in path.values()):
        raise NotFound("There is nothing at this address.")
    if request.method in ("GET", "HEAD"):
        answer = _answer(declared, function(**_with_query(declared, path)))
        handed_over = declared.cached is not None and declared.cached.hand_over()
        return answer if handed_over else _conditional(answer)
    return _change(declared, function, path)


def _change(declared: Operation, function: Callable[..., Any], path: dict[str, str]) -> Response:
    arguments = _with_query(declared, path)
    sent = _read_what_was_sent(declared, arguments)
    claim = idempotency.claim_of(caller(), sent) if request.method == "POST" and declared.idempotent else None
    if claim is None:
        answer = _answer(declared, function(**arguments))
    else:
        answer = idempotency.once(claim, lambda: _answer(declared, function(**arguments)))
    db.session.commit()
    return answer


def _read_what_was_sent(declared: Operation, arguments: dict[str, Any]) -> Any:
    """Add the body or the file to the arguments; what another request with the same key is compared with."""
    if declared.largest_file:
        file = arguments["file"] = read_file()
        digest = file_digest(file.stream, "sha256").hexdigest()  # type: ignore[arg-type]
        file.stream.seek(0)
        return {"file": file.filename, "sha256": digest}
    if declared.body is None:
        read_raw()
        return None
    sent = {} if declared.body_is_optional and not read_raw().strip() else read_object()
    arguments["body"] = _body(declared, sent)
    return sent


def _with_query(declared: Operation, path: Mapping[str, str]) -> dict[str, Any]:
    """What the function takes of the address. Raises `Invalid`, also for parameters that the operation hasn't."""
    if declared.takes:
        return dict(path)
    given: dict[str, Any] = {}
    errors = []
    for name, values in request.args.lists():
        wrong = _wrong_with(declared, name, values)
        if wrong is not None:
            errors.append(FieldError(pointer(("query", name)), *wrong))
        else:
            given[name] = values if name in declared.repeatable else values[0]
    parsed = None
    try:
        parsed = declared.query.model_validate(given) if declared.query else None
    except ValidationError as error:
        errors += field_errors(error, at=("query",))
    if errors:
        raise Invalid("Some of the query parameters can't be taken as they are.", errors=errors)
    return {**path, "query": parsed} if declared.query else dict(path)


def _wrong_with(declared: Operation, name: str, values: list[str]) -> tuple[str, str] | None:
    """What is wrong with a query parameter before it is read by its type: a message and a code."""
    if name not in declared.parameters:
        return "There is no such parameter.", "extra_forbidden"
    if name == CURSOR and len(values) == 1:
        refuse_no_cursor(values[0])
    if any("\0" in value for value in values):
        return "Control characters are not allowed.", "control_character"
    if len(values) > 1 and name not in declared.repeatable:
        return "Give this once only.", "repeated"
    if not values[0].strip() and not declared.parameters[name]:
        return "Give a value, or leave the parameter out.", "missing"
    return None


def _body(declared: Operation, sent: dict[str, Any]) -> Any:
    assert declared.body is not None
    try:
        return declared.body.model_validate(sent)
    except ValidationError as error:
        found = field_errors(error, server_sets=declared.server_sets)
        raise Invalid("Some of what was sent can't be taken as it is.", errors=found) from None


def _answer(declared: Operation, result: Any) -> Response:
    if isinstance(result, Response):
        return result
    told = result if isinstance(result, Answer) else Answer(result)
    status = told.status or declared.usual_status
    body = declared.render(told.value, status)
    answer = Response(body, status, mimetype=JSON if body else None)
    if not body:
        answer.headers.pop("Content-Type", None)
    answer.headers.extend(told.headers)
    if body and (declared.conditional or request.method in ("GET", "HEAD")):
        answer.set_etag(_etag(declared, told, body))
    answer.headers.setdefault("Cache-Control", _keeping(declared))
    answer.vary.add("Authorization")
    return answer


def _etag(declared: Operation, told: Answer, body: bytes) -> str:
    total = told.headers.get("X-Total-Count", "")
    etag = etag_of(body, total.encode()) if total else etag_of(body)
    return two_part(declared.state_of(told.value), etag) if declared.by_itself else etag


def _keeping(declared: Operation) -> str:
    """Who may keep the answer: anybody what everybody is told, the caller alone what depends on who asks."""
    if request.method not in ("GET", "HEAD"):
        return "no-store"
    for_all = declared.allow == "public" and "Authorization" not in request.headers
    return FOR_ALL if for_all else FOR_THE_CALLER


def _conditional(answer: Response) -> Response:
    etag, _ = answer.get_etag()
    if answer.status_code == 200 and etag is not None and is_known(etag):
        return not_modified(answer)
    return answer


def not_modified(answer: Response) -> Response:
    """A 304 with the headers of the answer that the caller holds already."""
    told = Response(status=304)
    for name, value in answer.headers:
        if name not in ("Content-Type", "Content-Length"):
            told.headers[name] = value
    told.headers.pop("Content-Type", None)
    return told


def _with_lifecycle(declared: Operation, answer: Response) -> Response:
    if declared.deprecated_at:
        answer.headers["Deprecation"] = declared.deprecated_at
    if declared.sunset_at:
        answer.headers["Sunset"] = declared.sunset_at
    return answer


def _may_be_absent(info: FieldInfo) -> bool:
    return type(None) in get_args(info.annotation)


def _bare(kind: Any) -> Any:
    """The type without what is said of it besides."""
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _is_list(info: FieldInfo) -> bool:
    kinds = [_bare(kind) for kind in (info.annotation, *get_args(info.annotation))]
    return any((get_origin(kind) or kind) in (list, tuple, set, frozenset) for kind in kinds)
