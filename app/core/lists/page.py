"""A page of a list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.lists.query import ListQuery


@dataclass(frozen=True)
class Page:
    """Rows of a list. `total` is the number of rows that match on all pages; where `total_is_exact` is false there are
    more than that. `corrections` tells which words of the search were read as which others."""

    rows: Sequence[Any]
    total: int
    total_is_exact: bool
    next_cursor: str | None
    prev_cursor: str | None
    query: ListQuery
    corrections: Mapping[str, str] = field(default_factory=dict)
    drawn: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    """What a caller made of these rows, and may use again for as long as the page is current."""
