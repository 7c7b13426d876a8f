"""Sign-ins in the JSON API."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint
from flask_login import current_user

from app.api.access import actor
from app.api.operation import Answer, Example, operation_with
from app.api.paging import list_answer
from app.auth.schemas import SessionOut
from app.auth.sessions import operations
from app.auth.sessions.queries import SESSIONS, SessionQuery
from app.core.ids import as_uuid
from app.core.lists import ListQuery

bp = Blueprint("sessions_api", __name__, url_prefix="/api/auth/sessions")

operation = operation_with(allow="person", tags=("Signing in",))
_ID = "019aa8f0-9e10-7b13-8a41-0d2f4a6c8e01"
_SESSION = {
    "id": _ID,
    "kind": "portal",
    "device": "Firefox on Windows",
    "address": "203.0.113.7",
    "created_at": "2026-11-22T09:30:00Z",
    "last_used_at": "2026-11-22T18:05:00Z",
    "current": False,
}


@bp.get("")
@operation(
    query=SessionQuery,
    answers={200: list[SessionOut]},
    example=Example(query="limit=2", answer=[_SESSION]),
    paged=True,
)
def list_sessions(query: ListQuery) -> Answer:
    """List your sign-ins that are open, the one last used first.

    Of the portal and of programs that hold tokens of yours. `current` is the one that this call comes under. What third
    parties' applications may do is not among them.
    """
    return list_answer(SESSIONS, query, staff=False, hydrate=_tell_current, person=current_user.id)


@bp.delete("/<session_id>")
@operation(answers={204: None}, example=Example(path={"session_id": _ID}))
def end_session(session_id: str) -> None:
    """End one of your sign-ins.

    Its cookie, its access tokens and its refresh tokens open nothing from the next request on.
    """
    operations.end_one(as_uuid(session_id), actor=actor())


@bp.delete("")
@operation(answers={204: None}, example=Example())
def end_other_sessions() -> None:
    """End all of your sign-ins but the one that this call comes under."""
    operations.end_others(actor=actor())


def _tell_current(sessions: Iterable[Any]) -> None:
    for session in sessions:
        session.current = session.id == current_user.session_id
