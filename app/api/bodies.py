"""Reading a JSON body: strictly, and with a clear answer to everything that is no JSON."""

import json
from typing import Any

from flask import request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from app.core.amounts import TypedFloat
from app.core.errors import DomainError, FieldError, Invalid

LIMIT = 1024 * 1024
DEPTH = 64


class MalformedBody(DomainError):
    """The body is no JSON."""

    status, code = 400, "malformed-json"


class BodyTooLarge(DomainError):
    status = 413

    says = "The body is larger than 1 MiB."


class UnsupportedMediaType(DomainError):
    status = 415

    says = "Send the body as JSON in UTF-8, with “Content-Type: application/json”."


def read_file() -> FileStorage:
    """The one file that a `multipart/form-data` body has, under the name `file`. Raises `Invalid` for another form."""
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType("Send the file as “multipart/form-data”, under the name “file”.")
    try:
        files, fields = request.files, request.form
    except RequestEntityTooLarge:
        raise BodyTooLarge("The file is larger than is taken here.") from None
    unknown = sorted({*fields, *files} - {"file"})
    if unknown:
        raise Invalid(errors=[FieldError(f"/{name}", "There is no such part.", "extra_forbidden") for name in unknown])
    upload = files.get("file")
    if upload is None or len(files.getlist("file")) != 1:
        raise Invalid("Send one file, under the name “file”.", at="/file", wrong="missing")
    return upload


def read_object() -> dict[str, Any]:
    """The request's body as a JSON object."""
    raw = read_raw()
    if raw or request.mimetype:
        _require_json()
    value = parse_json(raw)
    if not isinstance(value, dict):
        message = "The body must be a JSON object, as in {“name”: …}."
        raise Invalid(message, errors=[FieldError("", message, "not_an_object")])
    return value


def read_raw() -> bytes:
    """The request's body, if it isn't larger than what is taken."""
    request.max_content_length = LIMIT
    try:
        return request.get_data(cache=True)
    except RequestEntityTooLarge:
        raise BodyTooLarge from None


def _require_json() -> None:
    mimetype = request.mimetype
    is_json = mimetype == "application/json" or (mimetype.startswith("application/") and mimetype.endswith("+json"))
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if not is_json or charset not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType


def parse_json(raw: bytes) -> Any:
    """The value of a JSON text. Raises `MalformedBody`."""
    if not raw.strip():
        raise MalformedBody("The body is empty; send a JSON object.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedBody(f"The body is not valid UTF-8 (at byte {error.start}).") from None
    try:
        value = json.loads(
            text, object_pairs_hook=_unique_names, parse_constant=_refuse_constant, parse_float=TypedFloat
        )
    except json.JSONDecodeError as error:
        raise MalformedBody(f"The body is no JSON: line {error.lineno}, column {error.colno}: {error.msg}.") from None
    except RecursionError:
        raise MalformedBody("The body is nested too deeply.") from None
    except ValueError:
        raise MalformedBody("The body holds a number of too many digits.") from None
    if "\\u" in text:
        _require_encodable(value)
    return value if _is_shallow(value) else _too_deep()


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    raise MalformedBody(f"The body names “{twice[:60]}” twice in one object.")


def _refuse_constant(name: str) -> Any:
    raise MalformedBody(f"The body holds {name}, which is no JSON number.")


def _require_encodable(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise MalformedBody("The body holds half of a surrogate pair, which is no character.") from None


def _is_shallow(value: Any, depth: int = 0) -> bool:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return True
    return depth < DEPTH and all(_is_shallow(part, depth + 1) for part in value)


def _too_deep() -> Any:
    raise MalformedBody(f"The body is nested more than {DEPTH} levels deep.")
