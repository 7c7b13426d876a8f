"""What is taken and answered of projects, with their milestones and deliverables."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, TypeAdapter, WithJsonSchema

from app.core.schemas import (
    Amount,
    Currency,
    Day,
    Input,
    Line,
    MoneyOut,
    Number,
    NumberOut,
    Output,
    Picked,
    Prose,
    TimeOut,
)
from app.core.sides import EXPERT
from app.core.withheld import NotFor
from app.projects.steps import PROJECT

MOST_DELIVERABLES = 200
"""Deliverables of one project: with the longest of durations and waits, their dates still fit a calendar."""

Status = Literal[PROJECT.names]  # type: ignore[name-defined]

OptionalDay = Annotated[date, Day()] | None
OptionalAmount = Annotated[Decimal, Amount()] | None
ProjectMoney = Annotated[MoneyOut | None, NotFor(EXPERT)]
"""An amount that is between DIG|LIT and the company."""

Title = Annotated[str, Line(160, min_length=1), Field(title="Title")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _office_days() -> list[Weekday]:
    return ["mon", "tue", "wed", "thu", "fri"]


def _written(value: Any) -> Any:
    """A dependency as it is typed in a form: `Survey`, or `Survey + 2` with two working days between."""
    if not isinstance(value, dict):
        return value
    of, lag = value.get("deliverable"), value.get("lag_days", 0)
    if set(value) - {"deliverable", "lag_days"} or not isinstance(of, str) or type(lag) is not int:
        return value
    return f"{of} + {lag}" if lag else of


_Name = Annotated[str, Line(180, min_length=1)]
_NAME = TypeAdapter(_Name).json_schema()
After = Annotated[
    _Name,
    BeforeValidator(_written),
    WithJsonSchema(
        {
            "anyOf": [
                _NAME,
                {
                    "type": "object",
                    "properties": {
                        "deliverable": _NAME,
                        "lag_days": {"type": "integer", "minimum": 0, "maximum": 365},
                    },
                    "required": ["deliverable"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
"""Another deliverable of the list, by title or id, after which this one begins; ` + 2` leaves two working days."""


class MilestoneInput(Input):
    """A day by which something is to be there. An `id` keeps the milestone that is there; without one it is new."""

    id: UUID | None = Field(default=None)
    title: Title
    due_date: OptionalDay = Field(default=None, title="Due")


class DeliverableInput(Input):
    """Something that is delivered. An `id` keeps the deliverable that is there; without one it is new."""

    id: UUID | None = Field(default=None)
    title: Title
    depends_on: Annotated[list[After], Field(max_length=50, title="Comes after")] = Field(default_factory=list)
    duration_days: Annotated[int, Number(1, 1000, unit="days")] | None = Field(default=None, title="Takes")
    start_date: OptionalDay = Field(default=None, title="Starts")
    due_date: OptionalDay = Field(default=None, title="Due")
    estimate_hours: Annotated[Decimal, Number(0, 99999, decimals=2, unit="hours")] | None = Field(
        default=None, title="Estimate"
    )
    milestone: Annotated[str, Line(160)] | None = Field(default=None, title="Milestone")
    """The title of one of the project's milestones, or its id."""
    budget: OptionalAmount = Field(default=None, title="Part of the budget")
    assistant_id: Annotated[UUID | None, Picked("assistants"), Field(title="Who makes it")] = None
    description: Annotated[str, Prose(5000), Field(title="Description")] = ""


