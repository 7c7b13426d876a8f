"""What somebody's start page shows of requests and engagements."""

from uuid import UUID

from app.assistants.engagements.kinds import matches
from app.assistants.engagements.kinds import requests as match_requests
from app.assistants.engagements.overview import (
    Engagement,
    OpenRequest,
    engagements_of_company,
    engagements_of_expert,
    open_requests,
)
from app.core.domain import Home, Need, Tile
from app.core.permissions import Role
from app.core.sides import COMPANY
from app.identity.identities import Identity
from app.identity.policy import can

_CHOOSE, _REVIEW = 1, 2


def home_of(person: Identity) -> Home:
    if person.role == Role.EXPERT and person.id is not None:
        return Home(tiles=[_tile([], engagements_of_expert(person.id))])
    if person.client_id is None or not can(person, "matches:read"):
        return Home()
    return _of_company(person, person.client_id)


def _of_company(person: Identity, client_id: UUID) -> Home:
    requests, engagements = open_requests(client_id), engagements_of_company(client_id)
    needs = [*map(_choose, (r for r in requests if r.proposals)), *map(_review, (e for e in engagements if e.is_over))]
    return Home(
        needs=needs if can(person, "matches:write") else [],
        tiles=[_tile(requests, [engagement for engagement in engagements if not engagement.is_over])],
    )


def _tile(requests: list[OpenRequest], engagements: list[Engagement]) -> Tile:
    return Tile("matches/_home.html", 20, {"requests": requests, "engagements": engagements}, aside=True)


def _choose(request: OpenRequest) -> Need:
    people = "1 person fits" if request.proposals == 1 else f"{request.proposals} people fit"
    about = f"{request.hours_per_week.normalize():f} hours a week"
    title = ", ".join(request.skills[:4])
    return Need(
        title, about, f"{people}: choose one", match_requests.url(request.id, COMPANY), "user-search", rank=_CHOOSE
    )


def _review(engagement: Engagement) -> Need:
    return Need(
        engagement.name,
        "Engagement ended",
        "Say how it was",
        matches.url(engagement.id, COMPANY),
        "star",
        engagement.ends_on,
        _REVIEW,
    )
