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
    """A run to start. Expressions read `input` as `trigger.input`. With `dry_run`, it is a rehearsal, which sends and
    changes nothing. `version` defaults to the newest."""

    input: Json = Field(default_factory=dict)
    dry_run: bool = False
    version: Annotated[int | None, Field(strict=True, ge=1, le=2**31), JsonInteger] = None


class RetryInput(Input):
    """What to run again. Without `from_step`, the new run starts at what failed. `input` replaces the input of the run.
    `version` is the version that it ran with, or the newest. If `from_step` is a loop, `items` are the numbers of the
    items to repeat, counted from 0, or `failed`; the others keep their results. If `items` has one number, `item`
    replaces the value of that item."""

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
            raise NoSuchItem("A new value needs exactly one item: set items to its number.", at="/item")
        return {self.items[0]: self.item}


class AnswerInput(Input):
    """The answer to an approval step. Staff who answer for a company set `client_id`."""

    client_id: Annotated[UUID | None, Picked("clients"), Field(title="Company")] = None
    decision: Literal["approve", "reject"]
    comment: Annotated[str, Prose(2_000), Field(title="Comment")] = ""


class AttemptOut(Output):
    """An attempt. `finished_at` is null while it is in progress."""

    number: int
    started_at: TimeOut
    finished_at: TimeOut | None
    error: Json | None


class RunItemOut(Output):
    """One item of a loop. `truncated` is true if values were left out because of their size."""

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
    """A step of a run. `attempts` is the number of attempts, `attempt_log` lists them. `would` is what a rehearsal
    would have sent or changed. `items` are the items of a loop. `notes` list values that expressions didn’t find.
    `truncated` is true if values or items were left out because of their size."""

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
    """A run in a list. `parent_run_id` is the run that it repeats, or the run that called it."""

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
    """A run with all of its steps, in the order of the workflow. Steps that haven't started are `pending`. Inputs and
    outputs were removed at `data_removed_at`, because of their age."""

    input: Json | None
    output: Json | None
    data_removed_at: TimeOut | None
    steps: list[RunStepOut]