class ProjectPlan(Input):
    """What a project is made of, but for whose it is."""

    name: Annotated[str, Line(160, min_length=1), Field(title="Name")]
    description: Annotated[str, Prose(10000), Field(title="Description")] = ""
    specialization: Annotated[str, Line(120, suggest="specializations"), Field(title="Specialisation")] = ""
    skills: Annotated[
        list[Annotated[str, Line(60, min_length=1)]],
        Field(max_length=50, title="Skills", description="What the team has to know, one skill a line."),
    ] = Field(default_factory=list)
    team_id: Annotated[UUID | None, Picked("teams"), Field(title="Team")] = None
    start_date: OptionalDay = Field(default=None, title="First day")
    end_date: OptionalDay = Field(default=None, title="Last day")
    hours_per_week: Annotated[Decimal, Number(Decimal("0.01"), 9999, decimals=2, unit="hours")] | None = Field(
        default=None,
        title="Hours a week",
        description="What the project takes of its team. Left blank, it follows from the deliverables’ estimates.",
    )
    budget: OptionalAmount = Field(default=None, title="Budget")
    currency: Currency = Field(default="USD", title="Currency")
    workdays: Annotated[
        list[Weekday],
        Field(min_length=1, max_length=7, title="Working days"),
    ] = Field(default_factory=_office_days)
    closed_dates: Annotated[
        list[Annotated[date, Day()]],
        Field(max_length=400, title="Closed on", description="Days without work, as in 2026-12-25, one a line."),
    ] = Field(default_factory=list)
    milestones: Annotated[list[MilestoneInput], Field(max_length=50, title="Milestones")] = Field(default_factory=list)
    deliverables: Annotated[list[DeliverableInput], Field(max_length=MOST_DELIVERABLES, title="Deliverables")] = Field(
        default_factory=list
    )


class ProjectInput(ProjectPlan):
    """What a project is made of. Its company stays the same for ever; `milestones` and `deliverables` are whole lists,
    in their order: one that they leave out is deleted."""

    client_id: Annotated[UUID, Picked("clients"), Field(title="Company")]


class ProjectBody(ProjectInput):
    """A project in the API, where its status is a field too. A step that isn't allowed from where it is, is refused."""

    status: Status = Field(default="requested", title="Status")


class ProjectRequest(Input):
    """What a company asks a team for."""

    specialization: Annotated[
        str,
        Line(120, min_length=1, example="cloud migration", suggest="specializations"),
        Field(title="What kind of work is it?"),
    ]
    title: Annotated[str, Line(160)] | None = Field(default=None, title="Title")
    description: Annotated[str, Prose(10000), Field(title="Description")] = ""
    budget: OptionalAmount = Field(default=None, title="Budget")
    currency: Currency = Field(default="USD", title="Currency")
    start_date: OptionalDay = Field(default=None, title="First day")
    end_date: OptionalDay = Field(default=None, title="Last day")
    skills: Annotated[
        list[Annotated[str, Line(60, min_length=1)]],
        Field(max_length=50, title="Skills", description="What the team has to know, one skill a line."),
    ] = Field(default_factory=list)
    hours_per_week: Annotated[Decimal, Number(Decimal("0.01"), 9999, decimals=2, unit="hours")] | None = Field(
        default=None, title="Hours a week"
    )


class MilestoneOut(Output):
    id: UUID
    title: str
    due_date: date | None


class AfterOut(Output):
    """A deliverable that comes before, and the working days between."""

    deliverable: UUID
    lag_days: int


class DeliverableOut(Output):
    id: UUID
    title: str
    description: str
    status: str
    milestone_id: UUID | None
    assistant_id: UUID | None
    start_date: date | None
    due_date: date | None
    duration_days: int | None
    estimate_hours: NumberOut | None
    budget: ProjectMoney
    planned_start: date | None
    planned_due: date | None
    finished_on: date | None
    decided_at: TimeOut | None
    note: str
    depends_on: list[AfterOut]


class ProjectOut(Output):
    id: UUID
    client_id: UUID
    team_id: UUID | None
    name: str
    description: str
    specialization: str
    skills: list[str]
    status: str
    start_date: date | None
    end_date: date | None
    budget: ProjectMoney
    currency: str
    spent: ProjectMoney
    hours_per_week: NumberOut | None
    workdays: list[str]
    closed_dates: list[date]
    planned_start: date | None
    planned_end: date | None
    planned_budget: ProjectMoney
    started_on: date | None
    completed_on: date | None
    deliverables: list[DeliverableOut]
    milestones: list[MilestoneOut]
    created_at: TimeOut
    updated_at: TimeOut
