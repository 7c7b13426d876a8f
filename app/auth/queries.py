from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.orm import contains_eager

from app.auth import sessions
from app.auth.models import Client, User, UserSession
from app.core.clock import now
from app.core.errors import NotFound
from app.extensions import db

# Sign-ins that haven't ended, of people who may come in. Asked at every request, so the statements are made once.
_OPEN = (
    select(UserSession)
    .join(UserSession.user)
    .outerjoin(User.client)
    .where(
        UserSession.ended_at.is_(None),
        UserSession.expires_at > bindparam("now", type_=UserSession.expires_at.type),
        User.status == "active",
        or_(User.client_id.is_(None), Client.status == "active"),
    )
    .options(contains_eager(UserSession.user))
    .execution_options(populate_existing=True)
)
_OPEN_IN_PORTAL = _OPEN.where(
    UserSession.kind == "portal",
    UserSession.token_hash == bindparam("token_hash"),
    UserSession.last_used_at > bindparam("used_after"),
)
_OPEN_IN_API = _OPEN.where(UserSession.kind == "api", UserSession.id == bindparam("session_id"))


def find_user(name: str) -> User | None:
    """The user of that user name or e-mail address, in whatever case it is written."""
    if "\0" in name:
        return None
    column = User.email if "@" in name else User.username
    return db.session.scalar(select(User).where(func.lower(column) == func.lower(name)))


def get_user(user_id: UUID, *, for_update: bool = False) -> User:
    """The user of that id; `for_update` locks the row until the transaction ends, and reads it afresh."""
    query = select(User).where(User.id == user_id)
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    user = db.session.scalar(query)
    if user is None:
        raise NotFound("There is no such user.")
    return user


def find_portal_session(token: str) -> UserSession | None:
    """The sign-in of a portal cookie, while it lasts."""
    moment = now()
    return _one(_OPEN_IN_PORTAL, moment, token_hash=sessions.hash_of(token), used_after=moment - sessions.IDLE)


def find_api_session(session_id: UUID) -> UserSession | None:
    """The sign-in of a program, while it lasts."""
    return _one(_OPEN_IN_API, now(), session_id=session_id)


def _one(found: Select[UserSession], moment: datetime, **values: Any) -> UserSession | None:
    return db.session.scalars(found, {"now": moment, **values}).one_or_none()
