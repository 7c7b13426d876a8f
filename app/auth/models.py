from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.clock import now
from app.core.db import Base, Record
from app.core.ids import new_id
from app.core.permissions import Role

ROLES = tuple(role.value for role in Role)
USER_STATUSES = ("invited", "active", "suspended")


class Client(Record, Base):
    """A client company. `client_id`, wherever it stands, means a row of this table."""

    __tablename__ = "clients"
    __table_args__ = (
        CheckConstraint("length(name) between 1 and 120", name="name_length"),
        CheckConstraint("status in ('active', 'suspended')", name="status"),
    )

    name: Mapped[str]
    status: Mapped[str] = mapped_column(default="active", server_default="active")

    users: Mapped[list["User"]] = relationship(back_populates="client")

    def __repr__(self) -> str:
        return f"<Client {self.name!r}>"


class User(Record, Base):
    """A person who signs in."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("length(username) between 1 and 60", name="username_length"),
        CheckConstraint("role in ('admin', 'manager', 'client', 'expert')", name="role"),
        CheckConstraint("status in ('invited', 'active', 'suspended')", name="status"),
        CheckConstraint("(role = 'client') = (client_id is not null)", name="client_has_company"),
        Index("users_username_key", func.lower("username"), unique=True),
        Index("users_email_key", func.lower("email"), unique=True),
    )

    username: Mapped[str]
    email: Mapped[str]
    password_hash: Mapped[str | None]
    role: Mapped[str]
    status: Mapped[str] = mapped_column(default="active", server_default="active")
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("clients.id", ondelete="RESTRICT"), index=True)
    timezone: Mapped[str | None]
    theme: Mapped[str | None]

    client: Mapped[Client | None] = relationship(back_populates="users")

    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        return self.status == "active"

    def get_id(self) -> str:
        return str(self.id)

    def __repr__(self) -> str:
        return f"<User {self.username!r} {self.role}>"


class UserSession(Base):
    """One sign-in on one device, of the portal or the API. It ends by sign-out, expiry or suspension; then nothing
    that was issued under it (cookie, access token) works any more."""

    __tablename__ = "user_sessions"
    __table_args__ = (CheckConstraint("kind in ('portal', 'api')", name="kind"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    device: Mapped[str] = mapped_column(default="", server_default="")
    address: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class RefreshToken(Base):
    """One link in the chain of refresh tokens of an API sign-in. The database knows the token's SHA-256 alone."""

    __tablename__ = "refresh_tokens"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("user_sessions.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]

    session: Mapped[UserSession] = relationship()
