"""The values of a row, as the columns of its table have them."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import Any

from app.automations.tables.models import LARGEST_ROW
from app.core.errors import Conflict, FieldError


class BadRow(Conflict):
    """The row doesn't fit into the table as it is now; `errors` says where."""


def fitted(columns: Sequence[Mapping[str, Any]], given: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    """The values as they are kept. A `whole` row has all that is required. Raises `BadRow`."""
    types = {column["name"]: column for column in columns}
    errors: list[FieldError] = []
    kept = dict(given)
    for name, value in given.items() if types else ():
        if name not in types:
            errors.append(FieldError(f"/values/{name}", _no_column(name, types), "unknown-column"))
        elif value is not None:
            try:
                kept[name] = _READERS[types[name]["type"]](value)
            except (TypeError, ValueError, OverflowError):
                wanted = _WANTED[types[name]["type"]]
                errors.append(FieldError(f"/values/{name}", f"{name} must be {wanted}.", "wrong-type"))
    for name, column in types.items():
        if column["required"] and kept.get(name) is None and (whole or name in kept):
            errors.append(FieldError(f"/values/{name}", f"{name} is required.", "missing"))
    if not errors and len(json.dumps(kept, ensure_ascii=False).encode()) > LARGEST_ROW:
        errors.append(FieldError("/values", "A row can have at most 64 KiB.", "too-large"))
    if errors:
        raise BadRow(errors[0].message, errors=errors)
    return kept


def _no_column(name: str, known: Mapping[str, Any]) -> str:
    close = get_close_matches(name, list(known), 1)
    return f"The table has no column {name}." + (f" Did you mean {close[0]}?" if close else "")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")


def _number(value: Any) -> int | float:
    """A number, or a text that is one; “1.500,00” is a question that nobody answers here."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError
    return value


def _boolean(value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise TypeError
    return value


def _date(value: Any) -> str:
    return date.fromisoformat(_text(value)).isoformat()


def _time(value: Any) -> str:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "text": _text, "number": _number, "boolean": _boolean, "date": _date, "time": _time, "json": lambda value: value,
}  # fmt: skip
_WANTED: Mapping[str, str] = {
    "text": "text", "number": "a number, such as 12.5", "boolean": "true or false",
    "date": "a date, such as 2026-12-01",
    "time": "a date and time with UTC offset, such as 2026-12-01T09:30:00Z", "json": "any value",
}  # fmt: skip
