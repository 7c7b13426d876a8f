"""Bodies and answers of the paths beside a project: its plan, the steps of a deliverable, its review."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field

from app.core.schemas import Day, Input, Line, Number, Output, Prose, TimeOut

Note = Annotated[str, Prose(2000), Field(title="Note")]


class Submission(Input):
    """What was finished, and when. `version` is that of the preview that it rests on."""

    finished_on: Annotated[date, Day()] | None = Field(default=None, title="Finished on")
    note: Note = ""
    version: Annotated[str, Line(40)] | None = Field(default=None, title="Version of the plan")


class HandIn(Input):
    """What the team says on the page where it hands something in."""

    finished_on: Annotated[date, Day(), Field(title="Finished on")]
    note: Note = ""


class Approval(Input):
    note: Note = ""


class ChangesWanted(Input):
    note: Annotated[str, Prose(2000), Field(min_length=1, title="What is to be changed?")]


class ProjectReviewInput(Input):
    """What the company says of the team."""

    stars: Annotated[int, Number(1, 5), Field(title="Stars")]
    comment: Annotated[str, Prose(2000), Field(title="Comment")] = ""


class ProjectReviewOut(Output):
    id: UUID
    project_id: UUID
    team_id: UUID
    stars: int
    comment: str
    created_at: TimeOut


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


class FinishQuery(BaseModel):
    """What reading a preview takes."""

    on: Annotated[
        Annotated[date, Day()] | None,
        BeforeValidator(_none_if_empty),
        Field(description="The day; today where none is given."),
    ] = None


class MoveOut(Output):
    """A deliverable's dates, as they are and as they would be."""

    id: UUID
    title: str
    old_start: date
    old_due: date
    new_start: date
    new_due: date


class PreviewOut(Output):
    """What moves. `version` is sent back to apply exactly this."""

    version: str
    moves: list[MoveOut]
    old_finish: date | None
    new_finish: date | None
    agreed_end: date | None
    is_late: bool


class TaskOut(Output):
    """When a deliverable is worked on at the earliest and at the latest; `slack` is by how many working days it may be
    late without the plan's end being later."""

    id: UUID
    title: str
    status: str
    start: date
    finish: date
    late_start: date
    late_finish: date
    slack: int
    is_critical: bool


class PlanOut(Output):
    start: date
    finish: date | None
    agreed_end: date | None
    version: str
    critical_path: list[UUID]
    tasks: list[TaskOut]
