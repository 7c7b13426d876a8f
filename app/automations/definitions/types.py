"""The types of steps: what each takes in its `with`, what it answers, and whether anything leaves the house."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AliasChoices, Field

from app.automations.definitions.schemas import (
    LONGEST_WAIT,
    MOST_ITEMS,
    EventTrigger,
    Exact,
    ManualTrigger,
    ScheduleTrigger,
    StepInput,
    WebhookTrigger,
    choices,
)
from app.automations.definitions.templated import Templated
from app.core.numbers import JsonInteger
from app.core.schemas import Input

Text = Annotated[str, Field(max_length=100_000), Templated()]
ShortText = Annotated[str, Field(max_length=2_000), Templated()]


class HttpWith(Exact):
    method: Annotated[Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"], Templated(), Field(title="Method")] = (
        "GET"
    )
    url: Annotated[ShortText, Field(title="URL", description="Has to be a public address.")]
    headers: Annotated[dict[str, ShortText], Field(title="Headers")] = Field(default_factory=dict)
    query: Annotated[dict[str, ShortText], Field(title="Query parameters")] = Field(default_factory=dict)
    json_: Annotated[
        Any, Field(alias="json", title="JSON body", description="Sent as JSON, with expressions filled in.")
    ] = None
    text: Annotated[Text | None, Field(title="Text body", description="Sent as is, instead of JSON.")] = None


class DelayWith(Exact):
    seconds: Annotated[
        float,
        Field(ge=0, le=LONGEST_WAIT, title="Seconds", description="3600 is an hour, 86400 a day."),
        Templated(),
    ]


class ConditionWith(Exact):
    """An expression, as in `if`. It may also be called `expression`."""

    if_: Annotated[
        str,
        Field(
            validation_alias=AliasChoices("if", "expression"),
            max_length=4_000,
            title="Condition",
            description="Later steps read the result, true or false, as steps.ID.output.result.",
        ),
    ]


class EmailWith(Exact):
    to: Annotated[
        Annotated[list[ShortText], Field(max_length=50), Templated()] | ShortText,
        Field(title="To", description="One address per line."),
    ]
    subject: Annotated[ShortText, Field(title="Subject")]
    text: Annotated[Text, Field(title="Text")]


class SmsWith(Exact):
    to: Annotated[ShortText, Field(title="To", description="A phone number with country code, such as +49 30 123456.")]
    text: Annotated[str, Field(max_length=1_600, title="Text"), Templated()]


class ChatWith(Exact):
    """`url` is an incoming webhook of Slack or Discord, best kept as a secret. Without one, the message goes to the
    channel of DIG|LIT in the `service` that is named."""

    url: Annotated[
        ShortText,
        Field(
            title="Webhook URL",
            description="An incoming webhook of Slack or Discord, best kept as a secret: {{ secrets.CHAT_URL }}.",
        ),
    ] = ""
    service: Literal["", "slack", "discord"] = Field(
        default="",
        title="Service",
        description="Detected from the URL. Without a URL, the channel of DIG|LIT in this service.",
        json_schema_extra=choices(**{"": "Detect", "slack": "Slack", "discord": "Discord"}),
    )
    text: Annotated[str, Field(max_length=4_000, title="Text"), Templated()]


class LanguageModelWith(Exact):
    """With `json_schema`, the answer is JSON of that form, and `output.json` has it."""

    prompt: Annotated[Text, Field(title="Prompt")]
    system: Annotated[Text, Field(title="System prompt", description="How the model should behave. Optional.")] = ""
    model: Annotated[ShortText, Field(title="Model", description="Leave blank for the default model.")] = ""
    json_schema: Annotated[
        dict[str, Any] | None,
        Field(title="Answer schema", description="A JSON Schema. The answer is then JSON, in output.json."),
    ] = None
    max_tokens: Annotated[
        int, Field(strict=True, ge=1, le=32_000, title="Maximum answer (tokens)"), JsonInteger, Templated()
    ] = 1_000


class RecordWith(Exact):
    """Reads or writes a business object of the automation's company.

    `get` takes an `id`, `find` and `list` filters of the kind's list in `where`; `create` and `update` take `values`.
    Other actions are steps of the record, such as `complete`. A `row` is found by the name of its `table` and its
    `key`; `upsert` makes or changes it, and `where` has values that it is to have.
    """

    kind: Annotated[str, Field(max_length=40, examples=["project"], title="Kind", description="Such as project.")]
    action: Annotated[str, Field(max_length=40, examples=["find"], title="Action")]
    id: Annotated[ShortText | None, Field(title="ID", description="Of the record, where the action needs one.")] = None
    table: Annotated[
        str | None, Field(max_length=60, title="Table", description="Name of the data table, for rows.")
    ] = None
    key: Annotated[ShortText | None, Field(title="Key", description="Of the row in the data table.")] = None
    values: Annotated[
        dict[str, Any], Templated(), Field(title="Values", description="Fields to set when creating or updating.")
    ] = Field(default_factory=dict)
    where: Annotated[dict[str, Any], Field(title="Filters", description="For find and list.")] = Field(
        default_factory=dict
    )
    limit: Annotated[
        int, Field(strict=True, ge=1, le=100, title="Limit", description="For list."), JsonInteger, Templated()
    ] = 50


class ApprovalWith(Exact):
    """Asks people of the company, or of DIG|LIT's staff, and waits."""

    ask: Annotated[ShortText, Field(title="Question")]
    of: Literal["company", "staff"] = Field(
        default="company",
        title="Who decides",
        json_schema_extra=choices(company="People of the company", staff="DIG|LIT staff"),
    )
    expires_in_seconds: Annotated[
        float | None,
        Field(
            gt=0,
            le=LONGEST_WAIT,
            title="Expires after (seconds)",
            description="Without an answer by then, the step fails. Leave blank to wait up to 30 days.",
        ),
        Templated(),
    ] = None


