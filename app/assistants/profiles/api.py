"""Assistants in the JSON API."""

from decimal import Decimal

from flask import Blueprint

from app.api.crud import mount
from app.api.operation import Example
from app.assistants.calendars.kinds import time_off
from app.assistants.profiles.kinds import assistants

bp = Blueprint("assistants_api", __name__, url_prefix="/api")

_ID = "019aa8f0-9d30-7f85-8a2b-3c4d5e6f7a80"
_ABSENCE_ID = "019aa8f0-a041-7096-9b3c-4d5e6f7a8b90"
_AVAILABILITY = {
    "timezone": "Europe/Berlin",
    "weekly_hours": 30,
    "weekly": {"mon": [["09:00", "12:00"], ["13:00", "17:00"]], "tue": [["09:00", "17:00"]]},
    "from": "2026-12-01",
}
_BODY = {
    "name": "Ana Pérez",
    "headline": "Bookkeeper for small companies",
    "about": "Ten years of bookkeeping, the last four with DATEV.",
    "user_id": None,
    "skills": ["bookkeeping", {"name": "DATEV", "level": 5}],
    "hourly_rate": "38.00",
    "currency": "EUR",
    "availability": _AVAILABILITY,
}
ANSWER = {
    "id": _ID,
    **_BODY,
    "skills": ["Bookkeeping", "DATEV"],
    "skill_levels": [{"name": "Bookkeeping", "level": 3}, {"name": "DATEV", "level": 5}],
    "available_hours": 10,
    "rating": 4.75,
    "reviews_count": 4,
    "projects_completed": 5,
    "archived_at": None,
    "created_at": "2026-11-22T09:30:00Z",
    "updated_at": "2026-11-22T09:30:00Z",
}

SOME = Decimal("0.01")
"""The least that is free of who is listed as available. Staff see everybody with `include_archived`."""

mount(bp, assistants, read="public", depends_on=("skills",), body=_BODY, answer=ANSWER, unless_asked={"hours": SOME})

_ABSENCE = {"starts_on": "2026-12-21", "ends_on": "2026-12-31", "reason": "Holidays"}

mount(
    bp,
    time_off,
    read=assistants.write_permission,
    path={"reference": _ID, "time_off_id": _ABSENCE_ID},
    body=_ABSENCE,
    answer={"id": _ABSENCE_ID, **_ABSENCE},
    ids={"create": "add_time_off", "delete": "remove_time_off"},
    examples={"list": Example(query="limit=2")},
    about={
        "list": ("List an assistant's time off", "From the first day on, what has passed included."),
        "get": ("Read one spell of time off", ""),
        "create": (
            "Add time off",
            "Days on which hours are reserved may be among them: each company that has them is told. Days that are off "
            "already are a conflict.",
        ),
        "delete": ("Remove time off", ""),
    },
)
