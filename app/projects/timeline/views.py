"""The staff's timeline over all projects: /admin/timeline."""

import base64
import binascii
import json
from datetime import date, timedelta
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from app.core.clock import today_here
from app.projects.timeline.queries import SHOWN, Asked, By, Timeline, read_timeline
from app.web import htmx
from app.web.charts.days import Days
from app.web.guards import allow

bp = Blueprint("timeline", __name__, url_prefix="/admin/timeline")

WIDTH, ROW, HEAD = 1000.0, 24.0, 22.0
LOOKS_BACK = timedelta(days=28)


class TimelineQuery(BaseModel):
    """What the page's address says. What makes no sense counts as not said."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    by: By = "team"
    weeks: Literal["13", "26", "52"] = "26"
    first: date | None = Field(default=None, alias="from", ge=date(1990, 1, 1), le=date(2190, 1, 1))
    status: Literal["", "requested", "planned", "active", "on_hold"] = ""
    q: str = Field(default="", max_length=120)
    after: str = Field(default="", max_length=600)

    @field_validator("q")
    @classmethod
    def _storable(cls, value: str) -> str:
        return value.replace("\0", "")

    @property
    def begins(self) -> date:
        """The Monday of the week asked for; without one, four weeks ago."""
        day = self.first or today_here() - LOOKS_BACK
        return day - timedelta(days=day.weekday())

    @property
    def asked(self) -> Asked:
        last = self.begins + timedelta(weeks=int(self.weeks)) - timedelta(days=1)
        return Asked(self.begins, last, self.by, self.status, self.q, _place(self.after))

    def address(self, **changes: str) -> str:
        """The same timeline with something else asked for, from its first page on."""
        said = {"by": self.by, "weeks": self.weeks, "from": self.begins.isoformat(), "status": self.status, "q": self.q}
        return f"{bp.url_prefix}?{urlencode({name: value for name, value in (said | changes).items() if value})}"

    def moved(self, weeks: int) -> str:
        return self.address(**{"from": (self.begins + timedelta(weeks=weeks)).isoformat()})


@bp.get("")
@allow("projects:manage")
def index() -> Any:
    """Bars by team or by client, and the same as tables."""
    query = _read()
    asked = query.asked
    timeline = read_timeline(asked)
    half = int(query.weeks) // 2
    return htmx.page_or_fragment(
        "projects/timeline.html",
        "projects/_timeline_groups.html",
        query=query,
        timeline=timeline,
        days=Days(asked.first, asked.last, WIDTH),
        today=today_here(),
        statuses=SHOWN,
        row=ROW,
        head=HEAD,
        earlier=query.moved(-half),
        later=query.moved(half),
        next_page=_next_page(query, timeline),
    )


def _read() -> TimelineQuery:
    given = {name: value for name, value in request.args.items() if value.strip()}
    try:
        return TimelineQuery.model_validate(given)
    except ValidationError as error:
        wrong = {str(problem["loc"][0]) for problem in error.errors()}
        return TimelineQuery.model_validate({name: value for name, value in given.items() if name not in wrong})


def _next_page(query: TimelineQuery, timeline: Timeline) -> str | None:
    if timeline.next is None:
        return None
    name, key = timeline.next
    place = base64.urlsafe_b64encode(json.dumps([name, str(key)]).encode()).decode()
    return query.address(after=place)


def _place(text: str) -> tuple[str, UUID] | None:
    """Where a page goes on; a place that can't be read is the beginning."""
    try:
        name, key = json.loads(base64.urlsafe_b64decode(text.encode()))
        return (name, UUID(key)) if isinstance(name, str) and "\0" not in name else None
    except (binascii.Error, ValueError, TypeError, AttributeError):
        return None