class InnerStep(Exact):
    """The step that a loop runs for each item, as `item`."""

    type: Annotated[str, Field(title="Type")]
    with_: Annotated[dict[str, Any], Field(alias="with", title="Input")] = Field(default_factory=dict)
    if_: Annotated[
        str | None,
        Field(alias="if", max_length=4_000, title="Condition", description="Can also read item and index."),
    ] = None
    example: Annotated[Any, Field(title="Example output")] = None


class ForEachWith(Exact):
    items: Annotated[
        list[Any],
        Field(
            max_length=MOST_ITEMS,
            title="Items",
            description="A list, or an expression that gives one: {{ trigger.body.lines }}.",
        ),
        Templated(),
    ]
    step: Annotated[InnerStep, Field(title="Step for each item")]
    concurrency: Annotated[int, Field(strict=True, ge=1, le=20), JsonInteger] = Field(
        default=4, title="Concurrency", description="How many items run at the same time."
    )


class WorkflowWith(Exact):
    workflow_id: Annotated[UUID, Field(title="Workflow")]
    input: Annotated[dict[str, Any], Field(title="Input", description="The workflow reads it as trigger.input.")] = (
        Field(default_factory=dict)
    )


@dataclass(frozen=True)
class StepType:
    """`output` has the types of the members that a step of this type answers with; None where nobody knows. `effect`
    says that something leaves the house or changes in it, so a rehearsal only says what it would do."""

    name: str
    label: str
    icon: str
    says: str
    form: type[Input] | None
    output: Mapping[str, str] | None
    effect: bool = False
    waits: bool = False
    secrets: bool = False
    """Whether `{{ secrets.NAME }}` may stand in its `with`."""
    seconds: float = 30
    """After how long an attempt is broken off, if the step doesn't say."""
    expressions: tuple[str, ...] = field(default=())
    """Members of `with` that are expressions themselves."""
    reading: tuple[str, ...] = field(default=())
    """Values of the member `action` with which a step has no effect."""

    def has_effect(self, given: Mapping[str, Any]) -> bool:
        """Whether a step with this `with` has an effect, so that a rehearsal only says what it would do."""
        return self.effect and given.get("action") not in self.reading


_TYPES = (
    StepType(
        "http", "Call a service", "world", "Sends an HTTP request and waits for the response.", HttpWith,
        {"status": "number", "headers": "object", "body": "any", "truncated": "boolean"}, effect=True, secrets=True,
    ),
    StepType(
        "delay", "Wait", "clock", "Pauses for a set time.", DelayWith, {"seconds": "number"}, waits=True,
    ),
    StepType("transform", "Compute values", "math-function", "Computes new values from earlier ones.", None, None),
    StepType(
        "condition", "Check a condition", "arrows-split", "Tells whether something is true.", ConditionWith,
        {"result": "boolean"},
        expressions=("if", "expression"),
    ),
    StepType(
        "email", "Send an email", "mail", "Sends an email to one or more addresses.", EmailWith,
        {"message_id": "text", "to": "list"},
        effect=True, secrets=True,
    ),
    StepType(
        "sms", "Send a text message", "device-mobile", "Sends an SMS.", SmsWith, {"message_id": "text"},
        effect=True,
    ),
    StepType(
        "chat", "Post to a chat", "message", "Posts to a Slack or Discord channel.", ChatWith,
        {"status": "number"}, effect=True, secrets=True,
    ),
    StepType(
        "language_model", "Ask a language model", "sparkles", "Has a language model read, write or classify text.",
        LanguageModelWith, {"text": "text", "json": "any", "tokens": "number", "cost": "number"}, effect=True,
        seconds=120,
    ),
    StepType(
        "record", "Read or change a record", "database", "Reads or changes a business object.", RecordWith, None,
        effect=True, reading=("get", "find", "list"),
    ),
    StepType(
        "approval", "Ask for approval", "user-check", "Asks a person and waits for the answer.", ApprovalWith,
        {"decision": "text", "comment": "text", "by": "text", "at": "text"}, effect=True, waits=True,
    ),
    StepType(
        "for_each", "Repeat for each item", "repeat", "Runs a step for each item of a list.", ForEachWith,
        {"items": "list", "succeeded": "number", "failed": "number"},
    ),
    StepType(
        "workflow", "Run another workflow", "hierarchy", "Runs another workflow and waits for it to finish.",
        WorkflowWith, {"run_id": "text", "status": "text", "output": "any"}, waits=True,
    ),
)  # fmt: skip
STEP_TYPES: Mapping[str, StepType] = {one.name: one for one in _TYPES}


@dataclass(frozen=True)
class TriggerType:
    """What begins runs."""

    name: str
    label: str
    icon: str
    form: type[Input]

    @property
    def says(self) -> str:
        return str(self.form.__doc__)


TRIGGER_TYPES: Mapping[str, TriggerType] = {
    one.name: one
    for one in (
        TriggerType("manual", "Manual", "hand-click", ManualTrigger),
        TriggerType("schedule", "Schedule", "calendar-event", ScheduleTrigger),
        TriggerType("webhook", "Webhook", "webhook", WebhookTrigger),
        TriggerType("event", "Event", "bolt", EventTrigger),
    )
}
INSIDE_LOOPS = frozenset(STEP_TYPES) - {"for_each", "approval", "delay"}


def type_of(step: StepInput | InnerStep) -> StepType | None:
    return STEP_TYPES.get(step.type)


def condition_in(given: Mapping[str, Any]) -> str:
    """The expression in the `with` of a `condition`."""
    return str(given.get("if", given.get("expression", "")))
