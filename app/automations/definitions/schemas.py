"""The form of a workflow. The JSON Schema of `WorkflowInput` is what `GET /api/ai-automation/schema` answers with."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from app.core.numbers import JsonInteger
from app.core.schemas import Input

MOST_STEPS = 200
MOST_ITEMS = 1_000
LARGEST_DEFINITION = 256 << 10
LONGEST_WAIT = 30 * 24 * 3600
StepId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")]


class Exact(Input):
    """Texts are kept to the letter here: a body may end in a space."""

    model_config = ConfigDict(str_strip_whitespace=False, serialize_by_alias=True, validate_by_name=True)


class ManualTrigger(Exact):
    type: Literal["manual"]


class ScheduleTrigger(Exact):
    """By the wall clock of a time zone. `missed` says which ticks run that a standstill left out."""

    type: Literal["schedule"]
    cron: Annotated[str, Field(max_length=100, examples=["0 6 * * 1"])]
    timezone: Annotated[str, Field(max_length=64, examples=["Europe/Berlin"])] = "UTC"
    missed: Literal["one", "all", "none"] = "one"


class WebhookTrigger(Exact):
    type: Literal["webhook"]
    signed: bool = False


class EventTrigger(Exact):
    type: Literal["event"]
    event: Annotated[str, Field(max_length=81, examples=["project.completed"])]


Trigger = Annotated[
    ManualTrigger | ScheduleTrigger | WebhookTrigger | EventTrigger, Field(discriminator="type")
]  # fmt: skip


class Retry(Exact):
    """The first try counts. The pauses double, with a random part, from `backoff_seconds` on."""

    max_attempts: Annotated[int, Field(strict=True, ge=1, le=20), JsonInteger] = 1
    backoff_seconds: Annotated[float, Field(ge=0, le=3600)] = 1


class StepInput(Exact):
    """A step. `example` is what it answers with in a rehearsal, where it would have an effect outside."""

    id: StepId
    type: str
    name: Annotated[str, Field(max_length=120)] = ""
    needs: Annotated[list[StepId], Field(max_length=MOST_STEPS)] = Field(default_factory=list)
    with_: Annotated[dict[str, Any], Field(alias="with")] = Field(default_factory=dict)
    if_: Annotated[str | None, Field(alias="if", max_length=4_000)] = None
    retry: Retry = Field(default_factory=Retry)
    timeout_seconds: Annotated[float | None, Field(gt=0, le=LONGEST_WAIT)] = None
    on_error: Literal["fail", "continue"] = "fail"
    example: Any = None


class WorkflowInput(Exact):
    trigger: Trigger
    steps: Annotated[list[StepInput], Field(min_length=1, max_length=MOST_STEPS)]
