from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from app.assistants.models import Assistant, Match, MatchRequest, Reservation, Review, Skill
from app.core.audit import SYSTEM, audit_as
from app.core.clock import now, today
from app.extensions import db
from app.identity.models import Client
from tests.factories.accounts import make_client_company
from tests.factories.assistants import find_skill, make_assistant, make_skill

_DECIDED = ("accepted", "declined", "completed", "ended")
_PARTS = {"skills": 0.40, "rate": 0.15, "overlap": 0.15, "availability": 0.10, "rating": 0.15, "load": 0.05}


def _saved(*records: Any) -> None:
    audit_as(db.session, actor=SYSTEM, action="create")
    for record in records:
        db.session.add(record)
        db.session.flush()
    db.session.commit()


def _asked(skill: str | Skill) -> dict[str, Any]:
    if isinstance(skill, str):
        skill = find_skill(skill) or make_skill(skill)
    return {"asked": skill.name, "skill_id": str(skill.id), "name": skill.name}


def make_request(
    *,
    client: Client | None = None,
    skills: Sequence[str | Skill] = ("Excel",),
    hours: str | int | Decimal = 20,
    start: date | None = None,
    end: date | None = None,
    **values: Any,
) -> MatchRequest:
    """A request of a company (a new one unless given), from today on. `skills` by name or record."""
    request = MatchRequest(
        client_id=(client or make_client_company()).id,
        skills=[_asked(skill) for skill in skills],
        hours_per_week=Decimal(hours),
        start_date=start or today(),
        end_date=end,
        **values,
    )
    _saved(request)
    return request


def explain(score: float = 0.8) -> dict[str, Any]:
    """An explanation in the form of a real one, each of whose parts has that score."""
    parts: dict[str, Any] = {
        name: {"score": score, "weight": weight, "reasons": [f"A reason for {name}."]}
        for name, weight in _PARTS.items()
    }
    parts["skills"] |= {"matched": ["Excel"], "related": [], "missing": []}
    return parts


def make_match(
    status: str = "proposed",
    *,
    request: MatchRequest | None = None,
    assistant: Assistant | None = None,
    score: float = 0.8,
    stars: int | None = None,
    **values: Any,
) -> Match:
    """A proposal of an assistant for a request (new ones unless given), or what became of it: an accepted one has its
    reservation, one that is completed or ended is over today unless `ended_on` says else; `stars` adds the review."""
    request = request or make_request()
    assistant = assistant or make_assistant(skills=("Excel",))
    if status in _DECIDED:
        values.setdefault("decided_at", now())
    if status in ("completed", "ended"):
        values.setdefault("ended_on", today())
    defaults = {
        "hours_per_week": request.hours_per_week,
        "hourly_rate": assistant.hourly_rate,
        "currency": assistant.currency,
        "starts_on": request.start_date,
        "ends_on": request.end_date,
        "place": 1,
        "explanation": explain(score),
    }
    match = Match(
        request_id=request.id,
        client_id=request.client_id,
        assistant_id=assistant.id,
        score=score,
        status=status,
        **(defaults | values),
    )
    _saved(match)
    if status == "accepted":
        request.status = "filled"
        _saved(_reservation(match))
    if stars is not None:
        _saved(Review(match_id=match.id, assistant_id=match.assistant_id, client_id=match.client_id, stars=stars))
    return match


def _reservation(match: Match) -> Reservation:
    return Reservation(
        assistant_id=match.assistant_id,
        client_id=match.client_id,
        match_id=match.id,
        hours_per_week=match.hours_per_week,
        starts_on=match.starts_on,
        ends_on=match.ends_on,
    )
