"""What a person does about their own sign-ins."""

from uuid import UUID

from app.core.errors import NotFound
from app.core.events import publish
from app.identity import queries as users
from app.identity import sessions
from app.identity.identities import Identity
from app.identity.models import UserSession


def end_one(session_id: UUID | None, *, actor: Identity) -> UserSession:
    """End one of the actor's sign-ins, and let them know if it is another device's. Raises NotFound for any other's."""
    assert actor.id is not None, "only a person has sign-ins"
    session = next((one for one in users.list_own_sessions(actor.id) if one.id == session_id), None)
    reason = "sign-out" if session_id == actor.session_id else "ended"
    if session is None or not sessions.end_session(session.id, reason=reason, actor=actor):
        raise NotFound("You have no such sign-in; it may have ended already.")
    _tell(session, actor)
    return session


def end_others(*, actor: Identity) -> int:
    """End all of the actor's sign-ins but this one; tells how many there were."""
    assert actor.id is not None, "only a person has sign-ins"
    others = [one for one in users.list_own_sessions(actor.id) if one.id != actor.session_id]
    sessions.end_other_sessions(actor.id, keep=actor.session_id, reason="ended", actor=actor, kinds=sessions.OWN_KINDS)
    for session in others:
        _tell(session, actor)
    return len(others)


def _tell(session: UserSession, actor: Identity) -> None:
    if session.id != actor.session_id:
        publish("session.ended", about=session, user_id=session.user_id, actor=actor, device=session.device)
