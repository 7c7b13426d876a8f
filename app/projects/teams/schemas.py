from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.catalog.schemas import SLUG_HELP, Icon, Name
from app.core.schemas import Hidden, Input, Line, Number, NumberOut, Output, Picked, Prose, Slug, TimeOut

MOST_MEMBERS = 100


class MemberInput(Input):
    """Somebody's place in a team: an assistant, or an account (of an expert, or of staff) without a profile."""

    assistant_id: Annotated[UUID | None, Picked("assistants"), Field(title="Person")] = None
    user_id: Annotated[UUID | None, Hidden(), Field(title="Account")] = None
    name: Annotated[str, Line(120, help="Left blank: as in the profile."), Field(title="Name")] = ""
    role: Annotated[str, Line(60, example="Cloud architect", suggest="team-roles"), Field(title="Role in the team")] = (
        ""
    )
    share: Annotated[
        Decimal,
        Number(Decimal("0.01"), 1, decimals=2, help="Of all the person’s hours; 0.5 is half."),
        Field(title="Share of time"),
    ] = Decimal(1)


class MemberOut(Output):
    user_id: UUID | None
    assistant_id: UUID | None
    name: str
    role: str
    share: NumberOut
    has_calendar: bool = Field(description="False: the hours are assumed, 40 a week.")


Capacity = Annotated[
    Decimal,
    Number(
        0,
        Decimal("99999.99"),
        decimals=2,
        unit="hours a week",
        help="The most hours a week that the team takes on. Left blank, its members’ calendars decide alone.",
    ),
]


class TeamInput(Input):
    """What a team is made of; `members` is the whole list, in the order in which it is shown. `capacity` holds the team
    to fewer hours a week than its members’ calendars give."""

    name: Name
    slug: Slug | None = Field(default=None, title="Slug", description=SLUG_HELP)
    specialization: Annotated[
        str,
        Line(120, min_length=1, example="Cloud migration", suggest="specializations"),
        Field(title="Specialisation"),
    ]
    description: Annotated[str, Prose(5000), Field(title="Description")] = ""
    members: Annotated[list[MemberInput], Field(max_length=MOST_MEMBERS, title="Members")] = Field(default_factory=list)
    capacity: Capacity | None = Field(default=None, title="Limit")
    icon: Icon = ""


class TeamOut(Output):
    id: UUID
    name: str
    slug: str
    specialization: str
    description: str
    icon: str
    members: list[MemberOut]
    capacity: NumberOut | None = Field(
        description="Hours a week that the team takes on at most; null: what its members have."
    )
    capacity_free: NumberOut = Field(
        description="Hours that are free in the present week (from Monday, UTC): its members’ calendars by their "
        "shares, less their other work and the team’s own, held to `capacity`. A member without a calendar counts 40 "
        "hours; a team without members has its `capacity`."
    )
    active_projects: int
    finished_projects: int
    rating: NumberOut | None = Field(description="The mean of its projects’ reviews; null before the first.")
    reviews_count: int
    success_rate: NumberOut | None = Field(
        description="Of the finished projects, how many were completed by their planned end and within the budget."
    )
    archived_at: TimeOut | None
    created_at: TimeOut
    updated_at: TimeOut


def member_values(member: Any) -> dict[str, Any]:
    """A member as `MemberInput` takes it. The account of one with a profile follows from the profile."""
    values = {name: getattr(member, name) for name in MemberInput.model_fields}
    return values if member.assistant_id is None else values | {"user_id": None}
