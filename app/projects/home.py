"""What somebody's start page shows of projects."""

from collections.abc import Sequence
from uuid import UUID

from app.core.domain import Home, Need, Tile
from app.core.permissions import Role
from app.core.sides import COMPANY
from app.identity.identities import Identity
from app.identity.policy import can
from app.projects import overview
from app.projects.kinds import projects
from app.projects.overview import Coming, Standing, Waiting

_URGENT, _REVIEW = 0, 2
_WAITING = {
    "deliverable": ("Approve it, or ask for changes", "package", _URGENT),
    "change-order": ("Approve or decline the change", "file-diff", _URGENT),
    "project-review": ("Say how the project was", "star", _REVIEW),
    "changes": ("Changes were asked for", "pencil", _URGENT),
}


def home_of(person: Identity) -> Home:
    if person.role == Role.EXPERT and person.id is not None:
        needs = [_need(waiting) for waiting in overview.waiting_for_expert(person.id)]
        return Home(needs, _tiles(overview.standing_of_expert(person.id), overview.coming_for_expert(person.id)))
    if person.client_id is None or not can(person, "projects:read"):
        return Home()
    return _of_company(person, person.client_id)


def _of_company(person: Identity, client_id: UUID) -> Home:
    decides = can(person, "projects:write")
    needs = [_need(waiting) for waiting in overview.waiting_for_company(client_id)] if decides else []
    return Home(needs, _tiles(overview.standing_of_company(client_id), overview.coming_for_company(client_id)))


def _tiles(standing: Sequence[Standing], coming: Sequence[Coming]) -> list[Tile]:
    return [
        Tile("projects/_home.html", 10, {"projects": standing}),
        Tile("projects/_home_dates.html", 30, {"coming": coming}, aside=True),
    ]


def _need(waiting: Waiting) -> Need:
    act, icon, rank = _WAITING[waiting.kind]
    about = "" if waiting.title == waiting.project else waiting.project
    return Need(waiting.title, about, act, projects.url(waiting.project_id, COMPANY), icon, waiting.since, rank)
