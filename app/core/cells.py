"""Values as cells of a spreadsheet file. What the export writes, the import reads back as it was."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

BETWEEN_ITEMS = " | "

_SUSPECT = ("'", "=", "+", "-", "@", "\t", "\r", "\n")
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_GUARDED = re.compile(r"'+[=+\-@\t\r\n]")
_ITEM_END = re.compile(r"(?<!\\)((?:\\\\)*)\|")
_ESCAPED = re.compile(r"\\([\\|])")


def guard(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(_SUSPECT) and _FORMULA.match(text) else text


def shield(text: str) -> str:
    """The text as `unguard` gives it back, for files whose texts no spreadsheet takes for formulas."""
    return f"'{text}" if _GUARDED.match(text) else text


def unguard(text: str) -> str:
    """The text that `guard` was given."""
    return text[1:] if _GUARDED.match(text) else text


def join_items(items: Sequence[str]) -> str:
    """A list in one cell; a bar within an item is written as `\\|`."""
    return BETWEEN_ITEMS.join(item.replace("\\", "\\\\").replace("|", "\\|") for item in items)


def split_items(text: str) -> list[str]:
    """The list that a cell holds, without blanks around the items; empty items are left out."""
    parts = _ITEM_END.sub("\\1\0", text).split("\0")
    return [item for part in parts if (item := _ESCAPED.sub(r"\1", part.strip()))]


def cell(value: Any, decimal: str = ".") -> str:
    """The value as a cell of a text file: `as_text`, guarded, with that decimal mark."""
    if isinstance(value, Decimal | float):
        return as_text(value).replace(".", decimal)
    text = as_text(value)
    return guard(text) if isinstance(value, str | list | tuple) else text


def as_text(value: Any) -> str:
    """The value as text: amounts plain, times in UTC as RFC 3339 has them, nothing for nothing."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, list | tuple):
        return join_items(value)
    return str(value)
