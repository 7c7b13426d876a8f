"""Which rows refer to a user or a company, and what a merge does about them: each foreign key says so (`Merging`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Column, Table, func, select

from app.core.clock import now
from app.core.db import MERGING, Base
from app.core.kinds import find_by_table
from app.extensions import db
from app.identity.models import Merging


@dataclass(frozen=True)
class Reference:
    """A column whose values are ids of users, or of companies."""

    column: Column[Any]

    @property
    def table(self) -> Table:
        return self.column.table

    @property
    def key(self) -> Column[Any] | None:
        """The column that names a row alone, where there is one."""
        keys = list(self.table.primary_key.columns)
        return keys[0] if len(keys) == 1 else None

    @property
    def name(self) -> str:
        return f"{self.table.name}.{self.column.name}"

    def label(self, number: int) -> str:
        """What so many of its rows are called: “notification”, “applications (created by)”."""
        kind, words = find_by_table(self.table.name), self.table.name.replace("_", " ")
        one, more = words.removesuffix("s") if words != "number series" else words, words
        if kind is not None and kind.table == self.table.name:
            one, more = kind.singular, kind.plural
        role = self.column.name.removesuffix("_id").replace("_", " ")
        return (one if number == 1 else more) + ("" if role in ("user", "client") else f" ({role})")


def references_to(table: str, *merging: Merging) -> list[Reference]:
    """The columns that refer to rows of the table, in the order of the schema, of which a merge does that."""
    columns = (column for found in Base.metadata.sorted_tables for column in found.columns)
    return [Reference(column) for column in columns if merging_of(column, table) in merging]


def merging_of(column: Column[Any], table: str) -> Merging | None:
    """What a merge does about rows that refer to the table by this column, as the model says; None if they don't."""
    for key in column.foreign_keys:
        if key.column.table.name == table:
            return cast("Merging", key.info[MERGING])
    return cast("Merging", column.info[MERGING]) if table == "clients" and column.name == "client_id" else None


def count(references: Sequence[Reference], of: UUID) -> dict[str, int]:
    """How many rows each refers with, by its label; those with none are left out."""
    if not references:
        return {}
    counts = [select(func.count()).where(found.column == of).scalar_subquery() for found in references]
    numbers = db.session.execute(select(*counts)).one()
    return {found.label(number): number for found, number in zip(references, numbers, strict=True) if number}


def shared_names(reference: Reference, one: UUID, other: UUID, most: int = 5) -> list[str]:
    """The names that rows of both have, where the table has names."""
    name = reference.table.c.get("name")
    if name is None:
        return []
    theirs = select(name).where(reference.column == other)
    query = select(name).where(reference.column == one, name.in_(theirs)).order_by(name).limit(most)
    return list(db.session.scalars(query))


def redirect(reference: Reference, *, old: UUID, new: UUID, only: Sequence[Any] | None = None) -> list[Any] | None:
    """Let the rows that refer to `old` refer to `new`; the keys of those that were changed, None where none is kept.

    `only` names the rows, by their keys.
    """
    table, key = reference.table, reference.key
    values: dict[str, Any] = {reference.column.name: new}
    if "updated_at" in table.c:
        values["updated_at"] = now()
    statement = table.update().where(reference.column == old).values(values)
    if only is not None and key is not None:
        statement = statement.where(key.in_(only))
    if key is None:
        db.session.execute(statement)
        return None
    return list(db.session.scalars(statement.returning(key)))
