"""A person's open sign-ins as a list."""

from uuid import UUID

from app.core.lists import Filter, ListSpec, Sort, query_schema_below
from app.identity.models import UserSession
from app.identity.queries import is_own_open

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
