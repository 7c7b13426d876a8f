from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased, contains_eager

from app.core.clock import now
from app.core.errors import NotFound
from app.core.permissions import STAFF
from app.extensions import db
from app.identity import sessions
from app.identity.models import Application, Client, Grant, User, UserSession

_Onlooker, _Home = aliased(User), aliased(Client)


@dataclass(frozen=True)
class OpenSession:
    """A sign-in that lasts, and what it is of besides a user: an application, or an impersonator from the staff."""

    session: UserSession
    application: Application | None
    company: Client | None
    """The application's."""
    impersonator: User | None


# Sign-ins that last, of people and applications that may come in. Asked often, so the statements are made once.
_OPEN = (
    select(UserSession, Application, _Home, _Onlooker)
    .outerjoin(UserSession.user)
    .outerjoin(User.client)
    .outerjoin(Application, Application.id == UserSession.application_id)
    .outerjoin(_Home, _Home.id == Application.client_id)
    .outerjoin(_Onlooker, _Onlooker.id == UserSession.impersonator_id)
    .where(
        UserSession.ended_at.is_(None),
        UserSession.expires_at > bindparam("now", type_=UserSession.expires_at.type),
        or_(UserSession.user_id.is_(None), User.status == "active"),
        or_(User.client_id.is_(None), Client.status == "active"),
        or_(
            UserSession.application_id.is_(None),
            and_(
                Application.revoked_at.is_(None),
                or_(Application.client_id.is_(None), _Home.status == "active"),
                or_(
                    UserSession.user_id.is_(None),
                    exists().where(
                        Grant.user_id == UserSession.user_id,
                        Grant.application_id == UserSession.application_id,
                        Grant.revoked_at.is_(None),
                    ),
                ),
            ),
        ),
        or_(
            UserSession.impersonator_id.is_(None),
            and_(_Onlooker.status == "active", _Onlooker.role.in_([role.value for role in STAFF])),
        ),
    )
    .options(contains_eager(UserSession.user).contains_eager(User.client))
    .execution_options(populate_existing=True)
)
_OPEN_IN_PORTAL = _OPEN.where(
    UserSession.kind == "portal",
    UserSession.token_hash == bindparam("token_hash"),
    UserSession.last_used_at > bindparam("used_after"),
)
_OPEN_OF_PROGRAM = _OPEN.where(UserSession.kind.in_(("api", "oauth")), UserSession.id == bindparam("session_id"))


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


def find_portal_session(token: str) -> OpenSession | None:
    """The sign-in of a portal cookie, while it lasts."""
    moment = now()
    return _one(_OPEN_IN_PORTAL, moment, token_hash=sessions.hash_of(token), used_after=moment - sessions.IDLE)


def find_program_session(session_id: UUID) -> OpenSession | None:
    """The sign-in of a program, of its user's own (`api`) or of an application (`oauth`), while it lasts."""
    return _one(_OPEN_OF_PROGRAM, now(), session_id=session_id)


def is_own_open(user_id: UUID) -> ColumnElement[bool]:
    """Whether a sign-in is one that the user has open, or a look of staff through their eyes."""
    moment = now()
    return and_(
        UserSession.user_id == user_id,
        UserSession.kind.in_(sessions.OWN_KINDS),
        UserSession.ended_at.is_(None),
        UserSession.expires_at > moment,
        or_(UserSession.kind != "portal", UserSession.last_used_at > moment - sessions.IDLE),
    )


def list_own_sessions(user_id: UUID) -> list[UserSession]:
    """All sign-ins that the user has open, and staff's looks through their eyes; the one last used first."""
    theirs = select(UserSession).where(is_own_open(user_id))
    return list(db.session.scalars(theirs.order_by(UserSession.last_used_at.desc(), UserSession.id.desc())))


def _one(found: Select[*tuple[Any, ...]], moment: datetime, **values: Any) -> OpenSession | None:
    row = db.session.execute(found, {"now": moment, **values}).one_or_none()
    return OpenSession(*row) if row is not None else None
