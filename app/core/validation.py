"""What pydantic found wrong, in words for people: the one translation for API bodies, queries, forms and imports."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.core.errors import FieldError, Invalid


def _count(context: Mapping[str, Any], key: str, noun: str) -> str:
    number = context.get(key, 0)
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


_MESSAGES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: "This is required.",
    "extra_forbidden": lambda _: "There is no such field, or it can't be set.",
    "string_type": lambda _: "This must be text.",
    "string_too_short": lambda c: (
        "This is required." if c["min_length"] == 1 else f"Use {_count(c, 'min_length', 'character')} or more."
    ),
    "string_too_long": lambda c: f"Use {_count(c, 'max_length', 'character')} at most.",
    "string_unicode": lambda _: "This is not valid text.",
    "too_short": lambda c: (
        "This is required." if c["min_length"] == 1 else f"Give {_count(c, 'min_length', 'entry')} or more."
    ),
    "too_long": lambda c: f"Give {c['max_length']:,} at most.",
    "list_type": lambda _: "This must be a list.",
    "dict_type": lambda _: "This must be an object.",
    "model_type": lambda _: "This must be an object.",
    "model_attributes_type": lambda _: "This must be an object.",
    "int_type": lambda _: "This must be a whole number.",
    "int_parsing": lambda _: "This must be a whole number.",
    "int_from_float": lambda _: "This must be a whole number.",
    "float_type": lambda _: "This must be a number.",
    "float_parsing": lambda _: "This must be a number.",
    "finite_number": lambda _: "This must be a finite number.",
    "bool_type": lambda _: "This must be true or false.",
    "bool_parsing": lambda _: "This must be true or false.",
    "decimal_type": lambda _: "Give an amount as in 1499.00.",
    "decimal_parsing": lambda _: "Give an amount as in 1499.00.",
    "decimal_max_digits": lambda _: "This is too large.",
    "decimal_whole_digits": lambda _: "This is too large.",
    "decimal_max_places": lambda c: f"Use {_count(c, 'decimal_places', 'decimal')} at most.",
    "greater_than": lambda c: f"This must be more than {c['gt']}.",
    "greater_than_equal": lambda c: f"This must be {c['ge']} or more.",
    "less_than": lambda c: f"This must be less than {c['lt']}.",
    "less_than_equal": lambda c: f"This must be {c['le']} or less.",
    "literal_error": lambda c: f"Choose one of {c['expected']}.",
    "enum": lambda c: f"Choose one of {c['expected']}.",
    "uuid_type": lambda _: "This is not an id.",
    "uuid_parsing": lambda _: "This is not an id.",
    "datetime_from_date_parsing": lambda _: "Give a time as in 2026-12-01T09:30:00Z.",
    "datetime_parsing": lambda _: "Give a time as in 2026-12-01T09:30:00Z.",
    "date_from_datetime_parsing": lambda _: "Give a date as in 2026-12-01.",
    "date_parsing": lambda _: "Give a date as in 2026-12-01.",
    "json_invalid": lambda _: "This is not valid JSON.",
}


def field_errors(error: ValidationError, prefix: str = "") -> list[FieldError]:
    """One entry for each thing that is wrong, in order; `prefix` is the JSON Pointer of the validated value."""
    found = error.errors(include_url=False, include_input=False)
    return [FieldError(prefix + pointer(detail["loc"]), _message(detail), detail["type"]) for detail in found]


def pointer(location: tuple[int | str, ...]) -> str:
    """A JSON Pointer (RFC 6901) to that place: `/features/2`; empty for the whole."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def invalid(error: ValidationError, message: str = "Some values can't be used.", prefix: str = "") -> Invalid:
    """The domain error that says the same."""
    return Invalid(message, errors=field_errors(error, prefix))


def _message(detail: ErrorDetails) -> str:
    say = _MESSAGES.get(detail["type"])
    return say(detail.get("ctx") or {}) if say else detail["msg"]
