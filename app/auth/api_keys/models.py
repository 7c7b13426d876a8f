from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.clock import now
from app.core.db import Base, Record, Strings
from app.identity.cache.invalidation import watch
from app.identity.models import User, to_client, to_user


class ApiKey(Record, Base):
    """A key that a program sends in the place of a person, for whom it acts within its scopes. `prefix` is the part
    that people recognise it by; of the whole, the database knows the SHA-256 alone."""

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint("length(name) between 1 and 120", name="name_length"),
        CheckConstraint("cardinality(scopes) between 1 and 60", name="scopes"),
        CheckConstraint("cardinality(allowed_addresses) <= 50", name="allowed_addresses"),
        CheckConstraint("requests_per_minute between 1 and 100000", name="requests_per_minute"),
    )

    user_id: Mapped[UUID] = mapped_column(to_user("end", ondelete="CASCADE"))
    client_id: Mapped[UUID | None] = mapped_column(to_client("keep"))
    name: Mapped[str]
    prefix: Mapped[str]
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    allowed_addresses: Mapped[Strings]
    """Addresses and networks (`203.0.113.7`, `2001:db8::/32`) that it may come from; none is any."""
    requests_per_minute: Mapped[int | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    replaced_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))

    user: Mapped[User] = relationship()
    use: Mapped["ApiKeyUse | None"] = relationship(viewonly=True, uselist=False)

    @property
    def last_used_at(self) -> datetime | None:
        return self.use.last_used_at if self.use else None

    @property
    def last_used_address(self) -> str | None:
        return self.use.address if self.use else None

    @property
    def state(self) -> str:
        """`active`, `replaced` (good for a while yet), `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= now():
            return "expired"
        return "active" if self.replaced_by_id is None else "replaced"


class ApiKeyUse(Base):
    """When and whence a key was last used; apart from the key, whose every change is audited."""

    __tablename__ = "api_key_uses"

    api_key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True)
    last_used_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(default="", server_default="")


watch(ApiKey)
