"""Any JSON value as a person types it into one field: texts as they are, everything else as JSON.

What would be read as something else stands in quotation marks: "5" is a text, 5 is a number.
"""

import json
from typing import Any, NoReturn

MISSING = object()
"""What an empty field stands for."""


class NotJson(ValueError):
    """It begins like JSON, and isn't. The message says where it goes wrong."""


def to_text(value: Any) -> str:
    """How a value is shown in its field; `from_text` reads the same value out of it."""
    if value is MISSING:
        return ""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False, indent=2 if isinstance(value, list | dict) and value else None)
    try:
        is_itself = from_text(value) == value
    except NotJson:
        is_itself = False
    return value if is_itself else json.dumps(value, ensure_ascii=False)


def from_text(text: str) -> Any:
    """The value that was typed; `MISSING` for nothing. Raises `NotJson`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    bare = text.strip()
    if not bare:
        return MISSING
    if bare.startswith("{{"):
        return text
    try:
        return read_json(bare)
    except NotJson:
        if bare[0] in "[{":
            raise
        return text


def read_json(text: str) -> Any:
    """The value that the JSON stands for. Raises `NotJson`, also for what JSON doesn't have, such as NaN."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} (line {error.lineno}, character {error.colno}).") from None
    except (RecursionError, ValueError) as error:
        message = "It is nested too deeply." if isinstance(error, RecursionError) else f"{error}."
        raise NotJson(message) from None


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} isn't a number of JSON")
