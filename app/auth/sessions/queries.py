"""A person's open sign-ins as a list."""

from uuid import UUID

from sqlalchemy import select

from app.core.lists import Filter, ListSpec, Sort, query_schema_below
from app.extensions import db
from app.identity.models import UserSession
from app.identity.queries import is_own_open
from app.identity.sessions import OWN_KINDS

SESSIONS = ListSpec(
    model=UserSession,
    columns=(),
    filters=(
        Filter("person", "Person", UUID, is_own_open),
        Filter("apart_from", "Apart from", UUID, lambda value: UserSession.id != value),
    ),
    sorts=(
        Sort("last_used_at", "Last used", UserSession.last_used_at),
        Sort("created_at", "Signed in", UserSession.created_at),
    ),
    default_sort="-last_used_at",
    searchable=False,
)

SessionQuery = query_schema_below(SESSIONS, "person", "apart_from")
"""The parameters of the list: whoever asks sees their own sign-ins alone."""


def find_own(session_id: UUID, *, user_id: UUID) -> UserSession | None:
    """A sign-in that the user made, or a look through their eyes, open or over."""
    theirs = (UserSession.user_id == user_id, UserSession.kind.in_(OWN_KINDS))
    return db.session.scalar(select(UserSession).where(UserSession.id == session_id, *theirs))
