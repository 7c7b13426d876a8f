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


def choices(**labels: str) -> dict[str, Any]:
    """For `json_schema_extra`: what people read for each value of a field, as `x-enum-labels`."""
    return {"x-enum-labels": labels}


class ManualTrigger(Exact):
    """Someone starts it, here or through the API."""

    type: Literal["manual"]


class ScheduleTrigger(Exact):
    """It runs at set times, by the wall clock of a time zone."""

    type: Literal["schedule"]
    cron: Annotated[
        str,
        Field(
            max_length=100,
            examples=["0 6 * * 1"],
            title="Schedule (cron)",
            description="Minute, hour, day of month, month, day of week. 0 6 * * 1 is Mondays at 6:00.",
        ),
    ]
    timezone: Annotated[
        str,
        Field(
            max_length=64,
            examples=["Europe/Berlin"],
            title="Time zone",
            description="The time zone that the schedule follows, such as Europe/Berlin.",
        ),
    ] = "UTC"
    missed: Literal["one", "all", "none"] = Field(
        default="one",
        title="After an outage",
        description="What happens to runs that were due while the portal was down.",
        json_schema_extra=choices(
            one="Run once, for the last one missed", all="Run each one of the last 24 hours", none="Skip them"
        ),
    )


class WebhookTrigger(Exact):
    """Another system sends data to a URL of its own."""

    type: Literal["webhook"]
    signed: bool = Field(
        default=False,
        title="Require signed deliveries",
        description="The sender signs each delivery with a secret, so nobody else can start runs.",
    )


class EventTrigger(Exact):
    """Something happens in the portal, such as a completed project."""

    type: Literal["event"]
    event: Annotated[
        str,
        Field(
            max_length=81,
            examples=["project.completed"],
            title="Event",
            description="The workflow runs each time this happens in your company.",
        ),
    ]


Trigger = Annotated[
    ManualTrigger | ScheduleTrigger | WebhookTrigger | EventTrigger, Field(discriminator="type")
]  # fmt: skip


class Retry(Exact):
    """Retries of a failing step. Pauses double from `backoff_seconds` on, with some jitter."""

    max_attempts: Annotated[int, Field(strict=True, ge=1, le=20), JsonInteger] = Field(
        default=1, title="Attempts", description="Including the first one."
    )
    backoff_seconds: Annotated[float, Field(ge=0, le=3600)] = Field(
        default=1, title="First pause (seconds)", description="Each further pause is twice as long."
    )


class StepInput(Exact):
    """A step of a workflow."""

    id: Annotated[
        StepId,
        Field(title="ID", description="How expressions refer to the step. If you change it, they are updated."),
    ]
    type: Annotated[str, Field(title="Type")]
    name: Annotated[str, Field(max_length=120, title="Name", description="Shown instead of the ID. Optional.")] = ""
    needs: Annotated[
        list[StepId],
        Field(max_length=MOST_STEPS, title="Starts after", description="Steps that have to finish before this one."),
    ] = Field(default_factory=list)
    with_: Annotated[dict[str, Any], Field(alias="with", title="Input")] = Field(default_factory=dict)
    if_: Annotated[
        str | None,
        Field(
            alias="if",
            max_length=4_000,
            title="Condition",
            description="The step is skipped unless this is true, such as steps.check.output.total > 100.",
        ),
    ] = None
    retry: Retry = Field(default_factory=Retry, title="Retries")
    timeout_seconds: Annotated[
        float | None,
        Field(gt=0, le=LONGEST_WAIT, title="Timeout (seconds)", description="Each attempt is stopped after this time."),
    ] = None
    on_error: Literal["fail", "continue"] = Field(
        default="fail",
        title="If it fails",
        description="With “Continue”, later steps run and can read steps.ID.error.",
        json_schema_extra=choices(**{"fail": "Stop the run as failed", "continue": "Continue"}),
    )
    example: Annotated[
        Any,
        Field(
            title="Example output",
            description="What later steps see in a rehearsal, where nothing is really sent.",
        ),
    ] = None


class WorkflowInput(Exact):
    trigger: Trigger
    steps: Annotated[list[StepInput], Field(min_length=1, max_length=MOST_STEPS)]
