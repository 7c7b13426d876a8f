from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import now
from app.core.db import Base, one_of
from app.core.exact_json import ExactJson
from app.core.ids import new_id

ARCHIVED = "archived_at"
"""The field of a change that archives a record or restores it."""


class ChangeKind(StrEnum):
    IMPORT = "import"
    BULK = "bulk"
    UNDO = "undo"


class State(StrEnum):
    """Where a change set stands. An asking one waits for a person to say how its file is to be read; a failed one has
    written nothing, and may be applied again."""

    PREPARING = "preparing"
    ASKING = "asking"
    PREVIEWED = "previewed"
    QUEUED = "queued"
    RUNNING = "running"
    APPLIED = "applied"
    FAILED = "failed"
    DISCARDED = "discarded"
    UNDONE = "undone"


class RowKind(StrEnum):
    """What a row of a change set does, or why it doesn't."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    WRONG = "wrong"
    CONFLICT = "conflict"


class ChangeSet(Base):
    """Many changes that are previewed, applied and undone as one: an import, a bulk change, or an undo."""

    __tablename__ = "change_sets"
    __table_args__ = (
        one_of("kind", ChangeKind),
        one_of("state", State),
        CheckConstraint(
            "(kind = 'undo') = (num_nonnulls(undoes_change_id, undoes_set_id) = 1)", name="undoes_something"
        ),
        CheckConstraint("(state = 'undone') = (undone_at is not null)", name="undone_at"),
        Index("change_sets_created_idx", "created_at", "id"),
        Index("change_sets_kind_idx", "kind", "created_at", "id"),
        Index("change_sets_state_idx", "state", "created_at", "id"),
        Index(
            "change_sets_undone_set_idx", "undoes_set_id", "created_at",
            postgresql_where=text("undoes_set_id is not null"),
        ),
        Index(
            "change_sets_undoes_change_idx", "undoes_change_id", "undoes_record_id",
            unique=True, postgresql_nulls_not_distinct=True,
            postgresql_where=text("state = 'applied' and undoes_change_id is not null"),
        ),
        Index(
            "change_sets_undoes_set_idx", "undoes_set_id",
            unique=True, postgresql_where=text("state = 'applied' and undoes_set_id is not null"),
        ),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default=State.PREPARING)
    resource_key: Mapped[str | None]
    title: Mapped[str]
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What was asked for: an import's notes on the file, a bulk change's action and selection."""
    source: Mapped[bytes | None] = mapped_column(deferred=True)
    """Where releases before `ChangePart` kept the file. Nothing reads it any more; a later release drops it."""

    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    request_id: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    applied_at: Mapped[datetime | None]
    job_id: Mapped[int | None]

    rows_new: Mapped[int] = mapped_column(default=0)
    rows_changed: Mapped[int] = mapped_column(default=0)
    rows_unchanged: Mapped[int] = mapped_column(default=0)
    rows_wrong: Mapped[int] = mapped_column(default=0)
    rows_conflict: Mapped[int] = mapped_column(default=0)
    rows_total: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]

    undoes_change_id: Mapped[UUID | None]
    undoes_record_id: Mapped[UUID | None]
    undoes_set_id: Mapped[UUID | None] = mapped_column(ForeignKey("change_sets.id", ondelete="RESTRICT"))
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]

    @property
    def is_waiting(self) -> bool:
        """Whether a job has it in hand, so that a page that shows it should look again soon."""
        return self.state in (State.PREPARING, State.QUEUED, State.RUNNING)

    @property
    def can_be_applied(self) -> bool:
        return self.state in (State.PREVIEWED, State.FAILED) and self.rows_to_write > 0

    @property
    def rows_to_write(self) -> int:
        return self.rows_new + self.rows_changed


class ChangePart(Base):
    """A part of the file of an import, as it came, until the import is over."""

    __tablename__ = "change_parts"

    change_set_id: Mapped[UUID] = mapped_column(ForeignKey("change_sets.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes]


class ColumnChoice(Base):
    """How files with these headings were read the last time, for each resource."""

    __tablename__ = "column_choices"

    resource_key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(primary_key=True)
    """Of the headings, so that the same kind of file is known again."""
    chosen: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]


class ChangeRow(Base):
    """One row of a change set: what came in, what it is to become, and what is wrong with it."""

    __tablename__ = "change_rows"
    __table_args__ = (
        one_of("kind", RowKind),
        Index("change_rows_kind_idx", "change_set_id", "kind", "number"),
    )

    change_set_id: Mapped[UUID] = mapped_column(ForeignKey("change_sets.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    """Of an import, the row in the file as a spreadsheet counts it; else from 1."""
    kind: Mapped[str]
    table_name: Mapped[str | None]
    record_id: Mapped[UUID | None]
    base_version: Mapped[int | None]
    label: Mapped[str] = mapped_column(default="")
    cells: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The cells as they stood in the file, by field."""
    before: Mapped[dict[str, Any]] = mapped_column(ExactJson, default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(ExactJson, default=dict)
    """The fields to write, as the input schema writes them in JSON."""
    problems: Mapped[list[dict[str, Any]]] = mapped_column(ExactJson, default=list)
    """What is wrong or in the way: `field`, `message`, and for a cell its `value`."""
