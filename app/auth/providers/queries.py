from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.auth.providers.models import LinkedIdentity
from app.extensions import db
from app.identity.models import User


def find_link(issuer: str, subject: str) -> LinkedIdentity | None:
    """The link of that account at the provider, whoever's it is."""
    query = select(LinkedIdentity).where(LinkedIdentity.issuer == issuer, LinkedIdentity.subject == subject)
    return db.session.scalar(query.options(joinedload(LinkedIdentity.user)))


def links_of(user_id: UUID) -> Sequence[LinkedIdentity]:
    """The user's links, the oldest first."""
    query = select(LinkedIdentity).where(LinkedIdentity.user_id == user_id)
    return db.session.scalars(query.order_by(LinkedIdentity.created_at, LinkedIdentity.id)).all()


def find_confirmed(email: str) -> User | None:
    """The user who has confirmed that address here."""
    if not email or "\0" in email:
        return None
    query = select(User).where(func.lower(User.email) == func.lower(email), User.email_confirmed_at.is_not(None))
    return db.session.scalar(query)
