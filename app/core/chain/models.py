from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.exact_json import ExactJson
from app.core.ids import new_id


class AuditCheckpoint(Base):
    """The heads of all chains at a moment, signed: `heads` lists chain, length and hash in hexadecimal."""

    __tablename__ = "audit_checkpoints"
    __table_args__ = (Index("audit_checkpoints_at_idx", "at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime]
    entries: Mapped[int]
    heads: Mapped[Any] = mapped_column(ExactJson)
    signature: Mapped[bytes]
