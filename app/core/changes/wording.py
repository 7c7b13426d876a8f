"""Fields and values of records in words for people: titles from the input schema, names in place of ids."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, get_args
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Column, column, inspect, select, table
from sqlalchemy.orm import Session

from app.core.db import Base
from app.core.resources import Resource, find_by_table

EMPTY = ""


class Names:
    """Names of the records that ids refer to, fetched in one query per table."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}

    @classmethod
    def load(cls, session: Session, references: Iterable[tuple[str, Any]]) -> "Names":
        """The names for pairs of table and id; what has no name, or is gone, is called by its id."""
        wanted: dict[str, set[UUID]] = defaultdict(set)
        for target, value in references:
            if value is not None:
                wanted[target].add(UUID(str(value)))
        names = cls()
        for target, ids in wanted.items():
            label = _label_column(target)
            source = table(target, column("id"), column(label))
            query = select(source.c.id, source.c[label]).where(source.c.id.in_(ids))
            names._names.update({(target, str(key)): name for key, name in session.execute(query)})
        return names

    def of(self, target: str, value: Any) -> str:
        return str(self._names.get((target, str(value)), value))


@cache
def _label_column(table_name: str) -> str:
    columns = Base.metadata.tables[table_name].columns
    return next((name for name in ("name", "username") if name in columns), "id")


def target_of(table_name: str, field: str) -> str | None:
    """The table that a column's ids refer to."""
    found: Column[Any] | None = Base.metadata.tables[table_name].columns.get(field)
    return next((key.column.table.name for key in found.foreign_keys), None) if found is not None else None


def references_in(table_name: str, fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for field, value in fields.items():
        if target := target_of(table_name, field):
            yield target, value


def label_of(resource: Resource | None, field: str) -> str:
    """What a field is called in the form of the record or of its parts."""
    if field == "archived_at":
        return "State"
    return (_titles(resource.input) if resource else {}).get(field) or field.replace("_", " ").capitalize()


def in_form_order(resource: Resource | None, fields: Iterable[str]) -> list[str]:
    """Fields as the form of the record and its parts has them; what is not on the form comes last."""
    known = list(_titles(resource.input)) if resource else []
    return sorted(fields, key=lambda field: known.index(field) if field in known else len(known))


@cache
def _titles(schema: type[BaseModel]) -> dict[str, str]:
    titles: dict[str, str] = {}
    for info in schema.model_fields.values():
        for part in schemas_in(info.annotation):
            titles |= _titles(part)
    return titles | {name: info.title for name, info in schema.model_fields.items() if info.title}


def schemas_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from schemas_in(part)


def in_words(value: Any, *, field: str = "", target: str | None = None, names: Names | None = None) -> str:
    """One value as text; nothing for an empty one."""
    if field == "archived_at":
        return "archived" if value else "active"
    if value is None or value == "":
        return EMPTY
    if target and names and not isinstance(value, (list, tuple)):
        return names.of(target, value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if isinstance(value, (list, tuple)):
        return ", ".join(in_words(item, target=target, names=names) for item in value)
    if isinstance(value, BaseModel):
        value = value.model_dump()
    if isinstance(value, Mapping):
        listed = "; ".join(f"{key}: {in_words(item)}" for key, item in value.items())
        return str(value.get("name") or value.get("id") or listed)
    return str(value)


def packed(resource: Resource, field: str, value: Any) -> str:
    """The value of a field with records inside, as it stands in a file."""
    return resource.cells[field].write(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump()
    return [_plain(item) for item in value] if isinstance(value, list) else value


def part_kind(table_name: str, parent_table: str) -> str:
    """What one part of a record is called: an `offering`, or the `product` that a link refers to."""
    target = link_target(table_name, parent_table)
    if target and (resource := find_by_table(target[1])):
        return resource.singular
    return kind_of(table_name)


def kind_of(table_name: str) -> str:
    """What a row of that table is called: a `time off`."""
    mapper = next(m for m in Base.registry.mappers if m.local_table.name == table_name)  # type: ignore[attr-defined]
    return "".join(f" {c.lower()}" if c.isupper() else c for c in inspect(mapper).class_.__name__).strip()


@cache
def link_target(table_name: str, parent_table: str) -> tuple[str, str] | None:
    """Of a table that only links its parent to another: the column and the other table."""
    columns = Base.metadata.tables[table_name].columns
    if "name" in columns:
        return None
    found = ((c.name, target_of(table_name, c.name)) for c in columns)
    return next(((name, target) for name, target in found if target and target != parent_table), None)
