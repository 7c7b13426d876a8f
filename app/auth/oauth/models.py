from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, Record, Strings
from app.identity.models import User


class Application(Record, Base):
    """A third party's program, known by `identifier` (OAuth calls it `client_id`). `client_id` is its company."""

    __tablename__ = "oauth_applications"
    __table_args__ = (
        CheckConstraint("length(name) between 1 and 120", name="name_length"),
        CheckConstraint("public = (secret_hash is null)", name="public"),
        CheckConstraint("cardinality(redirect_uris) <= 20", name="redirect_uris"),
    )

    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("clients.id", ondelete="RESTRICT"))
    identifier: Mapped[str] = mapped_column(unique=True)
    secret_hash: Mapped[bytes | None]
    name: Mapped[str]
    redirect_uris: Mapped[Strings]
    grant_types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    scopes: Mapped[Strings]
    public: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Whether it can keep no secret, as a program in a browser or on a phone can't."""
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    revoked_at: Mapped[datetime | None]


class Grant(Record, Base):
    """What a person lets an application do."""

    __tablename__ = "oauth_grants"
    __table_args__ = (
        Index(
            "oauth_grants_open_key", "user_id", "application_id",
            unique=True, postgresql_where=text("revoked_at is null"),
        ),
    )  # fmt: skip

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    application_id: Mapped[UUID] = mapped_column(ForeignKey("oauth_applications.id", ondelete="CASCADE"), index=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()
    application: Mapped[Application] = relationship()
