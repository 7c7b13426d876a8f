"""Matches in the JSON API: a company's own, or all for staff; from the proposal to the review."""

from typing import Any
from uuid import UUID

from flask import Blueprint
from flask_login import current_user

from app.api import access
from app.api.operation import Answer, Example, Loaded, operation_with
from app.api.paging import list_answer
from app.assistants.engagements import operations as engagements
from app.assistants.engagements.kinds import MATCHES, matches
from app.assistants.engagements.operations import OnlyTheCompanyReviews
from app.assistants.engagements.queries import WITH_ITS_PARTS
from app.assistants.engagements.schemas import MatchChange, MatchOut, ReviewInput, ReviewOut
from app.assistants.models import Match, Review
from app.core.addresses import api_prefix
from app.core.lists import query_schema
from app.core.records import get_record
from app.core.steps import WrongStep
from app.extensions import db
from app.identity.companies import company_for
from app.identity.policy import is_staff

bp = Blueprint("matches_api", __name__, url_prefix="/api/virtual-assistants")

operation = operation_with(tags=("Matches",))
_ID = "019aa8f0-a110-7b51-9a3b-2f6f0f5a1c77"
_ASSISTANT_ID = "019aa8f0-a010-7c41-9a3b-2f6f0f5a1c10"
_PATH = {"match_id": "The id of the match."}
_REVIEW_BODY = {"stars": 5, "comment": "Quick, exact and kind."}
_REVIEW = {
    "id": "019aa8f0-a210-7b51-9a3b-2f6f0f5a1c90",
    "match_id": _ID,
    "assistant_id": _ASSISTANT_ID,
    **_REVIEW_BODY,
    "created_at": "2027-01-05T09:30:00Z",
}
_MATCH = {
    "id": _ID,
    "assistant": {
        "id": _ASSISTANT_ID,
        "user_id": None,
        "name": "Ana Pérez",
        "headline": "Bookkeeper for small shops",
        "about": "",
        "skills": ["Bookkeeping", "Excel"],
        "skill_levels": [{"name": "Bookkeeping", "level": 5}, {"name": "Excel", "level": 4}],
        "hourly_rate": "38.00",
        "currency": "EUR",
        "availability": {"timezone": "Europe/Berlin", "weekly_hours": 30, "weekly": {}, "from": None},
        "available_hours": 10,
        "rating": 4.8,
        "reviews_count": 12,
        "projects_completed": 9,
        "archived_at": None,
        "created_at": "2026-11-22T09:30:00Z",
        "updated_at": "2026-11-22T09:30:00Z",
    },
    "score": 0.87,
    "status": "accepted",
    "explanation": {
        "rate": {"score": 0.8, "weight": 0.15, "reasons": ["Asks for 38.00 EUR an hour, where 45.00 are the most."]}
    },
    "request_id": "019aa8f0-a100-7b51-9a3b-2f6f0f5a1c01",
    "client_id": "019aa8f0-5b20-7d11-8c1e-3a0c1d2e3f40",
    "hours_per_week": 20,
    "hourly_rate": "38.00",
    "currency": "EUR",
    "starts_on": "2026-12-01",
    "ends_on": None,
    "decided_at": "2026-11-22T10:00:00Z",
    "ended_on": None,
    "note": "",
    "review": None,
    "created_at": "2026-11-22T09:30:00Z",
    "updated_at": "2026-11-22T10:00:00Z",
}


@bp.get("/my-matches")
@operation(
    id="list_my_matches",
    allow="matches:read",
    query=query_schema(MATCHES),
    answers={200: list[MatchOut]},
    example=Example(query="status=accepted&limit=2", answer=[_MATCH]),
    problems=(404,),
    paged=True,
)
def my_matches(query: Any) -> Answer:
    """List matches.

    The newest first: a company's own; all for staff, who may filter by `client_id`.
    """
    held: dict[str, Any] = {} if is_staff(current_user) else {"client_id": company_for(access.actor(), query.client_id)}
    return list_answer(MATCHES, query, staff=True, options=WITH_ITS_PARTS, **held)


def _match(match_id: str | UUID) -> Match:
    match: Match = get_record(matches, match_id, seen_by=access.actor())
    return match


@bp.get("/matches/<match_id>")
@operation(
    allow="matches:read",
    answers={200: MatchOut},
    path=_PATH,
    example=Example(path={"match_id": _ID}, answer=_MATCH),
)
def read_match(match_id: str) -> Match:
    """Read one match."""
    return _match(match_id)


@bp.patch("/matches/<match_id>")
@operation(
    allow="matches:write",
    body=MatchChange,
    server_sets=MatchOut,
    answers={200: MatchOut},
    path=_PATH,
    example=Example(path={"match_id": _ID}, body={"status": "accepted"}, answer=_MATCH),
    problems=(409,),
    conditional=Loaded(_match, read_match),
)
def change_match(match: Match, body: MatchChange) -> Match:
    """Accept, decline, complete or end a match.

    `proposed` becomes `accepted` or `declined`, `accepted` becomes `completed` or `ended`; any other step is refused
    with 409, and so is accepting somebody whose hours are not free any more. Accepting reserves the hours; completing
    and ending free them from `on` (today) onwards. Only staff withdraw.
    """
    if body.status == "withdrawn" and not is_staff(current_user):
        raise WrongStep("Only we withdraw a proposal. Decline it instead.")
    engagements.take_step(match, body.status, note=body.note, on=body.on, actor=access.actor())
    db.session.expire_all()
    return _match(match.id)


@bp.post("/matches/<match_id>/review")
@operation(
    allow="matches:write",
    body=ReviewInput,
    server_sets=ReviewOut,
    answers={201: ReviewOut},
    path=_PATH,
    example=Example(path={"match_id": _ID}, body=_REVIEW_BODY, answer=_REVIEW),
    problems=(409,),
)
def review_match(match_id: str, body: ReviewInput) -> Answer:
    """Review an engagement.

    Once, when it is completed or has ended, and by the company alone.
    """
    match = _match(match_id)
    if is_staff(current_user):
        raise OnlyTheCompanyReviews
    review: Review = engagements.review_match(match, body.stars, body.comment, actor=access.actor())
    return Answer(review, headers={"Location": f"{api_prefix()}/virtual-assistants/matches/{match.id}"})
