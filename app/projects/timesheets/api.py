"""Time entries in the JSON API, below their project: the team logs, staff approve."""

from typing import Any
from uuid import UUID

from flask import Blueprint
from sqlalchemy import select

from app.api.access import actor
from app.api.operation import Answer, Example, Loaded, operation_with
from app.api.paging import list_answer
from app.api.steps import mount_steps
from app.core.addresses import api_prefix
from app.core.errors import Invalid, NotFound
from app.core.ids import reference
from app.core.lists import ListQuery
from app.core.schemas import changes_of, partial
from app.extensions import db
from app.identity.policy import is_staff
from app.projects.models import Project
from app.projects.timesheets import operations as time
from app.projects.timesheets.kinds import TIME, WITH_PEOPLE, ProjectTimeQuery
from app.projects.timesheets.models import TimeEntry
from app.projects.timesheets.schemas import LoggedTimeInput, TimeEntryOut, TimeInput
from app.projects.timesheets.steps import TIME_ENTRY
from app.projects.visibility import get_project_for_time

bp = Blueprint("time_api", __name__, url_prefix="/api/expert-teams/projects/<project_id>/time-entries")

TAGS = ("Projects",)
operation = operation_with(tags=TAGS)
_PROJECT_ID = "019aa8f1-1c10-7a53-9b22-4d6e8f0a1b2c"
_ID = "019aa8f1-2d20-7b64-8c33-5e7f901b2c3d"
_PATH = {"project_id": "The id of the project."}
_ONE = {**_PATH, "entry_id": "The id of the time entry."}
_EXAMPLE_PATH = {"project_id": _PROJECT_ID}
_EXAMPLE_ONE = {**_EXAMPLE_PATH, "entry_id": _ID}
_BODY = {"worked_on": "2026-11-20", "minutes": 450, "note": "Moved the first three services."}
_ENTRY = {
    "id": _ID,
    "project_id": _PROJECT_ID,
    "deliverable_id": None,
    "user_id": "019aa8f0-9e10-7b13-8a41-0d2f4a6c8e02",
    "person": "Ana Pérez",
    **_BODY,
    "hours": 7.5,
    "hourly_rate": "40.00",
    "currency": "EUR",
    "amount": "300.00",
    "status": "submitted",
    "decided_at": None,
    "decision_note": "",
    "created_at": "2026-11-20T17:30:00Z",
    "updated_at": "2026-11-20T17:30:00Z",
}
_APPROVED = {**_ENTRY, "status": "approved", "decided_at": "2026-11-22T09:30:00Z"}
NO_SUCH = "There is no such time entry."


class PersonMissing(Invalid):
    """Staff log time, and haven't said whose."""

    at, wrong = "/user_id", "missing"
    says = "Say whose time it is, with the id of the user."


class StaffOnly(Invalid):
    """Somebody says what only staff say."""

    def __init__(self, name: str) -> None:
        super().__init__("Only staff say this.", at=f"/{name}", wrong="staff_only")


@bp.get("")
@operation(
    allow="time:read",
    query=ProjectTimeQuery,
    answers={200: list[TimeEntryOut]},
    path=_PATH,
    paged=True,
    example=Example(path=_EXAMPLE_PATH, query="status=submitted", answer=[_ENTRY]),
)
def list_time_entries(project_id: str, query: ListQuery) -> Answer:
    """List a project's time entries.

    Staff see everybody's, a member of the team their own, also after leaving the team.
    """
    project = get_project_for_time(project_id, actor())
    staff = is_staff(actor())
    held: dict[str, Any] = {"project": project.id, **({} if staff else {"user_id": actor().id})}
    return list_answer(TIME, query, staff=staff, options=WITH_PEOPLE, **held)


