"""Whatever changes a data table or a row of it. Rows are written by one statement each: workflows write many."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert

from app.automations.tables.errors import ColumnTwice, NoSuchRow, RowExists
from app.automations.tables.models import DataRow, DataTable
from app.automations.tables.schemas import RowInput, TableInput
from app.automations.tables.values import BadRow, fitted
from app.core.audit import Actor, audit_as, audit_each
from app.core.clock import now
from app.core.errors import Invalid
from app.core.ids import new_id
from app.core.records import apply_changes
from app.core.rls import rows_of
from app.extensions import db
from app.identity.companies import company_for
from app.identity.identities import Identity

FoundRow = Any
"""A row as `COLUMNS` has it."""
_TABLE: Any = DataRow.__table__
COLUMNS = (_TABLE.c.id, _TABLE.c.key, _TABLE.c["values"].label("content"), _TABLE.c.created_at, _TABLE.c.updated_at)
_GIVEN = ("id", "table_id", "client_id", "key")
_INSERT = """
    insert into data_rows (id, table_id, client_id, key, values, created_at, updated_at)
    select given.id, given.table_id, given.client_id, given.key, given.content, %(now)s, %(now)s
      from unnest(%(ids)s::uuid[], %(table_ids)s::uuid[], %(client_ids)s::uuid[], %(keys)s::text[],
                  %(contents)s::jsonb[]) with ordinality given (id, table_id, client_id, key, content, place)
     order by given.table_id, given.key, given.place
    on conflict (table_id, key) do nothing
    returning id, key, values, created_at, updated_at
"""


class Found(NamedTuple):
    """A row that was written by `_INSERT`, as `COLUMNS` has it."""

    id: UUID
    key: str
    content: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class CompanyIsFixed(Invalid):
    """A table stays with the company that it was made for."""


def create_table(values: TableInput, /, *, actor: Identity) -> DataTable:
    audit_as(db.session, actor=actor, action="create")
    fields = values.model_dump(exclude={"client_id"})
    _require_each_once(fields["columns"])
    table = DataTable(client_id=company_for(actor, values.client_id), **fields)
    db.session.add(table)
    db.session.flush()
    return table


def update_table(table: DataTable, changes: Mapping[str, Any], /, *, actor: Actor) -> DataTable:
    """Rows that are there keep their values, whatever becomes of the columns; new ones fit the new columns."""
    audit_as(db.session, actor=actor, action="update")
    changes = dict(changes)
    if changes.pop("client_id", None) not in (None, table.client_id):
        raise CompanyIsFixed("The company of a table can’t be changed.", at="/client_id", wrong="fixed")
    if "columns" in changes:
        changes["columns"] = [c if isinstance(c, dict) else c.model_dump() for c in changes["columns"]]
        _require_each_once(changes["columns"])
    apply_changes(table, changes)
    db.session.flush()
    return table


def add_row(table: DataTable, values: RowInput, /, *, actor: Actor) -> DataRow:
    """Add a row to a table, as people and programs do. Raises `RowExists`."""
    row = write_row(table, values.key, values.values, actor=actor)
    return db.session.get_one(DataRow, row.id)


def update_row(row: DataRow, changes: Mapping[str, Any], /, *, actor: Actor) -> DataRow:
    """Change a row. The values that are named are changed, the others stay; a key of None stays as it is."""
    audit_as(db.session, actor=actor, action="update")
    if changes.get("values"):
        row.values = row.values | fitted(row.table.columns, changes["values"], whole=False)
    if changes.get("key"):
        row.key = changes["key"]
    db.session.flush()
    return row


def delete_row(row: DataRow, /, *, actor: Actor) -> None:
    audit_as(db.session, actor=actor, action="delete")
    db.session.delete(row)
    db.session.flush()


def write_row(table: Any, key: str | None, values: Mapping[str, Any], *, actor: Actor) -> FoundRow:
    """Add a row; without a key, its id is the key. `table` has the id, company and columns. Raises `RowExists`."""
    audit_as(db.session, actor=actor, action="create")
    row = _row(table, key, fitted(table.columns, values, whole=True))
    made = _insert([row]).get(row["id"])
    if made is None:
        raise RowExists
    return made


@dataclass(frozen=True)
class NewRow:
    """A row that is to be added with others, as a change of its own. `table` has the id, company and columns."""

    table: Any
    key: str | None
    values: Mapping[str, Any]
    request_id: str


def write_rows(rows: Sequence[NewRow], *, actor: Actor) -> list[FoundRow | BadRow | RowExists]:
    """Add rows by one statement, as `write_row` does one. In place of a row that can't be added is the reason. Of two
    with the same key, the first one is added. To be called within a savepoint (`audit_each`)."""
    audit_as(db.session, actor=actor, action="create")
    outcomes: list[Any] = [_fitting(row) for row in rows]
    new = [outcome for outcome in outcomes if isinstance(outcome, dict)]
    changes = {
        outcome["id"]: (new_id(), row.request_id)
        for row, outcome in zip(rows, outcomes, strict=True)
        if isinstance(outcome, dict)
    }
    with audit_each(db.session, changes):
        made = _insert(new)
    return [
        made.get(outcome["id"], RowExists()) if isinstance(outcome, dict) else outcome for outcome in outcomes
    ]  # fmt: skip


def _fitting(row: NewRow) -> dict[str, Any] | BadRow:
    try:
        return _row(row.table, row.key, fitted(row.table.columns, row.values, whole=True))
    except BadRow as error:
        return error


def _insert(rows: Sequence[Mapping[str, Any]]) -> dict[UUID, FoundRow]:
    """Add the rows whose keys aren't taken, in the order of their keys, so that nobody waits in a circle; by id."""
    values: dict[str, Any] = {f"{name}s": [row[name] for row in rows] for name in _GIVEN}
    values |= {"contents": [json.dumps(row["values"]) for row in rows], "now": now()}
    found = rows_of(db.session.connection(), _INSERT, values) if rows else []
    return {one[0]: Found(*one) for one in found}


