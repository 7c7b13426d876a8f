"""What is typed to ask whether a team can deliver."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from app.core.schemas import Day, Input, Line, Number


class DeliverQuestion(Input):
    """So many hours of work, the skills that it takes, and the days."""

    hours: Annotated[
        Decimal,
        Number(Decimal("0.01"), 99999, decimals=2, unit="hours", help="All of the work together."),
        Field(title="How much work is it?"),
    ]
    skills: Annotated[
        list[Annotated[str, Line(60, min_length=1)]],
        Field(max_length=20, title="Skills", description="One a line; the hours fall on them in equal parts."),
    ] = Field(default_factory=list)
    start: Annotated[date, Day()] | None = Field(default=None, title="From", description="Left blank, from today.")
    by: Annotated[date, Day(), Field(title="By")]
