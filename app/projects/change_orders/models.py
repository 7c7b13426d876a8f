"""Changes of what was agreed."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, Record, lengths, part_of
from app.core.money import AmountColumn
from app.identity.models import to_client, to_user
from app.projects.change_orders.steps import ORDER
from app.projects.models import Project, of_project


class ChangeOrder(Record, Base):
    """A change of what was agreed, for the client to approve: then budget, end and deliverables change at once.

    `changes` lists what happens to deliverables; `before` is how things stood when it was proposed, so that the
    difference can be shown, and refused when it no longer holds.
    """

    __tablename__ = "change_orders"
    __table_args__ = (
        part_of("projects", "project_id"),
        UniqueConstraint("project_id", "number"),
        *lengths(title=(1, 160), reason=5000, note=2000),
        ORDER.check(),
        CheckConstraint("budget_change > '-Infinity' and budget_change < 'Infinity'", name="budget_change_range"),
        CheckConstraint("(status in ('approved', 'declined')) = (decided_at is not null)", name="decided"),
    )

    project_id: Mapped[UUID]
    client_id: Mapped[UUID] = mapped_column(to_client("rewrite"))
    number: Mapped[int]
    title: Mapped[str]
    reason: Mapped[str] = mapped_column(default="", server_default="")
    status: Mapped[str] = mapped_column(default="draft", server_default="draft")
    budget_change: Mapped[AmountColumn] = mapped_column(default=Decimal(0), server_default="0")
    new_end_date: Mapped[date | None]
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default="[]")
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    proposed_by_id: Mapped[UUID | None] = mapped_column(to_user("rewrite"), index=True)
    proposed_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(to_user("rewrite"), index=True)
    note: Mapped[str] = mapped_column(default="", server_default="")

    project: Mapped[Project] = relationship(primaryjoin=of_project("ChangeOrder"))
