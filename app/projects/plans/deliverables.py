"""The steps of a deliverable, and what a company says of a finished project. The team starts and submits, the client
approves or asks for changes. Callers lock the project."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from app.assistants.calendars.local_dates import today_of_account
from app.auth.news import tell_company, tell_staff
from app.core.audit import Actor, attribute
from app.core.clock import now
from app.core.errors import Conflict, FieldError, Invalid
from app.extensions import db
from app.projects.models import Deliverable, Project, ProjectReview
from app.projects.operations import STATUS_WORDS, WrongStep, tell_team
from app.projects.plans.delays import PlanMoved, apply_moves, preview_dates, preview_finish
from app.projects.queries import find_review

STEPS: Mapping[str, tuple[str, ...]] = {
    "planned": ("in_progress", "submitted"),
    "in_progress": ("submitted",),
    "changes_requested": ("in_progress", "submitted"),
    "submitted": ("approved", "changes_requested"),
    "approved": (),
    "cancelled": (),
}
"""The states that a deliverable can go to from each. Being cancelled is for change orders."""

WORDS = {
    "planned": "planned",
    "in_progress": "in progress",
    "submitted": "handed in",
    "changes_requested": "to be changed",
    "approved": "approved",
    "cancelled": "cancelled",
}
_WORK_GOES_ON = ("active",)
_DECISIONS_GO_ON = ("active", "on_hold")


class InTheFuture(Invalid):
    """Something is said to have happened on a day that is still to come."""

    code = "in-the-future"


class NotCompleted(Conflict):
    """A company says what it thinks of a project once it is completed."""

    code = "not-completed"


class ReviewedAlready(Conflict):
    """A project is reviewed once."""

    code = "reviewed-already"


def start_deliverable(deliverable: Deliverable, *, actor: Actor) -> Deliverable:
    attribute(db.session, actor=actor, action="start-work")
    _step(deliverable, "in_progress", while_project=_WORK_GOES_ON)
    db.session.flush()
    return deliverable


def submit_deliverable(
    deliverable: Deliverable,
    *,
    finished_on: date | None = None,
    note: str = "",
    version: str | None = None,
    actor: Actor,
) -> Deliverable:
    """Hand in what was finished on that day, today unless it is said; what comes after moves as `preview_finish` shows.

    Raises PlanMoved where `version` is given, and the plan is no longer the one that was shown.
    """
    attribute(db.session, actor=actor, action="submit-work")
    project, this = deliverable.project, today_of_account(actor.id)
    finished_on = finished_on or this
    if finished_on > this:
        message = "This day is still to come."
        raise InTheFuture(message, errors=[FieldError("/finished_on", message, "future")])
    _check_step(deliverable, "submitted", while_project=_WORK_GOES_ON)
    preview = preview_finish(project, deliverable, finished_on)
    if version is not None and version != preview.version:
        raise PlanMoved
    apply_moves(preview)
    deliverable.status, deliverable.finished_on, deliverable.note = "submitted", finished_on, note
    db.session.flush()
    url = f"/dashboard/projects/{project.id}"
    title = deliverable.title
    tell_company(project.client_id, "deliverable-submitted", project=project.name, title=title, url=url)
    return deliverable


def approve_deliverable(deliverable: Deliverable, *, note: str = "", actor: Actor) -> Deliverable:
    """Take what was handed in. Staff and the team hear of it."""
    attribute(db.session, actor=actor, action="approve-work")
    _step(deliverable, "approved", while_project=_DECISIONS_GO_ON)
    return _decided(deliverable, "approved", note, actor)


def request_changes(deliverable: Deliverable, *, note: str, actor: Actor) -> Deliverable:
    """Hand back what was handed in, with what is to be changed. Staff and the team hear of it."""
    attribute(db.session, actor=actor, action="return-work")
    if not note.strip():
        message = "Say what is to be changed."
        raise Invalid(message, errors=[FieldError("/note", message, "missing")])
    _step(deliverable, "changes_requested", while_project=_DECISIONS_GO_ON)
    deliverable.finished_on = None
    return _decided(deliverable, "changes asked for", note, actor)


def put_dates_right(project: Project, *, version: str, actor: Actor) -> int:
    """Move every deliverable behind what comes before it, as `preview_dates` shows; how many moved."""
    attribute(db.session, actor=actor, action="move-dates")
    preview = preview_dates(project)
    if version != preview.version:
        raise PlanMoved
    apply_moves(preview)
    db.session.flush()
    return len(preview.moves)


def review_project(project: Project, *, stars: int, comment: str, actor: Actor) -> ProjectReview:
    """What the company says of the team, once, when the project is completed. Staff and the team hear of it."""
    attribute(db.session, actor=actor, action="review")
    if project.status != "completed" or project.team_id is None:
        raise NotCompleted(f"“{project.name}” is {STATUS_WORDS[project.status]}; it is reviewed once it is completed.")
    if find_review(project) is not None:
        raise ReviewedAlready(f"“{project.name}” has been reviewed already.")
    fields = {"team_id": project.team_id, "client_id": project.client_id, "user_id": actor.id}
    review = ProjectReview(project_id=project.id, stars=stars, comment=comment, **fields)
    db.session.add(review)
    db.session.flush()
    _tell_staff_and_team(project, "project-reviewed", stars=stars)
    return review


def _step(deliverable: Deliverable, status: str, *, while_project: tuple[str, ...]) -> None:
    _check_step(deliverable, status, while_project=while_project)
    deliverable.status = status


def _check_step(deliverable: Deliverable, status: str, *, while_project: tuple[str, ...]) -> None:
    project = deliverable.project
    if project.status not in while_project:
        raise WrongStep(f"“{project.name}” is {STATUS_WORDS[project.status]}: nothing is handed in or decided now.")
    check_can_become(deliverable, status)


def check_can_become(deliverable: Deliverable, status: str) -> None:
    """Raise WrongStep where no step leads from the deliverable's state to that one, whatever the project's is."""
    if status not in STEPS[deliverable.status]:
        raise WrongStep(f"“{deliverable.title}” is {WORDS[deliverable.status]}, and can’t become {WORDS[status]}.")


def _decided(deliverable: Deliverable, decision: str, note: str, actor: Actor) -> Deliverable:
    decided_by: UUID | None = actor.id
    deliverable.decided_at, deliverable.decided_by_id, deliverable.note = now(), decided_by, note
    db.session.flush()
    values = {"title": deliverable.title, "decision": decision, "note": note}
    _tell_staff_and_team(deliverable.project, "deliverable-decided", **values)
    return deliverable


def _tell_staff_and_team(project: Project, kind: str, **values: object) -> None:
    tell_staff(kind, project=project.name, url=f"/admin/projects/{project.id}", **values)
    tell_team(project, kind, **values)
