"""Match requests in the JSON API."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response

from app.api import access
from app.api.operation import JSON, Example, operation_with
from app.assistants.engagements.queries import get_request
from app.assistants.models import MatchRequest
from app.assistants.profiles.answers import assistants_as_json
from app.assistants.profiles.api import ANSWER as ASSISTANT
from app.assistants.requests.operations import Requested, request_match
from app.assistants.requests.schemas import KeptRequestOut, MatchAnswer, MatchRequestInput
from app.assistants.skills.nearest import not_understood
from app.core.addresses import api_prefix
from app.core.ids import as_uuid
from app.identity.companies import company_for

bp = Blueprint("match_requests_api", __name__, url_prefix="/api/virtual-assistants")

operation = operation_with(tags=("Matches",))

_ID = "019aa8f0-a100-7b51-9a3b-2f6f0f5a1c01"
_BODY = {
    "skills": ["bookkeeping", "excel"],
    "hours_per_week": 20,
    "start_date": "2026-12-01",
    "max_hourly_rate": "45.00",
    "currency": "EUR",
    "timezone": "Europe/Berlin",
    "time_from": "08:00",
    "time_to": "12:00",
    "description": "Invoices and the monthly close.",
    "limit": 5,
}
_PROPOSAL = {
    "id": "019aa8f0-a110-7b51-9a3b-2f6f0f5a1c77",
    "assistant": ASSISTANT,
    "score": 0.87,
    "status": "proposed",
    "explanation": {
        "skills": {
            "score": 0.9,
            "weight": 0.4,
            "reasons": ["Bookkeeping: level 3 of 5.", "Excel: level 5 of 5."],
            "matched": ["Bookkeeping", "Excel"],
            "related": [],
            "missing": [],
        },
        "rate": {"score": 0.31, "weight": 0.15, "reasons": ["Asks for 38.00 EUR an hour, where 45.00 are the most."]},
    },
}
_WHAT_IF = {
    "change": "rate",
    "from": "45.00",
    "to": "50.00",
    "sentence": "At most 50.00 an hour instead of 45.00: 1 more person: Omar Haddad.",
    "more": 1,
    "better": 0.0,
    "people": [{"id": "019aa8f0-9d30-7f85-8a2b-3c4d5e6f7a81", "name": "Omar Haddad", "score": 0.81}],
}


@bp.post("/match")
@operation(
    id="match_assistants",
    allow="matches:write",
    body=MatchRequestInput,
    answers={201: MatchAnswer},
    example=Example(
        body=_BODY, answer={"id": _ID, "matches": [_PROPOSAL], "what_if": [_WHAT_IF], "unknown_skills": []}
    ),
    problems=(404, 409),
)
def match_assistants(body: MatchRequestInput) -> Response:
    """Ask who fits.

    Keeps the request and proposes the people who fit best, in order: by score, then rating, then id. Each part of a
    score comes with its weight and the numbers that it was worked out from; the score is the sum of score times weight.
    Nobody is proposed who is over the maximum rate or hasn't the free hours. Staff name the company with `client_id`.
    A skill that nobody knows is named in `unknown_skills`, with the nearest that are known.
    """
    client_id = company_for(access.actor(), body.client_id)
    made = request_match(dict(body), client_id=client_id, actor=access.actor())
    answer = Response(_as_json(made), 201, mimetype=JSON)
    answer.headers["Location"] = f"{api_prefix()}/virtual-assistants/match/{made.id}"
    answer.headers["Cache-Control"] = "no-store"
    answer.vary.add("Authorization")
    return answer


@bp.get("/match/<request_id>")
@operation(
    id="get_match_request",
    allow="matches:read",
    answers={200: KeptRequestOut},
    path={"request_id": "The id of the request."},
    example=Example(
        path={"request_id": _ID},
        answer={
            "id": _ID,
            "client_id": "019aa8f0-5b20-7d11-8c1e-3a0c1d2e3f40",
            **_BODY,
            "skills": ["Bookkeeping", "Excel"],
            "end_date": None,
            "weekdays": ["mon", "tue", "wed", "thu", "fri"],
            "status": "open",
            "unknown_skills": [],
            "matches": [_PROPOSAL],
            "created_at": "2026-11-22T09:30:00Z",
            "updated_at": "2026-11-22T09:30:00Z",
        },
    ),
)
def read_match_request(request_id: str) -> Mapping[str, Any]:
    """Read a request and what became of its proposals."""
    return _kept(get_request(as_uuid(request_id), access.actor()))


def _kept(request: MatchRequest) -> dict[str, Any]:
    fields = KeptRequestOut.model_fields.keys() - {"skills", "limit", "unknown_skills"}
    return {
        **{name: getattr(request, name) for name in fields},
        "skills": [skill["name"] for skill in request.skills],
        "limit": request.most,
        "unknown_skills": not_understood(request.skills),
    }


def _as_json(made: Requested) -> bytes:
    """The answer as `MatchAnswer` has it, put together from parts that are JSON already."""
    people = assistants_as_json([proposal.scored.id for proposal in made.proposals])
    matches = b",".join(
        b'{"id":"%s","assistant":%s,"score":%s,"status":"proposed","explanation":%s}'
        % (
            str(proposal.id).encode(),
            people[proposal.scored.id],
            json.dumps(proposal.scored.score).encode(),
            proposal.explanation.encode(),
        )
        for proposal in made.proposals
    )
    changes = json.dumps([change.shown() for change in made.what_if]).encode()
    unknown = json.dumps(made.unknown_skills).encode()
    head = b'{"id":"%s","matches":[%s],' % (str(made.id).encode(), matches)
    return head + b'"what_if":%s,"unknown_skills":%s}' % (changes, unknown)
