"""Who was told how much of a budget is spent."""

from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.core.db import Base, Part, Record, part_of
from app.core.money import AmountColumn

ALERTS_AT = (50, 80, 100)
"""Percent of the budget spent at which people are told, once each."""


class ProjectAlert(Part, Record, Base):
    """That people were told that so many percent of the budget are spent."""

    __tablename__ = "project_alerts"
    __table_args__ = (
        part_of("projects", "project_id"),
        UniqueConstraint("project_id", "threshold"),
        CheckConstraint("threshold in (50, 80, 100)", name="threshold"),
    )

    project_id: Mapped[UUID]
    threshold: Mapped[int]
    spent: Mapped[AmountColumn]
    budget: Mapped[AmountColumn]
