"""What is taken of assistants, and what is answered."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from app.assistants.calendars.schemas import AvailabilityInput, AvailabilityOut
from app.core.schemas import Amount, Currency, Day, Input, Line, MoneyOut, NumberOut, Output, Picked, Prose, TimeOut

MOST_SKILLS = 50
USUAL_LEVEL: Literal[3] = 3

HourlyRate = Annotated[Decimal, Amount(digits=6)]


def _whole(value: Any) -> Any:
    if isinstance(value, str) and value.strip() in "12345" and len(value.strip()) == 1:
        return int(value)
    if isinstance(value, bool):
        raise PydanticCustomError("level", "A level is a number from 1 to 5.")
    return value


Level = Annotated[
    Literal[1, 2, 3, 4, 5],
    BeforeValidator(_whole),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 5}),
]


def _has_letters(value: str) -> str:
    if not any(character.isalnum() for character in value):
        raise PydanticCustomError("skill", "Name a skill with letters or digits.")
    return value


SkillName = Annotated[str, Line(60, min_length=1, example="Excel", suggest="skills"), AfterValidator(_has_letters)]


class SkillInput(Input):
    """A skill and how well it is mastered, from 1 (beginner) to 5 (expert); the name alone means level 3."""

    name: Annotated[SkillName, Field(title="Skill")]
    level: Level = Field(default=USUAL_LEVEL, title="Level, 1 to 5")

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, given: Any) -> Any:
        return {"name": given} if isinstance(given, str) else given


_NAME_IN_JSON = {
    "type": "string",
    "minLength": 1,
    "maxLength": 60,
    "pattern": r"^[^\x00-\x1f\x7f-\x9f]*[A-Za-z0-9][^\x00-\x1f\x7f-\x9f]*$",
}
_SKILL_IN_JSON = {
    "anyOf": [
        _NAME_IN_JSON,
        {
            "type": "object",
            "properties": {"name": _NAME_IN_JSON, "level": {"type": "integer", "minimum": 1, "maximum": 5}},
            "required": ["name"],
            "additionalProperties": False,
        },
    ]
}
Skills = Annotated[
    list[SkillInput],
    Field(max_length=MOST_SKILLS, title="Skills", description="The main ones first."),
    WithJsonSchema({"type": "array", "maxItems": MOST_SKILLS, "items": _SKILL_IN_JSON}),
]
Headline = Annotated[str, Line(160, example="Bookkeeper for small companies"), Field(title="Headline")]
About = Annotated[str, Prose(5000), Field(title="About")]
Availability = Annotated[AvailabilityInput, Field(title="Availability")]


class AssistantInput(Input):
    """What is known of an assistant. Skills are compared by meaning: `MS-Excel` is Excel. One that nobody knows yet
    waits for a person to sort it in."""

    name: Annotated[str, Line(120, min_length=1), Field(title="Name")]
    headline: Headline = ""
    about: About = ""
    user_id: Annotated[
        UUID | None,
        Picked("users", help="The expert’s account, for their own profile and calendar."),
        Field(title="Account"),
    ] = None
    skills: Skills = Field(default_factory=list)
    hourly_rate: Annotated[HourlyRate, Field(title="Hourly rate")]
    currency: Currency = Field(default="USD", title="Currency")
    availability: Availability = Field(default_factory=AvailabilityInput)


class ProfileInput(Input):
    """What an expert says of their own work. The rate is agreed with staff."""

    headline: Headline = ""
    about: About = ""
    skills: Skills = Field(default_factory=list)
    availability: Availability = Field(default_factory=AvailabilityInput)


class SkillLevelOut(Output):
    name: str
    level: int


class AssistantOut(Output):
    """`available_hours` tells how many a week are free: the least of the next four weeks."""

    id: UUID
    user_id: UUID | None
    name: str
    headline: str
    about: str
    skills: list[str]
    skill_levels: list[SkillLevelOut]
    hourly_rate: MoneyOut
    currency: str
    availability: AvailabilityOut
    available_hours: NumberOut
    rating: NumberOut | None
    reviews_count: int
    projects_completed: int
    archived_at: TimeOut | None
    created_at: TimeOut
    updated_at: TimeOut


class TimeOffInput(Input):
    """Days off, the last one included."""

    starts_on: Annotated[date, Day(), Field(title="First day")]
    ends_on: Annotated[date, Day(), Field(title="Last day")]
    reason: Annotated[str, Line(200, help="Seen by you and by staff."), Field(title="Reason")] = ""


class TimeOffOut(Output):
    id: UUID
    starts_on: date
    ends_on: date
    reason: str
