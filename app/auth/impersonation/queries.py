from collections.abc import Sequence

from sqlalchemy import collate, func, or_, select
from sqlalchemy.orm import joinedload

from app.core.names import by_name
from app.core.permissions import STAFF, Role
from app.extensions import db
from app.identity import sessions
from app.identity.models import Client, User, UserSession

SEEN_ROLES = tuple(role.value for role in Role if role not in STAFF)
MOST = 20


def can_be_seen(user: User) -> bool:
    """Whether there is something to see through the user's eyes."""
    return user.role in SEEN_ROLES and user.is_active and (user.client is None or user.client.status == "active")


def find_people(start: str) -> Sequence[User]:
    """Active clients and experts whose user name or e-mail address begins so, in the order of their names."""
    begins = [
        (name >= fold(start)) & (name < fold(start).op("||")("\U0010ffff"))
        for name, fold in (
            (by_name(User.username), func.plain),
            (collate(func.lower(User.email), "C"), func.lower),
        )
    ]
    open_ones = or_(User.client_id.is_(None), Client.status == "active")
    query = (
        select(User)
        .outerjoin(User.client)
        .where(or_(*begins), User.role.in_(SEEN_ROLES), User.status == "active", open_ones)
        .options(joinedload(User.client))
        .order_by(by_name(User.username), User.id)
    )
    return db.session.scalars(query.limit(MOST)).all()


def find_look(token: str) -> UserSession | None:
    """The look of that token, over or not."""
    query = select(UserSession).where(
        UserSession.token_hash == sessions.hash_of(token), UserSession.impersonator_id.is_not(None)
    )
    return db.session.scalar(query.options(joinedload(UserSession.user)))
