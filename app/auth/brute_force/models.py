from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import now
from app.core.db import Base
from app.identity.models import to_user


class KnownBrowser(Base):
    """A browser in which the user has signed in before. It holds a random token; here is its SHA-256."""

    __tablename__ = "known_browsers"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(to_user("end", ondelete="CASCADE"), primary_key=True, index=True)
    device: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime] = mapped_column(default=now)
