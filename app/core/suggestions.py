"""Named lists of values that a field or a filter offers: `suggest="product-categories"` in a schema or a filter."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute, Session, scoped_session

from app.core.errors import NotFound
from app.core.lists import distinct_values

Source = InstrumentedAttribute[Any] | Callable[[str, int], Sequence[str]]

_sources: dict[str, Source] = {}
_open: set[str] = set()


def offer(name: str, source: Source, *, to_all: bool = False) -> None:
    """Make `name` known: the distinct values of an indexed column, or what a function of (prefix, limit) gives. What is
    offered `to_all` may be seen by clients and experts, too."""
    _sources[name] = source
    if to_all:
        _open.add(name)


def is_open_to_all(name: str) -> bool:
    return name in _open


def suggest(session: Session | scoped_session[Any], name: str, prefix: str = "", limit: int = 50) -> list[str]:
    """The values that `name` offers, in order, those that begin with `prefix` only."""
    if (source := _sources.get(name)) is None:
        raise NotFound("There are no such suggestions.")
    if isinstance(source, InstrumentedAttribute):
        return list(distinct_values(session, source, prefix=prefix, limit=limit))
    return list(source(prefix, limit))
