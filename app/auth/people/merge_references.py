"""Which rows refer to a user or a company: found from the foreign keys of the schema, so that a later table is covered
from the day it is there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Table, func, select

from app.core.clock import now
from app.core.db import Base
from app.extensions import db

# What proves who somebody is, and what was issued on that proof: nobody inherits it.
ENDED = frozenset(
    {
        "api_keys",
        "known_browsers",
        "linked_identities",
        "oauth_grants",
        "passkeys",
        "recovery_codes",
        "refresh_tokens",
        "tickets",
        "two_factors",
        "user_sessions",
    }
)
# What happened, as it happened: written once.
KEPT = frozenset({"audit_entries", "outgoing_mails"})


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

    @property
    def label(self) -> str:
        """In words: “notifications”, “oauth applications (created by)”."""
        words = self.table.name.replace("_", " ")
        role = self.column.name.removesuffix("_id").replace("_", " ")
        return words if role in ("user", "client") else f"{words} ({role})"


def references_to(table: str) -> Iterator[Reference]:
    """Every column that refers to rows of the table, in the order of the schema."""
    for found in Base.metadata.sorted_tables:
        for column in found.columns:
            if any(key.column.table.name == table for key in column.foreign_keys) or _is_unbound(column, table):
                yield Reference(column)


def _is_unbound(column: Column[Any], table: str) -> bool:
    """A company's id that no foreign key holds."""
    return table == "clients" and column.name == "client_id" and not column.foreign_keys


def moving(table: str) -> list[Reference]:
    """The references that a merge carries over."""
    return [found for found in references_to(table) if found.table.name not in ENDED | KEPT]


def ending(table: str) -> list[Reference]:
    """The references whose rows end with the account that they were issued to."""
    return [found for found in references_to(table) if found.table.name in ENDED and found.column.name != "client_id"]


def count(references: Sequence[Reference], of: UUID) -> dict[str, int]:
    """How many rows each refers with, by its label; those with none are left out."""
    if not references:
        return {}
    counts = [select(func.count()).where(found.column == of).scalar_subquery() for found in references]
    numbers = db.session.execute(select(*counts)).one()
    return {found.label: number for found, number in zip(references, numbers, strict=True) if number}


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