def upsert_row(table: Any, key: str, values: Mapping[str, Any], *, actor: Actor) -> tuple[FoundRow, bool]:
    """Add a row, or change the one of that key; and whether it is new. Two at once make one row."""
    audit_as(db.session, actor=actor, action="update")
    found = _changed(table, key, values)
    if found is not None:
        return found, False
    audit_as(db.session, actor=actor, action="create")
    kept = fitted(table.columns, values, whole=True)
    statement = insert(_TABLE).values(_row(table, key, kept))
    merged = _TABLE.c["values"].op("||")(statement.excluded["values"])
    statement = statement.on_conflict_do_update(
        index_elements=["table_id", "key"], set_={"values": merged, "updated_at": statement.excluded.updated_at}
    )
    made = db.session.execute(statement.returning(*COLUMNS, literal_column("xmax = 0").label("is_new"))).one()
    return made, made.is_new


def change_row(table: Any, key: str, values: Mapping[str, Any], *, actor: Actor) -> FoundRow:
    """Change the values that are named. Raises `NoSuchRow`."""
    audit_as(db.session, actor=actor, action="update")
    found = _changed(table, key, values)
    if found is None:
        raise NoSuchRow
    return found


def remove_row(table: Any, key: str, *, actor: Actor) -> FoundRow:
    """Delete the row of that key; what it was. Raises `NoSuchRow`."""
    audit_as(db.session, actor=actor, action="delete")
    statement = delete(_TABLE).where(_TABLE.c.table_id == table.id, _TABLE.c.key == key).returning(*COLUMNS)
    found = db.session.execute(statement).one_or_none()
    if found is None:
        raise NoSuchRow
    return found


def _changed(table: Any, key: str, values: Mapping[str, Any]) -> FoundRow | None:
    """The row of that key with these values, others as they were; None if there is none. Equal ones write nothing."""
    here = (_TABLE.c.table_id == table.id, _TABLE.c.key == key)
    there = db.session.execute(select(*COLUMNS).where(*here).with_for_update()).one_or_none()
    if there is None:
        return None
    merged = {**there.content, **fitted(table.columns, values, whole=False)}
    if merged == there.content:
        return there
    statement = update(_TABLE).where(*here).values(values=merged, updated_at=now())
    return db.session.execute(statement.returning(*COLUMNS)).one()


def _require_each_once(columns: Sequence[Mapping[str, Any]]) -> None:
    names = [column["name"] for column in columns]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ColumnTwice(f"Column names must be unique: {twice} is used twice.")


def _row(table: Any, key: str | None, values: Mapping[str, Any]) -> dict[str, Any]:
    row_id, moment = new_id(), now()
    return {
        "id": row_id, "table_id": table.id, "client_id": table.client_id, "key": key or str(row_id),
        "values": values, "created_at": moment, "updated_at": moment,
    }  # fmt: skip
