"""What an assignment comes to, and who would do what: ready to be kept as JSON."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from app.assistants.batch.problem import Pair, Work
from app.assistants.batch.solving import Solution
from app.assistants.matching.facts import Candidate
from app.assistants.matching.period import peak_of
from app.assistants.matching.scoring import Scored
from app.assistants.models import MatchRequest
from app.core.clock import today_here


def figures(solution: Solution, works: Mapping[UUID, Work], people: Mapping[UUID, Candidate]) -> dict[str, Any]:
    """Fit and fairness of an assignment, side by side."""
    pairs = solution.pairs
    given: dict[UUID, float] = {}
    for pair in pairs:
        given[pair.person] = given.get(pair.person, 0.0) + works[pair.request].hours
    shares = [_share(people[key], hours, works, pairs) for key, hours in given.items()]
    return {
        "filled": len(pairs),
        "people": len(given),
        "total_fit": round(sum(pair.fit for pair in pairs), 6),
        "mean_fit": round(sum(pair.fit for pair in pairs) / len(pairs), 6) if pairs else None,
        "mean_load": round(sum(shares) / len(shares), 6) if shares else None,
        "highest_load": round(max(shares), 6) if shares else None,
        "worth": round(solution.worth, 6),
        "best_possible": round(max(solution.best_possible, solution.worth), 6),
        "is_best": solution.is_best,
    }


def _share(person: Candidate, hours: float, works: Mapping[UUID, Work], pairs: Sequence[Pair]) -> float:
    """The share of the person's week that is taken with it."""
    first: date = min(works[pair.request].starts for pair in pairs if pair.person == person.id)
    return min((float(peak_of(person.bookings, first, None)) + hours) / float(person.weekly_hours), 1.0)


def unfilled(
    requests: Sequence[MatchRequest], chosen: Solution, scored: Mapping[UUID, Sequence[Scored]]
) -> list[dict[str, Any]]:
    filled = {pair.request for pair in chosen.pairs}
    return [
        {
            "request_id": str(request.id),
            "company": request.client.name,
            "skills": [skill["name"] for skill in request.skills],
            "why": "Whoever fits is needed more elsewhere." if scored[request.id] else "Nobody fits within its limits.",
        }
        for request in requests
        if request.id not in filled
    ]


def told(chosen: Solution, requests: Sequence[MatchRequest], people: Mapping[UUID, Candidate]) -> list[dict[str, Any]]:
    by_id = {request.id: request for request in requests}
    return [
        {
            "request_id": str(pair.request),
            "assistant_id": str(pair.person),
            "company": by_id[pair.request].client.name,
            "skills": [skill["name"] for skill in by_id[pair.request].skills],
            "name": people[pair.person].name,
            "hours": float(by_id[pair.request].hours_per_week),
            "starts_on": max(by_id[pair.request].start_date, today_here()).isoformat(),
            "score": pair.fit,
            "room": pair.room,
        }
        for pair in chosen.pairs
    ]
