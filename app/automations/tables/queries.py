"""Finding tables by name, and rows by their values or words."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, select, text
from sqlalchemy.dialects.postgresql import JSONB, TSQUERY

from app.automations.tables.errors import NoSuchTable
from app.automations.tables.models import WORDS, DataRow, DataTable
from app.automations.tables.operations import COLUMNS, FoundRow
from app.extensions import db

_TABLE: Any = DataRow.__table__
_NAMED = select(DataTable.id, DataTable.client_id, DataTable.columns).where(DataTable.archived_at.is_(None))


def table_named(client_id: UUID, name: str) -> FoundRow:
    """The id and columns of a company's table. Raises `NoSuchTable`."""
    found = db.session.execute(_NAMED.where(DataTable.client_id == client_id, DataTable.name == name)).one_or_none()
    if found is None:
        raise NoSuchTable(f"The company has no table {name}.")
    return found


def columns_by_table(client_id: UUID) -> dict[str, Any]:
    """The columns of each of a company's tables, by its name."""
    query = select(DataTable.name, DataTable.columns).where(
        DataTable.client_id == client_id, DataTable.archived_at.is_(None)
    )
    return dict(db.session.execute(query).all())


def row_with_key(table_id: UUID, key: str) -> FoundRow | None:
    return db.session.execute(
        select(*COLUMNS).where(_TABLE.c.table_id == table_id, _TABLE.c.key == key)
    ).one_or_none()  # fmt: skip


def rows_with(table_id: UUID, values: Mapping[str, Any], *, limit: int) -> list[FoundRow]:
    """Rows that have these values, the newest first, and one more than `limit` if there is. None is also what a row
    doesn't have."""
    query = select(*COLUMNS).where(_TABLE.c.table_id == table_id)
    query = query.where(*(_TABLE.c["values"][name].astext.is_(None) for name, value in values.items() if value is None))
    if there := {name: value for name, value in values.items() if value is not None}:
        query = query.where(_TABLE.c["values"].contains(literal(there, JSONB)))
    newest = (_TABLE.c.created_at.desc(), _TABLE.c.id.desc())
    return list(db.session.execute(query.order_by(*newest).limit(limit + 1)))


def has_words(words: str) -> ColumnElement[bool]:
    """Whether a row has the words or numbers; each word may be the beginning of one."""
    plain = "".join(c if c.isalnum() else " " for c in words).split()
    spelled = func.to_tsquery(text("'diglit'::regconfig"), " & ".join(f"{word}:*" for word in plain), type_=TSQUERY)
    return WORDS.bool_op("@@")(spelled)


def begins_with(key: str) -> ColumnElement[bool]:
    """Whether a row's key begins so, as the index of keys can tell."""
    return DataRow.key.startswith(key, autoescape=True)
