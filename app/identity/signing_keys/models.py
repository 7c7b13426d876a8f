from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import now
from app.core.db import Base
from app.core.sealing import Sealed


class SigningKey(Base):
    """A key that signs access tokens, or did. The newest that isn't retired signs; a retired one still checks until
    the last token that it signed is over."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(primary_key=True)
    algorithm: Mapped[str]
    private_key: Mapped[str] = mapped_column(Sealed("signing-key"))
    public_key: Mapped[dict[str, Any]]
    """As a JSON Web Key (RFC 7517)."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    retired_at: Mapped[datetime | None]
