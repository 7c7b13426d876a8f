"""Time entries in the JSON API, below their project: the team logs, staff approve."""

from flask import Blueprint

from app.api.crud import mount
from app.api.operation import Example
from app.projects.timesheets.kinds import time_entries
from app.projects.timesheets.steps import TIME_ENTRY
from app.projects.visibility import get_project_for_time

bp = Blueprint("time_api", __name__, url_prefix="/api")

_PROJECT_ID = "019aa8f1-1c10-7a53-9b22-4d6e8f0a1b2c"
_ID = "019aa8f1-2d20-7b64-8c33-5e7f901b2c3d"
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

mount(
    bp,
    time_entries,
    path={"project_id": _PROJECT_ID, "entry_id": _ID},
    find_parent=get_project_for_time,
    body=_BODY,
    answer=_ENTRY,
    unasked=("client_id", "team_id"),
    steps=TIME_ENTRY,
    ids={"create": "log_time"},
    examples={
        "list": Example(query="status=submitted"),
        "update": Example(body={"minutes": 480}, answer={**_ENTRY, "minutes": 480, "hours": 8.0}),
        "approve": Example(body={}, answer=_APPROVED),
        "reject": Example(
            body={"note": "Which service was this?"},
            answer={**_APPROVED, "status": "rejected", "decision_note": "Which service was this?"},
        ),
    },
    about={
        "list": (
            "List a project's time entries",
            "Staff see everybody's, a member of the team their own, also after leaving the team.",
        ),
        "get": ("Read one time entry", ""),
        "create": (
            "Log time that was worked on a project",
            "Of days up to today on which it was active and the person was a member of its team, whatever has become "
            "of either since; a person's day has 24 hours. Today is that of the person's time zone. Staff log for the "
            "member whom `user_id` names.",
        ),
        "update": (
            "Correct a time entry that isn't approved",
            "One that was rejected waits for approval again.",
        ),
        "delete": ("Delete a time entry that isn't approved", ""),
    },
)
