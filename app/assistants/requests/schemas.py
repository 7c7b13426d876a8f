"""What is taken of a match request, and what is answered."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.assistants.calendars.schemas import Zone
from app.assistants.profiles.schemas import AssistantOut, HourlyRate, SkillName
from app.core.clock import today_here
from app.core.schemas import (
    Currency,
    Day,
    Input,
    JsonSchemaExtra,
    Line,
    MoneyOut,
    Number,
    NumberOut,
    Output,
    Picked,
    Prose,
    TimeOut,
)

MOST_SKILLS = 20
MOST_PROPOSALS = 50
USUAL_PROPOSALS = 5
LARGEST_RATE = Decimal("999999.99")

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", re.ASCII)

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WORKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")


def _time_of_day(value: str) -> str:
    if not _TIME.fullmatch(value):
        raise PydanticCustomError("time_of_day", "Give a time of the day as in 09:00.")
    return value


def _each_once(value: list[Weekday]) -> list[Weekday]:
    if len(set(value)) < len(value):
        raise PydanticCustomError("repeated", "Name each day once.")
    return value


TimeOfDay = Annotated[
    str, Line(5, example="09:00"), AfterValidator(_time_of_day), JsonSchemaExtra(pattern=f"^({_TIME.pattern})$")
]


class MatchRequestInput(Input):
    """What a company wants done. Without `timezone` the times of the day don't matter; with it and without `time_from`
    and `time_to` they are 09:00 to 17:00 there. A start that has passed means today."""

    skills: Annotated[
        list[SkillName],
        Field(min_length=1, max_length=MOST_SKILLS, title="Skills", description="What the work needs, one a line."),
    ]
    hours_per_week: Annotated[
        Decimal, Number(Decimal("0.01"), 168, decimals=2, unit="hours"), Field(title="Hours a week")
    ]
    start_date: Annotated[date | None, Day(help="Today, if left blank."), Field(title="First day")] = None
    end_date: Annotated[date | None, Day(help="Until further notice, if left blank."), Field(title="Last day")] = None
    max_hourly_rate: Annotated[HourlyRate | None, Field(title="At most an hour")] = None
    currency: Currency | None = Field(
        default=None, title="Currency", description="Without one, the maximum counts for any currency as it is."
    )
    timezone: Annotated[Zone | None, Field(title="Time zone")] = None
    time_from: Annotated[TimeOfDay | None, Field(title="From")] = None
    time_to: Annotated[TimeOfDay | None, Field(title="To", validate_default=True)] = None
    weekdays: Annotated[
        list[Weekday],
        Field(min_length=1, max_length=7, title="Days of the week"),
        AfterValidator(_each_once),
        JsonSchemaExtra(uniqueItems=True),
    ] = Field(default_factory=lambda: list(WORKDAYS))
    description: Annotated[str, Prose(5000), Field(title="Description")] = ""
    limit: Annotated[int, Number(1, MOST_PROPOSALS), Field(title="How many proposals")] = USUAL_PROPOSALS
    what_if: Annotated[
        bool,
        Field(
            title="What if",
            description="Whether to tell which changes would bring more or better people. Where fewer are found than "
            "were asked for, it is told in any case.",
        ),
    ] = False
    client_id: Annotated[UUID | None, Picked("clients"), Field(title="Company")] = None

    @field_validator("end_date")
    @classmethod
    def _ends_after_start(cls, value: date | None, info: ValidationInfo) -> date | None:
        start = info.data.get("start_date") or today_here()
        if value is not None and value < start:
            raise PydanticCustomError("period", "The last day comes before the first.")
        if value is not None and value < today_here():
            raise PydanticCustomError("period", "This day has passed.")
        return value

    @field_validator("time_from")
    @classmethod
    def _is_somewhere(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and "timezone" in info.data and info.data["timezone"] is None:
            raise PydanticCustomError("times", "Say in which time zone this is.")
        return value

    @field_validator("time_to")
    @classmethod
    def _goes_with_the_other(cls, value: str | None, info: ValidationInfo) -> str | None:
        if "time_from" in info.data and (value is None) != (info.data["time_from"] is None):
            raise PydanticCustomError("times", "Give both times of the day, or neither.")
        return value


class ProposalOut(Output):
    """Somebody who fits, and why: `explanation` has each part of the score by name, with its `score` and `weight`."""

    id: UUID
    assistant: AssistantOut
    score: Annotated[float, Field(ge=0, le=1)]
    status: str
    explanation: Annotated[
        dict[str, Any], JsonSchemaExtra(description="The parts of the score, each with its weight and reasons.")
    ]


class UnknownSkill(Output):
    """A term that no skill is called by, or that may mean several, with the skills that are nearest to it."""

    term: str
    nearest: list[str]


class MatchAnswer(Output):
    """Who fits best, in order. `what_if` tells which changes of the request would bring more or better people,
    `unknown_skills` which terms weren't understood."""

    id: UUID
    matches: list[ProposalOut]
    what_if: list[dict[str, Any]]
    unknown_skills: list[UnknownSkill]


class KeptRequestOut(Output):
    """A request as it was taken, with its proposals; `skills` are called by the names of what they mean."""

    id: UUID
    client_id: UUID
    skills: list[str]
    hours_per_week: NumberOut
    start_date: date
    end_date: date | None
    max_hourly_rate: MoneyOut | None
    currency: str | None
    timezone: str | None
    time_from: str | None
    time_to: str | None
    weekdays: list[str]
    description: str
    limit: int
    status: str
    unknown_skills: list[UnknownSkill]
    matches: list[ProposalOut]
    created_at: TimeOut
    updated_at: TimeOut
