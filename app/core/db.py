"""The base of all tables: naming of constraints, column types, and the columns that every business row has."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    FetchedValue,
    ForeignKeyConstraint,
    LargeBinary,
    MetaData,
    Text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry, relationship

from app.core.clock import now
from app.core.ids import new_id

NAMING = {
    "pk": "%(table_name)s_pkey",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
}

Strings = Annotated[list[str], mapped_column(ARRAY(Text), nullable=False, default=list, server_default="{}")]


MERGING = "merge"
"""Under this name a foreign key to users or companies, or a column `client_id` without one, says in its `info` what
becomes of its rows when two are made one (`Merging`)."""


class Base(DeclarativeBase):
    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={
            str: Text,
            int: BigInteger,
            bytes: LargeBinary,
            UUID: postgresql.UUID(as_uuid=True),
            datetime: DateTime(timezone=True),
            dict[str, Any]: JSONB,
        },
    )

    def __repr__(self) -> str:
        """By what the log and the debugger know it: its own columns alone, for others would have to be loaded."""
        known = (self.__dict__[name] for name in ("slug", "username", "name", "title", "id") if name in self.__dict__)
        return f"<{type(self).__name__} {next(known, 'new')!s}>"


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """The constraint that a column has one of the values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({listed})", name=column)


def lengths(**columns: int | tuple[int, int]) -> list[CheckConstraint]:
    """The constraints that texts have so many characters: up to a number, or from one to another."""
    bounds = {name: f"<= {n}" if isinstance(n, int) else f"between {n[0]} and {n[1]}" for name, n in columns.items()}
    return [CheckConstraint(f"length({name}) {bound}", name=f"{name}_length") for name, bound in bounds.items()]


def owned(back_populates: str | None = None, **options: Any) -> Any:
    """The relationship to parts that go with their record, and are deleted when they leave the list."""
    options = {"cascade": "all, delete-orphan", "passive_deletes": True, **options}
    return relationship(back_populates=back_populates, **options)


class Record:
    """A business row: known by a UUID, dated, and counted by `version` at every change (a trigger keeps it).

    Every table of records carries the trigger `audit_changes`, so that no change goes unrecorded.
    """

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    version: Mapped[int] = mapped_column(default=1, server_default="1", server_onupdate=FetchedValue())

    @property
    def is_archived(self) -> bool:
        """None is that can't be: see `Archivable`."""
        return False

    __mapper_args__: ClassVar[dict[str, Any]] = {"eager_defaults": True}


class Part:
    """A row below a company's record: of the same company, which the database takes from that record (`call part_of(…)`
    in the migration) and keeps the same. So policies compare one column, and the audit knows whose it is."""

    client_id: Mapped[UUID] = mapped_column(server_default=FetchedValue(), index=True, info={MERGING: "follow"})


def part_of(parent: str, pointer: str, ondelete: str = "CASCADE") -> ForeignKeyConstraint:
    """That a row belongs to a record of the same company. When that one changes hands, so does the row. A relationship
    names the pointer alone in its `primaryjoin`, so that a record that is there already isn't asked for."""
    target = [f"{parent}.id", f"{parent}.client_id"]
    return ForeignKeyConstraint([pointer, "client_id"], target, ondelete=ondelete, onupdate="CASCADE")


class Entry:
    """A row that is only ever added: known by a UUID, dated, and never changed; the opposite takes it back.

    Its table is made final by the migration (`call final_table('…')`): the database refuses every update and deletion.
    There is no undo of rows, no bulk change and no import, and references to companies and people stay as they were.
    """

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(default=now)


def refuse_entry(model: type) -> None:
    """For what changes or takes back rows: entries are none of its business."""
    if issubclass(model, Entry):
        raise TypeError(f"{model.__name__} is an entry: its rows are never changed, deleted or undone")


class Archivable:
    """A record that is taken off the lists without being lost."""

    archived_at: Mapped[datetime | None]

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None
