"""Where in what was sent a problem is that pydantic found: its own locations also name branches of unions."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.core.errors import FieldError
from app.core.validation import message_of, pointer


def problems_of_form(error: ValidationError, sent: Any, at: str) -> list[FieldError]:
    """One entry for each place, in order; `at` is where `sent` stands in the whole."""
    found: dict[str, FieldError] = {}
    for detail in error.errors(include_url=False):
        place, message = _place(detail, sent), message_of(detail)
        if detail["type"].startswith("union_tag"):
            place, message = [*place, "type"], _choices(detail)
        where = at + pointer(place)
        found.setdefault(where, FieldError(where, message, detail["type"]))
    return list(found.values())


def _place(detail: ErrorDetails, sent: Any) -> list[str | int]:
    """The parts of its location that are members of what was sent, or are missing in it."""
    place: list[str | int] = []
    here, loc = sent, detail["loc"]
    for index, part in enumerate(loc):
        is_missing = detail["type"] == "missing" and index == len(loc) - 1
        if is_missing or _has(here, part):
            place.append(part)
            here = None if is_missing else here[part]
    return place


def _has(value: Any, part: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, dict) and part in value


def _choices(detail: ErrorDetails) -> str:
    """What the `type` of a union may be."""
    context: dict[str, Any] = detail.get("ctx", {})
    expected: Sequence[str] = str(context.get("expected_tags", "")).replace("'", "").split(", ")
    if "tag" not in context or not expected[0]:
        return "Fill this in."
    return f"Unknown type {context['tag']}. Use one of {', '.join(expected)}."
