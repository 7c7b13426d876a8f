"""The form of a request: what a company wants done, in its words, made into what the matching takes."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from app.assistants.calendars.schemas import Zone
from app.assistants.models import MatchRequest
from app.assistants.profiles.schemas import HourlyRate, SkillName
from app.assistants.requests.schemas import (
    MOST_PROPOSALS,
    MOST_SKILLS,
    USUAL_PROPOSALS,
    WORKDAYS,
    MatchRequestInput,
    TimeOfDay,
    Weekday,
)
from app.assistants.skills.graph import look
from app.core.clock import today_here
from app.core.money import Currency
from app.core.schemas import Day, Input, Number, Picked, Prose
from app.core.validation import field_errors
from app.web.forms import SchemaForm

ANY, MORNINGS, AFTERNOONS, OFFICE, OWN = "Any time", "Mornings", "Afternoons", "Office hours", "These hours"
Times = Literal["Any time", "Mornings", "Afternoons", "Office hours", "These hours"]
_WINDOWS: Mapping[str, tuple[str, str]] = {
    MORNINGS: ("08:00", "12:00"),
    AFTERNOONS: ("13:00", "17:00"),
    OFFICE: ("09:00", "17:00"),
}
_SEPARATORS = re.compile("[,;\uff0c\u3001]")
AnyCurrency = Literal["Any", Currency]


def _not_passed(value: date | None) -> date | None:
    if value is not None and value < today_here():
        raise PydanticCustomError("passed", "This day has passed.")
    return value


class RequestForm(Input):
    """What a company wants done."""

    skills: Annotated[list[SkillName], Field(min_length=1, max_length=MOST_SKILLS, title="Skills")]
    description: Annotated[
        str, Prose(5000), Field(title="What is to be done", description="For the assistant to read, once proposed.")
    ] = ""
    hours_per_week: Annotated[Decimal, Number(0, 168, decimals=2, unit="hours a week"), Field(title="How much")]
    start_date: Annotated[
        date | None, Day(help="Today, if you leave it blank."), AfterValidator(_not_passed), Field(title="First day")
    ] = None
    end_date: Annotated[date | None, Day(help="Until further notice, if blank."), Field(title="Last day")] = None
    max_hourly_rate: Annotated[
        HourlyRate | None, Field(title="At most, an hour", description="Nobody above it is proposed.")
    ] = None
    currency: AnyCurrency = Field(default="Any", title="Currency")
    times: Times = Field(default="Any time", title="Time of the day")
    time_from: Annotated[TimeOfDay | None, Field(title="From")] = None
    time_to: Annotated[TimeOfDay | None, Field(title="To")] = None
    timezone: Annotated[Zone | None, Field(title="In the time zone of")] = None
    weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=7, title="Days of the week")] = Field(
        default_factory=lambda: list(WORKDAYS)
    )
    limit: Annotated[int, Number(1, MOST_PROPOSALS, unit="people"), Field(title="Propose up to")] = USUAL_PROPOSALS


class RequestFormOfStaff(RequestForm):
    """The same on behalf of a company."""

    client_id: Annotated[UUID, Picked("clients"), Field(title="Company")]


def read_request(form: SchemaForm) -> MatchRequestInput | None:
    """What was asked for; None where it is wrong, and then the fields say why."""
    form.fields["skills"].data = "\n".join(_one_a_line(form.fields["skills"].value()))
    values = form.new_values()
    if not isinstance(values, RequestForm):
        _say_what_is_missing(form)
        return None
    if values.times == OWN and (values.time_from is None or values.time_to is None):
        form.fields["time_from" if values.time_from is None else "time_to"].add_error((), "Give both times.")
        return None
    if values.times != ANY and values.timezone is None:
        form.fields["timezone"].add_error((), "Say in which time zone, as in Europe/Berlin.")
        return None
    try:
        return MatchRequestInput.model_validate(_taken(values))
    except ValidationError as error:
        form.refuse(field_errors(error))
        return None


def _one_a_line(lines: list[str]) -> list[str]:
    """The skills, also where several were typed in one line. A skill that is called by the whole line stays one."""
    several = [line for line in lines if _SEPARATORS.search(line) and "\0" not in line]
    graph, keys = look(several) if several else (None, [])
    split = {line for line, key in zip(several, keys, strict=True) if graph and key not in graph.terms}
    return [part.strip() for line in lines for part in (_SEPARATORS.split(line) if line in split else [line])]


def _say_what_is_missing(form: SchemaForm) -> None:
    """Where something is missing rather than wrong, say so in its own words."""
    missing = {"skills": "Name one skill at least.", "hours_per_week": "Say how many hours a week."}
    for name, message in missing.items():
        if form.fields[name].errors and not str(form.fields[name].data).strip():
            form.fields[name].errors = [message]


def _taken(values: RequestForm) -> dict[str, Any]:
    taken = values.model_dump(exclude={"times", "time_from", "time_to", "timezone", "currency"})
    if values.times != ANY:
        window = (values.time_from, values.time_to) if values.times == OWN else _WINDOWS[values.times]
        taken |= {"timezone": values.timezone, "time_from": window[0], "time_to": window[1]}
    if values.currency != "Any":
        taken["currency"] = values.currency
    return taken


def values_of(request: MatchRequest) -> dict[str, Any]:
    """A kept request as the form would take it, to ask again with something changed."""
    window = (request.time_from, request.time_to)
    named = next((name for name, times in _WINDOWS.items() if times == window), OWN if window[0] else OFFICE)
    return {
        "skills": [skill["name"] for skill in request.skills],
        "description": request.description,
        "hours_per_week": request.hours_per_week,
        "start_date": max(request.start_date, today_here()),
        "end_date": request.end_date,
        "max_hourly_rate": request.max_hourly_rate,
        "currency": request.currency or "Any",
        "times": named if request.timezone else ANY,
        "time_from": request.time_from,
        "time_to": request.time_to,
        "timezone": request.timezone,
        "weekdays": list(request.weekdays),
        "limit": request.most,
        "client_id": request.client_id,
    }


def changed_by(values: dict[str, Any], what: str, after: str | None, before: str) -> dict[str, Any]:
    """The values with one of the changes of a what-if made to them."""
    match what:
        case "rate":
            return {**values, "max_hourly_rate": after}
        case "hours":
            return {**values, "hours_per_week": after}
        case "start":
            return {**values, "start_date": after}
        case "skills":
            return {**values, "skills": [skill for skill in values["skills"] if skill != before]}
        case "times" if not after:
            return {**values, "times": ANY}
        case "times" if after:
            begins, _, ends = after.partition("-")
            return {**values, "times": OWN, "time_from": begins, "time_to": ends}
    return values
