"""Finding requests and matches for whoever asks: a company its own, an assistant their own, staff all."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, select, true
from sqlalchemy.orm import joinedload, selectinload

from app.assistants.models import Assistant, Match, MatchRequest
from app.core.errors import NotFound
from app.extensions import db
from app.identity.policy import can, is_staff

WITH_ITS_PARTS = (
    joinedload(Match.assistant).selectinload(Assistant.skill_links),
    joinedload(Match.review),
)


def get_match(match_id: UUID | None, person: Any, *, as_assistant: bool = False) -> Match:
    """The match, with what its answers need loaded. `as_assistant` finds those of whoever is an assistant.

    Raises NotFound for one that isn't there or isn't the person's.
    """
    mine = own_assignments(person) if as_assistant else within(Match.client_id, person)
    found = db.session.scalar(
        select(Match).where(Match.id == match_id, mine).options(*WITH_ITS_PARTS, joinedload(Match.request))
    )
    if found is None:
        raise NotFound("There is no such match.")
    return found


def get_request(request_id: UUID | None, person: Any) -> MatchRequest:
    """The request with its proposals, best first. Raises NotFound for one that isn't there or isn't the person's."""
    found = db.session.scalar(
        select(MatchRequest)
        .where(MatchRequest.id == request_id, within(MatchRequest.client_id, person))
        .options(
            joinedload(MatchRequest.client),
            selectinload(MatchRequest.matches).options(joinedload(Match.assistant).selectinload(Assistant.skill_links)),
        )
    )
    if found is None:
        raise NotFound("There is no such request.")
    return found


def within(client_id: Any, person: Any) -> ColumnElement[bool]:
    """Whether a row is in the person's sight: of their own company, or any for staff."""
    if is_staff(person):
        return true()
    return client_id == person.client_id if person.client_id is not None else false()


def own_assignments(person: Any) -> ColumnElement[bool]:
    """Whether a match is one of the assistant whose account this is."""
    if person.id is None or not can(person, "profile:read"):
        return false()
    theirs = select(Assistant.id).where(Assistant.user_id == person.id)
    return Match.assistant_id.in_(theirs)


def number_of(*those: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count()).select_from(Match).where(*those)) or 0
