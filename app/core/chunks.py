"""Long sequences in pieces."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def chunked(items: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    """The items in order, `size` at a time; the last piece may be shorter."""
    rest = iter(items)
    while piece := list(islice(rest, size)):
        yield piece
