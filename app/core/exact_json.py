"""JSON whose numbers stay as they were written, in and out: an amount of 1499.10 never becomes a binary float."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Dialect, Text, cast, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator


def loads(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def dumps(value: Any) -> str:
    """As JSON text: a `Decimal` is a number with all its digits, an id or a time is a string."""
    kind = type(value)
    # The kinds that exports and imports are made of come first: this runs for each of their cells.
    if kind is str:
        return _quoted(value)
    if kind is dict:
        return "{" + ",".join([f"{_quoted(str(key))}:{dumps(item)}" for key, item in value.items()]) + "}"
    if kind is list:
        return "[" + ",".join([dumps(item) for item in value]) + "]"
    if kind is Decimal:
        return format(value, "f")
    return _dumps_other(value)


def _dumps_other(value: Any) -> str:
    if isinstance(value, Mapping):
        return dumps(dict(value))
    if isinstance(value, (list, tuple)):
        return dumps(list(value))
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        value = value.isoformat()
    return json.dumps(str(value) if isinstance(value, UUID) else value)


class ExactJson(TypeDecorator[Any]):
    """A `jsonb` column read and written by `loads` and `dumps`."""

    impl = JSONB
    cache_ok = True

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return type_coerce(cast(column, Text), self)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:
        return lambda value: None if value is None else dumps(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        return lambda value: None if value is None else loads(value)
