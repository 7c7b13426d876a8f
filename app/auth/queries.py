from uuid import UUID

from sqlalchemy import Select, func, or_, select

from app.auth import sessions
from app.auth.models import Client, User, UserSession
from app.core.clock import now
from app.extensions import db


def find_user(name: str) -> User | None:
    """The user of that user name or e-mail address, in whatever case it is written."""
    if "\0" in name:
        return None
    column = User.email if "@" in name else User.username
    return db.session.scalar(select(User).where(func.lower(column) == func.lower(name)))


def find_portal_session(token: str) -> UserSession | None:
    """The sign-in of a portal cookie, while it lasts."""
    found = _open().where(UserSession.token_hash == sessions.hash_of(token), UserSession.kind == "portal")
    return _one(found.where(UserSession.last_used_at > now() - sessions.IDLE))


def find_api_session(session_id: UUID) -> UserSession | None:
    """The sign-in of a program, while it lasts."""
    return _one(_open().where(UserSession.id == session_id, UserSession.kind == "api"))


def _open() -> Select[UserSession, User]:
    """Sign-ins that haven't ended, of people who may come in."""
    return (
        select(UserSession, User)
        .join(UserSession.user)
        .outerjoin(User.client)
        .where(
            UserSession.ended_at.is_(None),
            UserSession.expires_at > now(),
            User.status == "active",
            or_(User.client_id.is_(None), Client.status == "active"),
        )
    )


def _one(found: Select[UserSession, User]) -> UserSession | None:
    row = db.session.execute(found.execution_options(populate_existing=True)).one_or_none()
    return row[0] if row else None
