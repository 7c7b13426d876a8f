"""The types of steps: what each takes in its `with`, what it answers, and whether anything leaves the house."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AliasChoices, Field

from app.automations.definitions.schemas import LONGEST_WAIT, MOST_ITEMS, Exact, StepInput
from app.automations.definitions.templated import Templated
from app.core.numbers import JsonInteger
from app.core.schemas import Input

Text = Annotated[str, Field(max_length=100_000), Templated()]
ShortText = Annotated[str, Field(max_length=2_000), Templated()]


class HttpWith(Exact):
    method: Annotated[Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"], Templated()] = "GET"
    url: ShortText
    headers: dict[str, ShortText] = Field(default_factory=dict)
    query: dict[str, ShortText] = Field(default_factory=dict)
    json_: Annotated[Any, Field(alias="json")] = None
    text: Text | None = None


class DelayWith(Exact):
    seconds: Annotated[float, Field(ge=0, le=LONGEST_WAIT), Templated()]


class ConditionWith(Exact):
    """An expression, as in `if`. It may also be called `expression`."""

    if_: Annotated[str, Field(validation_alias=AliasChoices("if", "expression"), max_length=4_000)]


class EmailWith(Exact):
    to: Annotated[list[ShortText], Field(max_length=50), Templated()] | ShortText
    subject: ShortText
    text: Text


class SmsWith(Exact):
    to: ShortText
    text: Annotated[str, Field(max_length=1_600), Templated()]


class ChatWith(Exact):
    """`url` is the address of an incoming webhook of Slack or Discord, best kept as a secret. Without one, the message
    goes to DIG|LIT's own channel, in the `service` that is named."""

    url: ShortText = ""
    service: Literal["", "slack", "discord"] = ""
    text: Annotated[str, Field(max_length=4_000), Templated()]


class LanguageModelWith(Exact):
    """With `json_schema`, the answer is JSON of that form, and `output.json` has it."""

    prompt: Text
    system: Text = ""
    model: ShortText = ""
    json_schema: dict[str, Any] | None = None
    max_tokens: Annotated[int, Field(strict=True, ge=1, le=32_000), JsonInteger, Templated()] = 1_000


class RecordWith(Exact):
    """Reads or writes a business object of the automation's company.

    `get` takes an `id`, `find` and `list` filters of the kind's list in `where`; `create` and `update` take `values`.
    Other actions are steps of the record, such as `complete`. A `row` is found by the name of its `table` and its
    `key`; `upsert` makes or changes it, and `where` has values that it is to have.
    """

    kind: Annotated[str, Field(max_length=40, examples=["project"])]
    action: Annotated[str, Field(max_length=40, examples=["find"])]
    id: ShortText | None = None
    table: Annotated[str, Field(max_length=60)] | None = None
    key: ShortText | None = None
    values: Annotated[dict[str, Any], Templated()] = Field(default_factory=dict)
    where: dict[str, Any] = Field(default_factory=dict)
    limit: Annotated[int, Field(strict=True, ge=1, le=100), JsonInteger, Templated()] = 50


class ApprovalWith(Exact):
    """Asks people of the company, or of DIG|LIT's staff, and waits."""

    ask: ShortText
    of: Literal["company", "staff"] = "company"
    expires_in_seconds: Annotated[float | None, Field(gt=0, le=LONGEST_WAIT), Templated()] = None


class InnerStep(Exact):
    """The step that a loop runs for each item, as `item`."""

    type: str
    with_: Annotated[dict[str, Any], Field(alias="with")] = Field(default_factory=dict)
    if_: Annotated[str | None, Field(alias="if", max_length=4_000)] = None
    example: Any = None


class ForEachWith(Exact):
    items: Annotated[list[Any], Field(max_length=MOST_ITEMS), Templated()]
    step: InnerStep
    concurrency: Annotated[int, Field(strict=True, ge=1, le=20), JsonInteger] = 4


class WorkflowWith(Exact):
    workflow_id: UUID
    input: dict[str, Any] = Field(default_factory=dict)


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
        "http", "Call a service", "world", "Sends a request to an address and waits for the answer.", HttpWith,
        {"status": "number", "headers": "object", "body": "any", "truncated": "boolean"}, effect=True, secrets=True,
    ),
    StepType(
        "delay", "Wait", "clock", "Waits, without keeping anything busy.", DelayWith, {"seconds": "number"}, waits=True,
    ),
    StepType("transform", "Compute values", "math-function", "Makes new values of those that are there.", None, None),
    StepType(
        "condition", "Decide", "arrows-split", "Answers whether something is true.", ConditionWith,
        {"result": "boolean"},
        expressions=("if", "expression"),
    ),
    StepType(
        "email", "Send an e-mail", "mail", "Sends an e-mail.", EmailWith, {"message_id": "text", "to": "list"},
        effect=True, secrets=True,
    ),
    StepType(
        "sms", "Send a text message", "device-mobile", "Sends a text message.", SmsWith, {"message_id": "text"},
        effect=True,
    ),
    StepType(
        "chat", "Write to a chat", "message", "Writes to a channel of Slack or Discord.", ChatWith,
        {"status": "number"}, effect=True, secrets=True,
    ),
    StepType(
        "language_model", "Ask a language model", "sparkles", "Has a language model read or write a text.",
        LanguageModelWith, {"text": "text", "json": "any", "tokens": "number", "cost": "number"}, effect=True,
        seconds=120,
    ),
    StepType(
        "record", "Read or change a record", "database", "Reads or changes a business object.", RecordWith, None,
        effect=True, reading=("get", "find", "list"),
    ),
    StepType(
        "approval", "Ask for approval", "user-check", "Asks a person, and waits for the answer.", ApprovalWith,
        {"decision": "text", "comment": "text", "by": "text", "at": "text"}, effect=True, waits=True,
    ),
    StepType(
        "for_each", "Repeat for each item", "repeat", "Runs a step for each item of a list.", ForEachWith,
        {"items": "list", "succeeded": "number", "failed": "number"},
    ),
    StepType(
        "workflow", "Run another workflow", "hierarchy", "Runs another workflow of the company, and waits for it.",
        WorkflowWith, {"run_id": "text", "status": "text", "output": "any"}, waits=True,
    ),
)  # fmt: skip
STEP_TYPES: Mapping[str, StepType] = {one.name: one for one in _TYPES}
INSIDE_LOOPS = frozenset(STEP_TYPES) - {"for_each", "approval", "delay"}


def type_of(step: StepInput | InnerStep) -> StepType | None:
    return STEP_TYPES.get(step.type)


def condition_in(given: Mapping[str, Any]) -> str:
    """The expression in the `with` of a `condition`."""
    return str(given.get("if", given.get("expression", "")))
