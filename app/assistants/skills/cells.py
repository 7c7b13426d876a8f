"""How a skill's parent and relations stand in a file: by name, as in `Google Sheets (0.80)`."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.assistants.skills.graph import look
from app.core.cells import join_items, split_items

_WEIGHTED = re.compile(r"(.*\S)\s*\(([01]?[.,][0-9]{1,4})\)", re.ASCII)


def write_related(related: Sequence[Mapping[str, Any]]) -> str:
    return join_items([f"{each['name']} ({Decimal(each['weight']):.2f})" for each in related])


def read_related(cell: str) -> list[dict[str, str]]:
    """Raises ValueError where a weight is missing; the schema judges it."""
    return [_related(item) for line in cell.splitlines() for item in split_items(line)]


def _related(item: str) -> dict[str, str]:
    match = _WEIGHTED.fullmatch(item)
    if match is None:
        raise ValueError(f"“{item}” doesn’t say how much it counts. Write it as “{item[:60]} (0.80)”.")
    return {"name": match[1], "weight": match[2].replace(",", ".")}


def write_parent(parent_id: UUID | str | None) -> str:
    if parent_id is None:
        return ""
    graph, _ = look()
    return graph.names.get(UUID(str(parent_id)), str(parent_id))


def read_parent(cell: str) -> str:
    """The id of the skill of that name. Raises ValueError where there is none."""
    name = cell.strip()
    graph, (key,) = look([name])
    found = graph.terms.get(key)
    if found is None:
        raise ValueError(f"There is no skill called “{name[:60]}”.")
    return str(found)
