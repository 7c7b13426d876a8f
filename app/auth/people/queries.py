"""What the pages of a person and of a company show besides the record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select

from app.auth.api_keys.models import ApiKey, ApiKeyUse
from app.auth.mfa.models import Passkey, RecoveryCode, TwoFactor
from app.core.audit import AuditEntry
from app.core.clock import now
from app.core.ids import as_uuid
from app.core.names import by_name
from app.extensions import db
from app.identity.models import Client, User, UserSession

SHOWN = 20
FEW = 8


@dataclass(frozen=True)
class Access:
    """How a person comes in."""

    sessions: int
    last_seen: datetime | None
    has_app: bool
    passkeys: int
    recovery_codes: int

    @property
    def second_factor(self) -> str:
        """In words."""
        parts = ["authenticator app"] if self.has_app else []
        if self.passkeys:
            parts.append("a passkey" if self.passkeys == 1 else f"{self.passkeys} passkeys")
        if self.recovery_codes:
            parts.append(f"{self.recovery_codes} recovery codes left")
        return ", ".join(parts)[:1].upper() + ", ".join(parts)[1:]

    @property
    def has_second_factor(self) -> bool:
        return self.has_app or self.passkeys > 0


@dataclass(frozen=True)
class Key:
    """An API key as staff see it."""

    key: ApiKey
    owner: str
    last_used_at: datetime | None


def access_of(user_id: UUID) -> Access:
    """How the person comes in, in one query."""
    theirs = UserSession.user_id == user_id
    own = UserSession.impersonator_id.is_(None)
    is_open = (UserSession.ended_at.is_(None), UserSession.expires_at > now())
    row = db.session.execute(
        select(
            select(func.count()).where(theirs, own, *is_open).scalar_subquery(),
            select(func.max(UserSession.last_used_at)).where(theirs, own).scalar_subquery(),
            select(TwoFactor.user_id).where(TwoFactor.user_id == user_id, TwoFactor.confirmed_at.is_not(None)).exists(),
            select(func.count()).select_from(Passkey).where(Passkey.user_id == user_id).scalar_subquery(),
            select(func.count())
            .select_from(RecoveryCode)
            .where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
            .scalar_subquery(),
        )
    ).one()
    return Access(*row)


def keys_of(*, user_id: UUID | None = None, client_id: UUID | None = None) -> list[Key]:
    """The newest API keys of a user or a company."""
    query = select(ApiKey, User.username, ApiKeyUse.last_used_at).join(User, User.id == ApiKey.user_id)
    query = query.outerjoin(ApiKeyUse, ApiKeyUse.api_key_id == ApiKey.id)
    query = query.where(ApiKey.user_id == user_id if user_id else ApiKey.client_id == client_id)
    rows = db.session.execute(query.order_by(ApiKey.created_at.desc(), ApiKey.id.desc()).limit(SHOWN))
    return [Key(*row) for row in rows]


def get_user(user_id: UUID | None) -> User | None:
    return db.session.get(User, user_id) if user_id else None


def recent_acts(user_id: UUID, limit: int = FEW) -> Sequence[AuditEntry]:
    """What the person did last, or staff did who saw the portal as the person."""
    by = or_(AuditEntry.actor_id == user_id, AuditEntry.acting_as_id == user_id)
    return db.session.scalars(select(AuditEntry).where(by).order_by(AuditEntry.id.desc()).limit(limit)).all()


def people_of(client_id: UUID, limit: int = SHOWN) -> Sequence[User]:
    """The company's people, as many as a page shows."""
    theirs = select(User).where(User.client_id == client_id).order_by(User.created_at, User.id)
    return db.session.scalars(theirs.limit(limit)).all()


def count_people(client_id: UUID) -> int:
    return db.session.scalar(select(func.count()).where(User.client_id == client_id)) or 0


def company_names(prefix: str = "", limit: int = 50) -> Sequence[Client]:
    """Companies that somebody can come to and whose names begin so, in the order of names."""
    name, start = by_name(Client.name), func.plain(prefix)
    named = select(Client).where(Client.status == "active", name >= start, name < start.op("||")("\U0010ffff"))
    return db.session.scalars(named.order_by(name, Client.id).limit(limit)).all()


def get_company(client_id: UUID | None) -> Client | None:
    return db.session.get(Client, client_id) if client_id else None


def find_company(name_or_id: str) -> Client | None:
    """The open company that is meant by what was typed: its id, or a name that it alone has."""
    query = select(Client).where(Client.status == "active")
    if key := as_uuid(name_or_id):
        return db.session.scalar(query.where(Client.id == key))
    found = db.session.scalars(query.where(by_name(Client.name) == func.plain(name_or_id)).limit(2)).all()
    return found[0] if len(found) == 1 else None
