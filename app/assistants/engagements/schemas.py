"""What is taken of a match, and what is answered."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.assistants.engagements.steps import MATCH, OVER
from app.assistants.requests.schemas import ProposalOut
from app.core.schemas import Day, Input, MoneyOut, Number, NumberOut, Output, Prose, TimeOut

MatchStatus = Literal[MATCH.names]  # type: ignore[name-defined]

Note = Annotated[str, Prose(1000)]


class MatchChange(Input):
    """The next step of a match. `on`, for `completed` and `ended`, is the first day on which the hours are free again:
    today, if it isn't given."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"on": {"type": "string"}}, "required": ["on"]},
            "then": {"properties": {"status": {"enum": list(OVER)}}},
        }
    )

    status: MatchStatus
    note: Annotated[Note, Field(title="Note")] = ""
    on: Annotated[date | None, Day(), Field(title="From when the hours are free")] = None

    @field_validator("on")
    @classmethod
    def _goes_with_an_end(cls, value: date | None, info: ValidationInfo) -> date | None:
        if value is not None and info.data.get("status", "ended") not in OVER:
            raise PydanticCustomError("day", "Only what is completed or ended takes a day.")
        return value


class ReviewInput(Input):
    """How it was to work with somebody."""

    stars: Annotated[int, Number(1, 5), Field(title="Stars")]
    comment: Annotated[str, Prose(2000), Field(title="In your words")] = ""


class ReviewOut(Output):
    id: UUID
    match_id: UUID
    assistant_id: UUID
    stars: int
    comment: str
    created_at: TimeOut


class MatchOut(ProposalOut):
    """A proposal, and what became of it. `ended_on` is the first day on which the hours are free again."""

    request_id: UUID
    client_id: UUID
    hours_per_week: NumberOut
    hourly_rate: MoneyOut
    currency: str
    starts_on: date
    ends_on: date | None
    decided_at: TimeOut | None
    ended_on: date | None
    note: str
    review: ReviewOut | None
    created_at: TimeOut
    updated_at: TimeOut


class DeclineForm(Input):
    """Why a proposal is declined."""

    note: Annotated[Note, Field(title="Why not?", description="You need not say. It helps us to propose better.")] = ""


class CompleteForm(Input):
    """That the work is done."""

    on: Annotated[
        date | None,
        Day(help="The first day without work. From then on the hours are free for others."),
        Field(title="Free from"),
    ] = None
    note: Annotated[Note, Field(title="Note", description="For both sides to read.")] = ""


class EndForm(Input):
    """That an engagement ends before its time."""

    on: Annotated[
        date | None,
        Day(help="The first day without work; a day to come is notice given."),
        Field(title="Free from"),
    ] = None
    note: Annotated[str, Prose(1000), Field(title="Reason", description="Both sides read it.", min_length=1)]
