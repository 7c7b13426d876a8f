"""What is taken and answered of time entries."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.core.amounts import Ambiguous, currencies_of, read_amount
from app.core.schemas import Amount, Currency, Day, Input, Line, MoneyOut, Number, NumberOut, Output, Prose, TimeOut

MINUTES_IN_A_DAY = 1440
_CLOCK = re.compile(r"([0-9]{1,3}):([0-5][0-9])(?::([0-5][0-9]))?", re.ASCII)
_HOUR = r"(?:h|hrs?|hours?|std\.?|stunden?|heures?)"
_MINUTE = r"(?:m|mins?\.?|minutes?|minuten?)"
_SPOKEN = re.compile(rf"([0-9]{{1,3}})\s*{_HOUR}\s*([0-5]?[0-9])\s*{_MINUTE}?", re.ASCII | re.IGNORECASE)
_IN_MINUTES = re.compile(rf"([0-9]{{1,4}})\s*{_MINUTE}", re.ASCII | re.IGNORECASE)
_IN_HOURS = re.compile(rf"(?<=[0-9.,])\s*{_HOUR}$", re.ASCII | re.IGNORECASE)
_DECIMAL = re.compile(r"[0-9]{1,3}(\.[0-9]{1,4})?", re.ASCII)

WorkedOn = Annotated[date, Day(), Field(title="Day")]
Note = Annotated[str, Prose(1000, help="What you did, in a few words."), Field(title="What was done")]
Rate = Annotated[Decimal, Amount(digits=6), Field(title="Hourly rate")]


class TimeInput(Input):
    """Time that somebody worked on a day. A deliverable says what for."""

    worked_on: WorkedOn
    minutes: Annotated[int, Number(1, MINUTES_IN_A_DAY, unit="minutes"), Field(title="Minutes")]
    deliverable_id: UUID | None = Field(default=None, title="Deliverable")
    note: Note = ""


class LoggedTimeInput(TimeInput):
    """A time entry in the API. Staff say whose time it is, and may say at which rate."""

    user_id: UUID | None = Field(default=None, description="Whose time it is. Staff only: others log their own.")
    hourly_rate: Rate | None = Field(
        default=None, description="Staff only. Without it, the rate of the person's profile holds."
    )


class ApprovalInput(Input):
    """How time is approved: at another rate, perhaps."""

    hourly_rate: Rate | None = Field(
        default=None, title="Hourly rate", description="Needed where the entry has none; else the entry's rate holds."
    )


class RejectionInput(Input):
    """Why time is not approved."""

    note: Annotated[str, Line(1000, min_length=1), Field(title="Why not?")]


class TimeEntryOut(Output):
    id: UUID
    project_id: UUID
    deliverable_id: UUID | None
    user_id: UUID
    person: str
    worked_on: date
    minutes: int
    hours: NumberOut
    note: str
    hourly_rate: MoneyOut
    currency: str
    amount: MoneyOut
    status: str
    decided_at: TimeOut | None
    decision_note: str
    created_at: TimeOut
    updated_at: TimeOut


def minutes_of(typed: str) -> int:
    """Minutes of a duration as people and programs write it (`7:30`, `7.5`, `7,5`, `8 h`, `1h30`, `90 min`, `1:29:40`),
    to the nearest one. Raises ValueError for what is none, or could be two, and says so."""
    text = _IN_HOURS.sub("", typed.strip())
    if clock := _CLOCK.fullmatch(text):
        return int(clock[1]) * 60 + int(clock[2]) + (int(clock[3] or 0) >= 30)
    if spoken := _SPOKEN.fullmatch(text):
        return int(spoken[1]) * 60 + int(spoken[2])
    if minutes := _IN_MINUTES.fullmatch(text):
        return int(minutes[1])
    hours = text if currencies_of(text) else read_amount(text)
    if not isinstance(hours, str) or not _DECIMAL.fullmatch(hours):
        raise ValueError(hours.question if isinstance(hours, Ambiguous) else "Write hours as in 7:30 or 7.5.")
    return round(Decimal(hours) * 60)


def clock_of(minutes: int) -> str:
    """What `minutes_of` reads: `7:30`."""
    return f"{minutes // 60}:{minutes % 60:02}"


def _duration(typed: str) -> str:
    try:
        minutes = minutes_of(typed)
    except ValueError as error:
        raise PydanticCustomError("duration", "{reason}", {"reason": str(error)}) from None
    if not 1 <= minutes <= MINUTES_IN_A_DAY:
        raise PydanticCustomError("duration_range", "A day has 24 hours: write a time from 0:01 to 24:00.")
    return typed


Hours = Annotated[
    str,
    Line(12, min_length=1, example="7:30", help="As in 7:30 or 7.5."),
    AfterValidator(_duration),
    Field(title="Hours"),
]


class SheetInput(Input):
    """Time as it is logged on one's own time sheet. `work` is a project's id, or that, a slash and a deliverable's."""

    work: Annotated[str, Line(80, min_length=1), Field(title="What for?")]
    worked_on: WorkedOn
    hours: Hours
    note: Note = ""


class MemberTimeInput(Input):
    """Time that staff log for a member of the project's team."""

    user_id: UUID = Field(title="Whose time?")
    deliverable_id: UUID | None = Field(default=None, title="What for?")
    worked_on: WorkedOn
    hours: Hours
    hourly_rate: Rate | None = Field(
        default=None, title="Hourly rate", description="Left blank, the rate of the person’s profile holds."
    )
    note: Note = ""


class SheetRow(Input):
    """A row of a time sheet that is imported. Once it is examined, `person` and `project` are ids."""

    person: Annotated[
        str, Line(200, min_length=1, help="user name, e-mail or name; first and last name may be two columns")
    ] = Field(title="Person")
    worked_on: WorkedOn
    hours: Hours
    project: Annotated[str, Line(200, min_length=1, help="name or id")] = Field(title="Project")
    company: Annotated[
        str, Line(120, help="needed where several companies have a project of this name"), Field(title="Company")
    ] = ""
    note: Note = ""
    hourly_rate: Annotated[Decimal, Amount(digits=6), Field(title="Hourly rate")] = Decimal(0)
    currency: Currency = Field(default="USD", title="Currency")
