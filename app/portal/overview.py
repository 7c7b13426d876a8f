"""The start pages of clients and experts: what needs them, how their work stands, what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from app.assistants.engagements import overview as assistants
from app.assistants.engagements.overview import Engagement, OpenRequest
from app.core.permissions import Role
from app.identity.identities import Identity
from app.identity.policy import can
from app.projects import overview as projects
from app.projects.overview import Coming, Standing, Waiting


@dataclass(frozen=True)
class Need:
    """One thing that only the person can settle: what it is about, what is to be done, and where."""

    title: str
    about: str
    act: str
    url: str
    icon: str
    since: date | None = None


@dataclass(frozen=True)
class Overview:
    needs: Sequence[Need] = ()
    """What is urgent first."""
    requests: Sequence[OpenRequest] = ()
    engagements: Sequence[Engagement] = ()
    projects: Sequence[Standing] = ()
    coming: Sequence[Coming] = field(default_factory=tuple)


_WAITING = {
    "deliverable": ("Approve it, or ask for changes", "package"),
    "change-order": ("Approve or decline the change", "file-diff"),
    "project-review": ("Say how the project was", "star"),
    "changes": ("Changes were asked for", "pencil"),
}


def overview_of(person: Identity) -> Overview:
    """What the person's start page shows; nothing of what the person may not see."""
    if person.role == Role.EXPERT and person.id is not None:
        return _of_expert(person.id)
    if person.client_id is None:
        return Overview()
    return _of_company(person, person.client_id)


def _of_company(person: Identity, client_id: UUID) -> Overview:
    sees_matches, sees_projects = can(person, "matches:read"), can(person, "projects:read")
    requests = assistants.open_requests(client_id) if sees_matches else []
    engagements = assistants.engagements_of_company(client_id) if sees_matches else []
    waiting = projects.waiting_for_company(client_id) if sees_projects else []
    decides, chooses = can(person, "projects:write"), can(person, "matches:write")
    urgent = [_need(w) for w in waiting if decides and w.kind != "project-review"]
    choices = [_choose(r) for r in requests if chooses and r.proposals]
    reviews = [_review(e) for e in engagements if chooses and e.is_over]
    reviews += [_need(w) for w in waiting if decides and w.kind == "project-review"]
    return Overview(
        needs=[*urgent, *choices, *reviews],
        requests=requests,
        engagements=[e for e in engagements if not e.is_over],
        projects=projects.standing_of_company(client_id) if sees_projects else [],
        coming=projects.coming_for_company(client_id) if sees_projects else [],
    )


def _of_expert(user_id: UUID) -> Overview:
    return Overview(
        needs=[_need(waiting) for waiting in projects.waiting_for_expert(user_id)],
        engagements=assistants.engagements_of_expert(user_id),
        projects=projects.standing_of_expert(user_id),
        coming=projects.coming_for_expert(user_id),
    )


def _need(waiting: Waiting) -> Need:
    act, icon = _WAITING[waiting.kind]
    about = "" if waiting.title == waiting.project else waiting.project
    return Need(waiting.title, about, act, f"/dashboard/projects/{waiting.project_id}", icon, waiting.since)


def _choose(request: OpenRequest) -> Need:
    people = "1 person fits" if request.proposals == 1 else f"{request.proposals} people fit"
    about = f"{request.hours_per_week.normalize():f} hours a week"
    title = ", ".join(request.skills[:4])
    return Need(title, about, f"{people}: choose one", f"/dashboard/matches/requests/{request.id}", "user-search")


def _review(engagement: Engagement) -> Need:
    url = f"/dashboard/matches/{engagement.id}"
    return Need(engagement.name, "Engagement ended", "Say how it was", url, "star", engagement.ends_on)
