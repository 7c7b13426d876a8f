"""What the JSON API tells of schedules."""

from collections.abc import Mapping
from typing import Annotated, Any

from flask import Blueprint
from pydantic import BaseModel, Field

from app.api.operation import Example, operation
from app.automations.cron_words import words_of
from app.automations.schedules import problem_of_cron, upcoming
from app.core.clock import now, zone_of
from app.core.errors import FieldError, Invalid
from app.core.schemas import Output, TimeOut

bp = Blueprint("automation_schedules_api", __name__, url_prefix="/api/ai-automation")


class ScheduleQuery(BaseModel):
    cron: Annotated[str, Field(max_length=100, examples=["0 6 * * 1"])]
    timezone: Annotated[str, Field(max_length=64, examples=["Europe/Berlin"])] = "UTC"


class DueOut(Output):
    """A time in UTC and in the time zone of the schedule. `note` explains the effect of a daylight saving change."""

    at: TimeOut
    local_time: str = Field(examples=["2026-12-07T06:00:00+01:00"])
    note: str


class ScheduleOut(Output):
    """A schedule and its next times. `in_words` is null for unusual schedules."""

    cron: str
    timezone: str
    in_words: str | None
    next: list[DueOut]


@bp.get("/schedule")
@operation(
    allow="automations:read",
    query=ScheduleQuery,
    answers={200: ScheduleOut},
    tags=("Automations",),
    example=Example(
        query="cron=0%206%20*%20*%201&timezone=Europe/Berlin",
        answer={
            "cron": "0 6 * * 1",
            "timezone": "Europe/Berlin",
            "in_words": "Every Monday at 06:00",
            "next": [{"at": "2026-12-07T05:00:00Z", "local_time": "2026-12-07T06:00:00+01:00", "note": ""}],
        },
    ),
)
def read_schedule(query: ScheduleQuery) -> Mapping[str, Any]:
    """Preview a schedule.

    Returns the next five times in the time zone. Answers 422 if the schedule or the time zone isn’t valid.
    """
    problems = []
    if problem := problem_of_cron(query.cron):
        problems.append(FieldError("/query/cron", problem, "bad-cron"))
    if zone_of(query.timezone) is None:
        problems.append(FieldError("/query/timezone", f"There is no time zone {query.timezone}.", "unknown-time-zone"))
    if problems:
        raise Invalid("This schedule isn’t valid.", errors=problems)
    found = upcoming(query.cron, query.timezone, now())
    return {
        "cron": query.cron,
        "timezone": query.timezone,
        "in_words": words_of(query.cron),
        "next": [{"at": one.at, "local_time": one.local.isoformat(), "note": one.note} for one in found],
    }
