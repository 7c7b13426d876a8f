"""Fields and values of records in words for people: titles from the input schema, names in place of ids."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel
from sqlalchemy import ARRAY, JSON, Column, Date, DateTime

from app.core.changes.naming import Names, kind_of
from app.core.dates import day_in_words
from app.core.db import Base
from app.core.exact_json import ExactJson
from app.core.hours import WEEKDAYS, hours_in_words
from app.core.kinds import Editing, Kind, find_by_table, label_in

EMPTY = ""


def target_of(table_name: str, field: str) -> str | None:
    """The table that a column's ids refer to."""
    found: Column[Any] | None = Base.metadata.tables[table_name].columns.get(field)
    return next((key.column.table.name for key in found.foreign_keys), None) if found is not None else None


def references_in(table_name: str, fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for field, value in fields.items():
        if target := target_of(table_name, field):
            yield target, value


def label_of(kind: Kind | None, field: str) -> str:
    """What a field is called in the form of the record or of its parts."""
    if field == "archived_at":
        return "State"
    title = _titles_of(kind).get(field)
    return title or re.sub("_ids?$", "", field).replace("_", " ").capitalize()


def in_form_order(kind: Kind | None, fields: Iterable[str]) -> list[str]:
    """Fields as the form of the record and its parts has them; what is not on the form comes last."""
    known = list(_titles_of(kind))
    return sorted(fields, key=lambda field: known.index(field) if field in known else len(known))


def _titles_of(kind: Kind | None) -> dict[str, str]:
    editing = kind.editing if kind else None
    return _titles(editing.input) if editing else {}


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
    if isinstance(value, (list, tuple)):
        return ", ".join(filter(None, (in_words(item, field=field, target=target, names=names) for item in value)))
    if isinstance(value, BaseModel):
        value = value.model_dump()
    if isinstance(value, Mapping):
        if value and value.keys() <= WEEKDAYS.keys():
            return "; ".join(
                f"{name[:3]} {hours_in_words(value[day])}" for day, name in WEEKDAYS.items() if value.get(day)
            )
        return str(value.get("name") or value.get("title") or "; ".join(_pairs_in_words(value)))
    if field in CHOICES and isinstance(value, str):
        return choice_in_words(value)
    return _plain_in_words(value)


CHOICES = frozenset({"status", "kind", "role", "company_role", "hours", "via", "state", "grant_types", "trigger"})
"""Fields that hold one of a few words of the program's, or some of them."""


def choice_in_words(value: str) -> str:
    """`on_hold` as people read it: `On hold`."""
    return value.replace("_", " ").replace("-", " ").capitalize() if value.islower() else value


def _in_utc(value: datetime) -> str:
    moment = value.astimezone(UTC)
    return f"{day_in_words(moment)}, {moment:%H:%M} UTC"


_moment_in_words: list[Callable[[datetime], str]] = [_in_utc]


def write_moments(write: Callable[[datetime], str]) -> None:
    """Let moments stand as a surface writes them for its reader; in UTC until then."""
    _moment_in_words[:] = [write]


def _plain_in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, datetime):
        return _moment_in_words[-1](value)
    return day_in_words(value) if isinstance(value, date) else str(value)


def _pairs_in_words(value: Mapping[str, Any]) -> Iterator[str]:
    """Each value with what it is called; ids say nothing to anybody."""
    for key, item in value.items():
        told = EMPTY if _IS_ID.search(str(key)) else in_words(item, field=str(key))
        if told:
            yield told if _UUID.fullmatch(str(key)) else f"{label_of(None, str(key))}: {told}"


_IS_ID = re.compile(r"(^|_)ids?$")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d.*")


def is_id(text: str) -> bool:
    return bool(_UUID.fullmatch(text))


def as_column(table_name: str, field: str, value: Any) -> Any:
    """A value of an audit entry, which is JSON, as the column holds it: days and moments as such."""
    found: Column[Any] | None = Base.metadata.tables[table_name].columns.get(field)
    if found is None or isinstance(found.type, (Date, DateTime, ARRAY, JSON, ExactJson)):
        return _with_days(value)
    return value


def _with_days(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_days(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_days(item) for item in value]
    if not isinstance(value, str) or _UUID.fullmatch(value):
        return None if isinstance(value, str) else value
    try:
        if _DAY.fullmatch(value):
            return date.fromisoformat(value)
        return datetime.fromisoformat(value) if _MOMENT.fullmatch(value) else value
    except ValueError:
        return value


def packed(editing: Editing, field: str, value: Any) -> str:
    """The value of a field with records inside, as it stands in a file."""
    return editing.cells[field].write(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump()
    return [_plain(item) for item in value] if isinstance(value, list) else value


def part_kind(table_name: str, parent_table: str) -> str:
    """What one part of a record is called: an `offering`, or the `product` that a link refers to."""
    target = link_target(table_name, parent_table)
    kind = find_by_table(target[1]) if target else None
    return kind.singular if kind and target and kind.table == target[1] else kind_of(table_name)


@cache
def link_target(table_name: str, parent_table: str) -> tuple[str, str] | None:
    """Of a table that only links its parent to another: the column and the other table."""
    if label_in(table_name) is not None:
        return None
    columns = Base.metadata.tables[table_name].columns
    found = ((c.name, target_of(table_name, c.name)) for c in columns)
    return next(((name, target) for name, target in found if target and target != parent_table), None)
