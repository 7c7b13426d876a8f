"""Workflows that somebody is making. Nobody else sees them before they are deployed."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.automations.models import Automation
from app.core.clock import now
from app.core.db import Base, lengths, part_of
from app.core.ids import new_id
from app.identity.models import Client, to_client, to_user


class Draft(Base):
    """A workflow in the making, whole or not. `base_number` is the version of the automation that it began with.

    `earlier` has what can be undone, the newest last: what was done, and the workflow before it.
    """

    __tablename__ = "automation_drafts"
    __table_args__ = (
        part_of("automations", "automation_id"),
        *lengths(name=(1, 120)),
        CheckConstraint("length(workflow::text) <= 600000 and length(earlier::text) <= 2500000", name="size"),
        CheckConstraint("(automation_id is null) = (base_number is null)", name="base"),
        Index("automation_drafts_user_id_idx", "user_id", "updated_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    client_id: Mapped[UUID] = mapped_column(to_client("rewrite"), index=True)
    user_id: Mapped[UUID] = mapped_column(to_user("rewrite"))
    automation_id: Mapped[UUID | None] = mapped_column(index=True)
    base_number: Mapped[int | None]
    name: Mapped[str]
    workflow: Mapped[dict[str, Any]]
    earlier: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    example_input: Mapped[dict[str, Any] | None]
    minutes_saved: Mapped[Decimal | None]
    promised_hours: Mapped[Decimal | None]
    analysis_id: Mapped[UUID | None]
    """The analysis that suggested it. That may be deleted meanwhile."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

    client: Mapped[Client] = relationship()
    automation: Mapped[Automation | None] = relationship(primaryjoin="foreign(Draft.automation_id) == Automation.id")

    @property
    def steps(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.workflow["steps"]
        return found
