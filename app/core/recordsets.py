"""Many rows in one statement, handed over as JSON: exact, whatever their types, and the triggers run once for all."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, FromClause, Table, column, func, literal, literal_column

from app.core.exact_json import ExactJson


def recordset(table: Table, docs: Sequence[Mapping[str, Any]] | BindParameter[Any]) -> FromClause:
    """The documents as rows with the table's columns, read as the database itself reads them. Where they are a
    parameter (of `ExactJson`), the statement can be used again for others."""
    kind: ColumnElement[Any] = literal_column(f"null::{table.name}")
    given = docs if isinstance(docs, BindParameter) else literal(list(docs), ExactJson())
    rows = func.jsonb_populate_recordset(kind, given)
    return rows.table_valued(*(column(c.name, c.type) for c in table.c)).alias("given")
