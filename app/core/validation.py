"""What pydantic found wrong, said to a person: the one translation for API bodies, queries, forms and imports."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app.core.errors import FieldError, Invalid

_EMPTY = "Fill this in."
_NUMBER = "Write a number such as {example}."
_WHOLE = "Write a whole number."
_TRUE_OR_FALSE = "Say true or false."
_TOO_LARGE = "This is too large: the limit is 9,999,999,999.99."
_NO_ID = "This is no id of a record."
_CHOICE = "Choose one of {expected}."
_DATE = "Write a date such as 2026-12-01."
_TIME = "Write a time such as 2026-12-01T09:30:00Z."

_MESSAGES = {
    "missing": _EMPTY,
    "extra_forbidden": "There is no such field.",
    "string_type": "Write a text here.",
    "string_unicode": "This text holds characters that can't be stored.",
    "string_too_short": "Use {min_length} characters at least.",
    "string_too_long": "Use {max_length} characters at most; these are {length}.",
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "amount": _NUMBER,
    "finite_number": _NUMBER,
    "decimal_max_places": "Use {decimal_places} decimals at most.",
    "decimal_max_digits": _TOO_LARGE,
    "decimal_whole_digits": _TOO_LARGE,
    "greater_than": "This must be more than {gt}.",
    "greater_than_equal": "This must be {ge} or more.",
    "less_than": "This must be less than {lt}.",
    "less_than_equal": "This must be {le} or less.",
    "literal_error": _CHOICE,
    "enum": _CHOICE,
    "too_long": "There may be {max_length} at most; these are {actual_length}.",
    "too_short": "There must be {min_length} at least.",
    "list_type": "This must be a list.",
    "dict_type": "This must be an object.",
    "model_type": "This must be an object.",
    "model_attributes_type": "This must be an object.",
    "uuid_parsing": _NO_ID,
    "uuid_type": _NO_ID,
    "int_parsing": _WHOLE,
    "int_type": _WHOLE,
    "int_from_float": _WHOLE,
    "bool_parsing": _TRUE_OR_FALSE,
    "bool_type": _TRUE_OR_FALSE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "json_invalid": "This is not valid JSON.",
}
_OF_A_KEY = "[key]"
"""What pydantic puts behind a key that is wrong itself."""
_BRANCH = re.compile(r"(list|set|tuple|dict|literal|function-[a-z]+|nullable)\[.*\]|constrained-[a-z]+", re.DOTALL)
"""What pydantic puts behind a field that may be of several types: which of them the error is about."""
_EMPTY_FAILS = {
    "missing", "string_too_short", "decimal_parsing", "amount", "uuid_parsing", "int_parsing", "bool_parsing",
}  # fmt: skip


def field_errors(
    error: ValidationError, *, at: Sequence[str | int] = (), server_sets: type[BaseModel] | None = None
) -> list[FieldError]:
    """One entry for each thing that is wrong, in order.

    `at` is where the validated value stands in the whole input. A field that isn't known but stands in `server_sets`
    (what the server answers with) is said to be the server's to set.
    """
    found = []
    for detail in error.errors(include_url=False):
        where = pointer((*at, *_place(detail)))
        name = detail["loc"][-1] if detail["loc"] else ""
        if detail["type"] == "extra_forbidden" and server_sets is not None and name in server_sets.model_fields:
            found.append(FieldError(where, "Only the server sets this.", "read_only"))
        else:
            found.append(FieldError(where, message_of(detail), detail["type"]))
    return found


def _place(detail: ErrorDetails) -> list[str | int]:
    """Where in the input it is, without what pydantic adds of its own."""
    loc, is_key = detail["loc"], detail["type"] == "extra_forbidden"
    *above, last = loc or ("",)
    kept = [part for part in above if not _is_added(part)]
    return ([*kept, last] if is_key or not _is_added(last) else kept) if loc else []


def _is_added(part: str | int) -> bool:
    return isinstance(part, str) and (part == _OF_A_KEY or _BRANCH.fullmatch(part) is not None)


def pointer(location: Sequence[int | str]) -> str:
    """A JSON Pointer (RFC 6901) to that place: `/features/2`; empty for the whole."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def invalid(
    error: ValidationError, message: str = "Some values can't be used.", *, at: Sequence[str | int] = ()
) -> Invalid:
    """The domain error that says the same."""
    return Invalid(message, errors=field_errors(error, at=at))


def message_of(error: ErrorDetails) -> str:
    """One sentence for one error. What a validator of ours says is taken as it stands."""
    value = error.get("input")
    kind = _kind_of(error["type"], value)
    if kind in _EMPTY_FAILS and isinstance(value, str) and not value.strip():
        return _EMPTY
    template = _MESSAGES.get(kind)
    if template is None:
        return error["msg"]
    context: dict[str, Any] = {"decimal_places": 2, "example": "1499.00", **(error.get("ctx") or {})}
    if isinstance(value, str):
        context["length"] = f"{len(value.strip()):,}"
    if "expected" in context:
        context["expected"] = context["expected"].replace("'", "")
    return template.format(**context)


def _kind_of(kind: str, value: Any) -> str:
    """The error as a person would call it: texts have characters, and too many digits may be too many decimals."""
    if isinstance(value, str) and kind in ("too_short", "too_long"):
        return f"string_{kind}"
    if kind == "decimal_max_digits" and _fits_without_decimals(value):
        return "decimal_max_places"
    return kind


def _fits_without_decimals(value: Any) -> bool:
    try:
        return abs(Decimal(str(value))) < 10_000_000_000
    except ArithmeticError:
        return False
