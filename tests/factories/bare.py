"""Records that have nothing but what they must have, beside those that are full."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Table, text
from sqlalchemy.exc import DBAPIError

from app.core.audit import SYSTEM, audit_as
from app.core.ids import new_id
from app.extensions import db


def add_bare(models: Iterable[Any], copies: int = 2) -> None:
    """Beside the rows of each model, copies of them whose columns are empty as far as the table's rules allow."""
    audit_as(db.session, actor=SYSTEM, action="fill")
    for model in sorted(models, key=lambda model: model.__tablename__):
        table: Table = model.__table__
        empty = [column.name for column in table.columns if column.nullable and column.computed is None]
        for _ in range(copies):
            key = _copy(table)
            for name in empty * 2 if key is not None else ():
                _try(f"update {table.name} set {name} = null where id = :key", key=key)
    db.session.commit()


def _copy(table: Table) -> Any:
    key = new_id()
    names = [column.name for column in table.columns if column.computed is None and column.name != "search"]
    values = [OTHER.get(f"{table.name}.{name}") or OTHER.get(name, name) for name in names]
    given = {"key": key} | ({"part": key.hex[-6:]} if any(":part" in value for value in values) else {})
    copied = _try(
        f"insert into {table.name} ({', '.join(names)}) select {', '.join(values)} from {table.name} t limit 1", **given
    )
    return key if copied else None


OTHER = {
    "id": ":key",
    "aliases": "'{}'",
    "projects.status": "'requested'",
    "data_rows.key": "'row ' || :part",
    "number": "(select max(number) + 1 from change_orders)",
    "request_id": "(select id from match_requests where id not in (select request_id from matches) limit 1)",
    "time_off.starts_on": "(select max(ends_on) + 1 from time_off)",
    "time_off.ends_on": "(select max(ends_on) + 2 from time_off)",
    "automation_secrets.name": "name || '_' || :part",
    "automation_versions.number": "number + (random() * 1e9)::bigint",
    "secret_hash": "secret_hash || decode(:part, 'hex')",
} | {
    name: f"{name} || '-' || :part"
    for name in ("name", "name_skeleton", "slug", "username", "identifier", "email", "prefix")
}
"""What a copy can't share with the row that it is copied from."""


def _try(statement: str, **given: Any) -> bool:
    try:
        with db.session.begin_nested():
            db.session.execute(text(statement), given)
    except DBAPIError:
        return False
    return True
