"""One-time tokens as the database knows them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.clock import now
from app.core.db import Base
from app.identity.models import User, to_user


class OneTimeToken(Base):
    """Something that is good for one use within a short time: a mailed link, a half-done sign-in, a challenge. The
    database knows the token's SHA-256 alone. See `operations.py`."""

    __tablename__ = "tickets"
    __table_args__ = (CheckConstraint("length(purpose) between 1 and 40", name="purpose_length"),)

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(to_user("end", ondelete="CASCADE"))
    state: Mapped[bytes | None]
    """A digest of what the token changes, as it was when the token was made."""
    data: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    user: Mapped[User | None] = relationship()
