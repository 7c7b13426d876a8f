"""The steps of a deliverable, and what a company says of a finished project. The team starts and submits, the client
approves or asks for changes. Callers lock the project."""

from datetime import date
from functools import partial
from typing import Any

from app.assistants.calendars.date_queries import today_of_account
from app.core.audit import Actor, audit_as
from app.core.clock import now
from app.core.errors import Conflict, Invalid
from app.core.events import publish
from app.core.steps import WrongStep
from app.extensions import db
from app.projects.models import Deliverable, Project, ProjectReview
from app.projects.plans.delays import PlanMoved, apply_moves, preview_dates, preview_finish
from app.projects.plans.schemas import Approval, ChangesWanted, HandIn, Submission
from app.projects.plans.steps import DELIVERABLE
from app.projects.queries import find_review
from app.projects.steps import PROJECT


class InTheFuture(Invalid):
    """Something is said to have happened on a day that is still to come."""


class NotCompleted(Conflict):
    """A company says what it thinks of a project once it is completed."""


class ReviewedAlready(Conflict):
    """A project is reviewed once."""


def _is_shut(deliverable: Deliverable, goes_on: tuple[str, ...]) -> WrongStep | None:
    project = deliverable.project
    if project.status in goes_on:
        return None
    state = PROJECT.state(project).in_words
    return WrongStep(f"“{project.name}” is {state}: nothing is handed in or decided now.")


_no_work = partial(_is_shut, goes_on=("active",))
_no_decisions = partial(_is_shut, goes_on=("active", "on_hold"))


@DELIVERABLE.does("start", unless=_no_work)
def start_deliverable(deliverable: Deliverable, *, actor: Actor) -> Deliverable:
    DELIVERABLE.begin(deliverable, "start", actor=actor)
    deliverable.status = "in_progress"
    db.session.flush()
    return deliverable


@DELIVERABLE.does("submit", form=HandIn, body=Submission, unless=_no_work)
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
    project, this = deliverable.project, today_of_account(actor.id)
    finished_on = finished_on or this
    if finished_on > this:
        raise InTheFuture("This day is still to come.", at="/finished_on", wrong="future")
    DELIVERABLE.begin(deliverable, "submit", actor=actor)
    preview = preview_finish(project, deliverable, finished_on)
    if version is not None and version != preview.version:
        raise PlanMoved
    apply_moves(preview)
    deliverable.status, deliverable.finished_on, deliverable.note = "submitted", finished_on, note
    db.session.flush()
    _announce("deliverable.submitted", deliverable, actor)
    return deliverable


@DELIVERABLE.does("approve", body=Approval, unless=_no_decisions)
def approve_deliverable(deliverable: Deliverable, *, note: str = "", actor: Actor) -> Deliverable:
    """Take what was handed in. Staff and the team hear of it."""
    DELIVERABLE.begin(deliverable, "approve", actor=actor)
    return _decided(deliverable, "approved", note, actor)


@DELIVERABLE.does("request-changes", form=ChangesWanted, unless=_no_decisions)
def request_changes(deliverable: Deliverable, *, note: str, actor: Actor) -> Deliverable:
    """Hand back what was handed in, with what is to be changed. Staff and the team hear of it."""
    if not note.strip():
        raise Invalid("Say what is to be changed.", at="/note", wrong="missing")
    DELIVERABLE.begin(deliverable, "request-changes", actor=actor)
    deliverable.finished_on = None
    return _decided(deliverable, "changes_requested", note, actor)


def put_dates_right(project: Project, *, version: str, actor: Actor) -> int:
    """Move every deliverable behind what comes before it, as `preview_dates` shows; how many moved."""
    audit_as(db.session, actor=actor, action="move-dates")
    preview = preview_dates(project)
    if version != preview.version:
        raise PlanMoved
    apply_moves(preview)
    db.session.flush()
    return len(preview.moves)


def review_project(project: Project, *, stars: int, comment: str, actor: Actor) -> ProjectReview:
    """What the company says of the team, once, when the project is completed. Staff and the team hear of it."""
    audit_as(db.session, actor=actor, action="review")
    if project.status != "completed" or project.team_id is None:
        raise NotCompleted(
            f"“{project.name}” is {PROJECT.state(project).in_words}; it is reviewed once it is completed."
        )
    if find_review(project) is not None:
        raise ReviewedAlready(f"“{project.name}” has been reviewed already.")
    fields = {"team_id": project.team_id, "client_id": project.client_id, "user_id": actor.id}
    review = ProjectReview(project_id=project.id, stars=stars, comment=comment, **fields)
    db.session.add(review)
    db.session.flush()
    publish("project.reviewed", about=project, actor=actor, project=project.name, stars=stars)
    return review


def _decided(deliverable: Deliverable, status: str, note: str, actor: Actor) -> Deliverable:
    deliverable.status, deliverable.note = status, note
    deliverable.decided_at, deliverable.decided_by_id = now(), actor.id
    db.session.flush()
    _announce(f"deliverable.{status}", deliverable, actor, note=note)
    return deliverable


def _announce(event: str, deliverable: Deliverable, actor: Actor, **values: Any) -> None:
    project = deliverable.project
    about: dict[str, Any] = {"about": deliverable, "within": project, "client_id": project.client_id}
    publish(event, **about, actor=actor, project=project.name, title=deliverable.title, **values)
