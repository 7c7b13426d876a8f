"""A record's list of parts that is sent whole: offerings of a category, members of a team, lines of a document."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from app.core.errors import DomainError, Invalid

P = TypeVar("P")
K = TypeVar("K")


class NoSuchPart(Invalid):
    """A list names a part by an id that isn't there, or twice."""

    says = "There is no such part, or it is named twice."


def reconcile(
    there: Mapping[K, P],
    given: Iterable[tuple[K | None, Mapping[str, Any]]],
    make: Callable[..., P],
    *,
    at: str = "",
    missing: type[DomainError] = NoSuchPart,
    ordered: bool = True,
) -> tuple[list[P], bool]:
    """The parts as they are given, and whether any was added, removed, moved or changed. A part whose key exists keeps
    its row, so that the history shows what really changed; only values that differ are written.

    Others are made. Where keys are ids, which only the portal assigns, `at` is what the input calls the list, and a key
    that doesn't exist, or is given twice, is refused as `missing`. `ordered` parts have a `position`.
    """
    left, parts, changed = dict(there), [], False
    for place, (key, values) in enumerate(given):
        fields = {**values, "position": place} if ordered else values
        part = None if key is None else left.pop(key, None)
        if part is not None:
            changed |= write(part, fields)
        elif key is not None and at:
            raise missing(at=f"/{at}/{place}/id", wrong="unknown")
        else:
            part, changed = make(**fields), True
        parts.append(part)
    return parts, changed or len(parts) != len({id(part) for part in there.values()})


def write(record: Any, values: Mapping[str, Any]) -> bool:
    """Set the values that differ, and return whether any did."""
    different = {name: value for name, value in values.items() if getattr(record, name) != value}
    for name, value in different.items():
        setattr(record, name, value)
    return bool(different)
