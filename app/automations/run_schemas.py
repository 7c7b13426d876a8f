"""What is taken and answered of runs."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.automations.errors import NoSuchItem
from app.automations.models import STEP_STATUSES, TRIGGERS
from app.automations.steps import RUN
from app.core.numbers import JsonInteger
from app.core.schemas import Input, Output, Picked, Prose, TimeOut

RunTrigger = Literal[(*TRIGGERS, "workflow")]  # type: ignore[valid-type]
StepStatus = Literal[STEP_STATUSES]  # type: ignore[valid-type]
RunStatus = Literal[RUN.names]  # type: ignore[name-defined]
Json = dict[str, Any]
ItemNumber = Annotated[int, Field(strict=True, ge=0, lt=1_000), JsonInteger]


class RunInput(Input):
    """A run to be begun. `input` is what expressions read as `trigger.input`; with `dry_run` it is a rehearsal, which
    lets nothing out; `version` is the newest one unless another is named."""

    input: Json = Field(default_factory=dict)
    dry_run: bool = False
    version: Annotated[int | None, Field(strict=True, ge=1, le=2**31), JsonInteger] = None


class RetryInput(Input):
    """A run to be made again. Without `from_step` it goes on at what failed; `input` takes the place of the run's own.
    `version` is the one that it ran with, or the newest. Where `from_step` is a loop, `items` are those that are done
    again, counted from 0, or all that `failed`; the others keep their results. Where `items` names one, `item` takes
    the place of its value."""

    from_step: Annotated[str | None, Field(max_length=40)] = None
    items: Annotated[list[ItemNumber], Field(min_length=1, max_length=1_000)] | Literal["failed"] | None = None
    item: Any = None
    input: Json | None = None
    version: Literal["same", "current"] = "same"

    @property
    def edited(self) -> dict[int, Any]:
        """New values of items, by their number. Raises `NoSuchItem`."""
        if "item" not in self.model_fields_set:
            return {}
        if not isinstance(self.items, list) or len(self.items) != 1:
            raise NoSuchItem("A new value is for one item: name this one alone in items.", at="/item")
        return {self.items[0]: self.item}


class AnswerInput(Input):
    """The answer to a step that asks for approval. `client_id` is for staff who answer for the company."""

    client_id: Annotated[UUID | None, Picked("clients"), Field(title="Company")] = None
    decision: Literal["approve", "reject"]
    comment: Annotated[str, Prose(2_000), Field(title="Comment")] = ""


class AttemptOut(Output):
    """A try. `finished_at` is null while it is under way."""

    number: int
    started_at: TimeOut
    finished_at: TimeOut | None
    error: Json | None


class RunItemOut(Output):
    """One item of a loop. `truncated` says that it has larger values than this answer had room for."""

    item: int
    status: StepStatus
    attempts: int
    input: Any
    output: Any
    would: Json | None
    error: Json | None
    started_at: TimeOut | None
    finished_at: TimeOut | None
    attempt_log: list[AttemptOut]
    truncated: bool


class RunStepOut(Output):
    """A step of a run. `attempts` is how often it was tried, `attempt_log` has each try. `would` is what a rehearsal
    would have sent. `items` are those of a loop. `notes` say what expressions asked for in vain. `truncated` says that
    it has larger values, or more items, than this answer had room for."""

    id: str
    type: str
    name: str
    status: StepStatus
    attempts: int
    input: Any
    output: Any
    would: Json | None
    error: Json | None
    notes: list[str]
    due_at: TimeOut | None
    started_at: TimeOut | None
    finished_at: TimeOut | None
    attempt_log: list[AttemptOut]
    items: list[RunItemOut] | None
    truncated: bool


class RunSummary(Output):
    """A run as lists have it. `parent_run_id` is the run that it repeats, or whose step called it."""

    id: UUID
    client_id: UUID
    workflow_id: Annotated[UUID, Field(validation_alias="automation_id")]
    version: Annotated[int, Field(validation_alias="version_number")]
    status: RunStatus
    trigger: RunTrigger
    dry_run: bool
    parent_run_id: UUID | None
    from_step: str | None
    error: Json | None
    actor: Annotated[str, Field(validation_alias="actor_name")]
    created_at: TimeOut
    started_at: TimeOut | None
    finished_at: TimeOut | None


class RunOut(RunSummary):
    """A run with each of its steps, in the order of the definition; those that haven't begun are `pending`.
    From `data_removed_at` on inputs and outputs are gone for their age."""

    input: Json | None
    output: Json | None
    data_removed_at: TimeOut | None
    steps: list[RunStepOut]
