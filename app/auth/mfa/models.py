from datetime import datetime
from operator import attrgetter
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.clock import now
from app.core.db import Base, Strings
from app.core.ids import new_id
from app.core.sealing import Sealed
from app.identity.cache.invalidation import watch
from app.identity.models import User, to_user


class TwoFactor(Base):
    """A person's authenticator app. It counts once a first code has confirmed it."""

    __tablename__ = "two_factors"

    user_id: Mapped[UUID] = mapped_column(to_user("end", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(Sealed("two-factor"))
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int | None]
    """The time step of the code used last: no code of it or before counts again."""
    created_at: Mapped[datetime] = mapped_column(default=now)

    user: Mapped[User] = relationship()


class RecoveryCode(Base):
    """One of the codes that a person keeps on paper. Good once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_hash", name="recovery_codes_code_key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(to_user("end", ondelete="CASCADE"))
    code_hash: Mapped[bytes]
    used_at: Mapped[datetime | None]


class Passkey(Base):
    """A WebAuthn credential. The device holds the private key; `sign_count` moves with each use, where it counts."""

    __tablename__ = "passkeys"
    __table_args__ = (CheckConstraint("length(name) between 1 and 60", name="name_length"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(to_user("end", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(default=0, server_default="0")
    transports: Mapped[Strings]
    name: Mapped[str]
    backed_up: Mapped[bool] = mapped_column(default=False, server_default="false")
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


watch(TwoFactor, attrgetter("user_id"), new_counts=True)
watch(Passkey, attrgetter("user_id"), new_counts=True)
