"""Names in the order of people, which is also how they are compared and indexed."""

from typing import Any

from sqlalchemy import ColumnElement, collate, func


def by_name(text: Any) -> ColumnElement[str]:
    """A text for sorting and comparing: whatever the capitals and accents. Its indexes are on the same expression."""
    return collate(func.plain(text), "C")
