"""What is wrong with values, as problems are told."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any


def place_of(error: Mapping[str, Any]) -> str:
    """Where a value is wrong, of those that pydantic found."""
    return "".join(f"/{part}" for part in error["loc"])


def message_of(error: Mapping[str, Any]) -> str:
    return str(error["msg"]).removeprefix("Value error, ")


def code_of(error: Mapping[str, Any]) -> str:
    return str(error["type"]).replace("_", "-")


def has_expressions(value: Any) -> bool:
    match value:
        case str():
            return "{{" in value
        case list():
            return any(map(has_expressions, value))
        case dict():
            return any(map(has_expressions, value.values()))
    return False


def unknown(what: str, name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, list(known), 1)
    return f"There is no {what} {name}." + (f" Did you mean {close[0]}?" if close else "")
