"""What rows are called, in place of their ids."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, inspect, literal, select, union_all
from sqlalchemy.orm import Session

from app.core.db import Base
from app.core.kinds import label_in


class Names:
    """Names of the records that ids refer to, fetched in one query, of however many tables they are."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}

    @classmethod
    def load(cls, session: Session, references: Iterable[tuple[str, Any]]) -> "Names":
        """The names for pairs of table and id."""
        wanted: dict[str, set[UUID]] = defaultdict(set)
        for target, value in references:
            if value is not None:
                wanted[target].add(UUID(str(value)))
        parts = [part for target, ids in wanted.items() if (part := _named(target, ids)) is not None]
        names = cls()
        for target, key, name in session.execute(union_all(*parts)) if parts else ():
            names._names[target, str(key)] = name
        return names

    def of(self, target: str, value: Any) -> str:
        """The name; of what is gone, or has none, its kind. Nothing for no id."""
        if value is None:
            return ""
        gone = f"deleted {kind_of(target)}" if _statement(target) is not None else kind_of(target)
        return str(self._names.get((target, str(value))) or gone)

    def has(self, target: str | None, value: Any) -> bool:
        """Whether the record was there when the names were loaded, so that a link to it leads somewhere."""
        return (target, str(value)) in self._names

    def find(self, target: str, value: Any) -> str:
        """The name, or nothing where there is none."""
        return self._names.get((target, str(value))) or ""


def _statement(table_name: str) -> Any:
    found = label_in(table_name)
    return select(found[0].id, found[1]) if found else None


def _named(table_name: str, ids: Iterable[UUID]) -> Any:
    """A query for the table, ids and names of these rows; none for a table without names."""
    statement = _statement(table_name)
    if statement is None:
        return None
    key, name = statement.where(statement.selected_columns[0].in_(ids)).subquery().columns
    return select(literal(table_name), key, cast(name, Text))


@cache
def kind_of(table_name: str) -> str:
    """What a row of that table is called: a `time off`."""
    mapper = next((m for m in Base.registry.mappers if m.local_table.name == table_name), None)  # type: ignore[attr-defined]
    if mapper is None:
        return table_name.removesuffix("s").replace("_", " ")
    return "".join(f" {c.lower()}" if c.isupper() else c for c in inspect(mapper).class_.__name__).strip()
