"""Who hears of what becomes of a match: whoever didn't do it."""

from typing import Any
from uuid import UUID

from app.assistants.events import tell, tell_company, tell_staff
from app.assistants.models import Match
from app.core.audit import Actor
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import Client

COMPANY, ASSISTANT, STAFF = "company", "assistant", "staff"


def side_of(match: Match, actor: Actor) -> str:
    """For which side of the match somebody acts; whoever is neither the company nor the assistant is staff."""
    if getattr(actor, "client_id", None) == match.client_id:
        return COMPANY
    if actor.id is not None and actor.id == match.assistant.user_id:
        return ASSISTANT
    return STAFF


def tell_accepted(match: Match, actor: Actor) -> None:
    about = {**_about(match), "hours": _hours(match), "start": _day(match.starts_on)}
    by = side_of(match, actor)
    _tell_assistant(match, "match-accepted", about)
    if by == COMPANY:
        tell_staff("match-accepted", **about, url=_for_staff(match))
    else:
        tell_company(match.client_id, "match-confirmed", **about, url=_for_company(match))


def tell_declined(match: Match, actor: Actor) -> None:
    about = _about(match)
    by = side_of(match, actor)
    if by != STAFF:
        tell_staff("match-declined", **about, url=_for_staff(match))
    if by != COMPANY:
        tell_company(match.client_id, "match-withdrawn", **about, url=_proposals(match))


def tell_withdrawn(match: Match) -> None:
    tell_company(match.client_id, "match-withdrawn", **_about(match), url=_proposals(match))


def tell_completed(match: Match, actor: Actor) -> None:
    _tell_others(match, actor, "engagement-completed", {**_about(match), "day": _day(match.ended_on)})


def tell_ended(match: Match, actor: Actor) -> None:
    reason = match.note or "No reason was given."
    _tell_others(match, actor, "engagement-ended", {**_about(match), "day": _day(match.ended_on), "reason": reason})


def tell_reviewed(match: Match, stars: int) -> None:
    _tell_assistant(match, "review-given", {**_about(match), "stars": stars})


def _tell_others(match: Match, actor: Actor, kind: str, about: dict[str, Any]) -> None:
    by = side_of(match, actor)
    if by != COMPANY:
        tell_company(match.client_id, kind, **about, url=_for_company(match))
    if by != ASSISTANT:
        _tell_assistant(match, kind, about)
    if by != STAFF:
        tell_staff(kind, **about, url=_for_staff(match))


def _tell_assistant(match: Match, kind: str, about: dict[str, Any]) -> None:
    user_id = match.assistant.user_id
    if user_id is not None:
        tell(user_id, kind, **about, url=_for_assistant(match))


def _about(match: Match) -> dict[str, str]:
    return {"company": _company(match.client_id), "name": match.assistant.name}


def _company(client_id: UUID) -> str:
    with as_system("an expert sees the names of the companies that they work for"):
        client = db.session.get(Client, client_id)
    return client.name if client else ""


def _hours(match: Match) -> str:
    return f"{match.hours_per_week.normalize():f}"


def _day(day: Any) -> str:
    return f"{day.day} {day:%b %Y}"


def _for_company(match: Match) -> str:
    return f"/dashboard/matches/{match.id}"


def _for_staff(match: Match) -> str:
    return f"/admin/matches/{match.id}"


def _for_assistant(match: Match) -> str:
    return f"/dashboard/assignments/{match.id}"


def _proposals(match: Match) -> str:
    return f"/dashboard/matches/requests/{match.request_id}"