@bp.post("")
@operation(
    allow="time:write",
    body=LoggedTimeInput,
    server_sets=TimeEntryOut,
    answers={201: TimeEntryOut},
    path=_PATH,
    problems=(409,),
    conditional=True,
    example=Example(path=_EXAMPLE_PATH, body=_BODY, answer=_ENTRY),
)
def log_time(project_id: str, body: LoggedTimeInput) -> Answer:
    """Log time that was worked on a project.

    Of days up to today on which it was active and the person was a member of its team, whatever has become of either
    since; a person's day has 24 hours. Today is that of the person's time zone. Staff log for the member whom `user_id`
    names.
    """
    user_id = _whose(body)
    project = get_project_for_time(project_id, actor(), lock=True)
    entry = time.log_time(project, body, user_id=user_id, hourly_rate=body.hourly_rate, actor=actor())
    address = f"{api_prefix()}/expert-teams/projects/{project.id}/time-entries/{entry.id}"
    return Answer(_one(project, entry.id), headers={"Location": address})


def _one(project: Project, entry_id: str | UUID, *, for_update: bool = False) -> TimeEntry:
    """The entry, if it is the project's and the caller's own, or staff ask."""
    key = reference(entry_id) if isinstance(entry_id, str) else entry_id
    if not isinstance(key, UUID):
        raise NotFound(NO_SUCH)
    query = select(TimeEntry).where(TimeEntry.id == key, TimeEntry.project_id == project.id).options(*WITH_PEOPLE)
    if not is_staff(actor()):
        query = query.where(TimeEntry.user_id == actor().id)
    if for_update:
        query = query.with_for_update(of=TimeEntry).execution_options(populate_existing=True)
    entry = db.session.scalar(query)
    if entry is None:
        raise NotFound(NO_SUCH)
    return entry


@bp.get("/<entry_id>")
@operation(
    allow="time:read",
    answers={200: TimeEntryOut},
    path=_ONE,
    example=Example(path=_EXAMPLE_ONE, answer=_ENTRY),
)
def get_time_entry(project_id: str, entry_id: str) -> TimeEntry:
    """Read one time entry."""
    return _one(get_project_for_time(project_id, actor()), entry_id)


def _locked(project_id: str, entry_id: str) -> TimeEntry:
    return _one(get_project_for_time(project_id, actor()), entry_id, for_update=True)


@bp.patch("/<entry_id>")
@operation(
    allow="time:write",
    body=partial(TimeInput),
    server_sets=TimeEntryOut,
    answers={200: TimeEntryOut},
    path=_ONE,
    problems=(409,),
    conditional=Loaded(_locked, get_time_entry),
    example=Example(path=_EXAMPLE_ONE, body={"minutes": 480}, answer={**_ENTRY, "minutes": 480, "hours": 8.0}),
)
def update_time_entry(entry: TimeEntry, body: Any) -> TimeEntry:
    """Correct a time entry that isn't approved.

    One that was rejected waits for approval again.
    """
    time.update_time(entry, changes_of(body), actor=actor())
    db.session.refresh(entry)
    return entry


@bp.delete("/<entry_id>")
@operation(
    allow="time:write",
    answers={204: None},
    path=_ONE,
    problems=(409,),
    conditional=Loaded(_locked, get_time_entry),
    example=Example(path=_EXAMPLE_ONE),
)
def delete_time_entry(entry: TimeEntry) -> None:
    """Delete a time entry that isn't approved."""
    time.delete_time(entry, actor=actor())


def _whose(body: LoggedTimeInput) -> UUID:
    """Whose time it is: staff say so, others log their own."""
    if is_staff(actor()):
        if body.user_id is None:
            raise PersonMissing
        return body.user_id
    for name in ("user_id", "hourly_rate"):
        if getattr(body, name) not in (None, actor().id):
            raise StaffOnly(name)
    if actor().id is None:
        raise NotFound(NO_SUCH)
    own: UUID = actor().id
    return own


mount_steps(
    bp,
    TIME_ENTRY,
    "/<entry_id>",
    lambda _step, _body, project_id, entry_id: _one(get_project_for_time(project_id, actor()), entry_id),
    noun="time_entry",
    without=("correct", "delete"),
    answers={200: TimeEntryOut},
    path=_ONE,
    tags=TAGS,
    examples={
        "approve": Example(path=_EXAMPLE_ONE, body={}, answer=_APPROVED),
        "reject": Example(
            path=_EXAMPLE_ONE,
            body={"note": "Which service was this?"},
            answer={**_APPROVED, "status": "rejected", "decision_note": "Which service was this?"},
        ),
    },
)
