"""What is taken and answered of automations, their versions and their secrets."""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from app.automations.definitions.schemas import WorkflowInput
from app.automations.models import TRIGGERS, VARIABLE
from app.automations.steps import AUTOMATION
from app.core.schemas import Input, JsonSchemaExtra, Line, Number, Output, Password, Picked, Prose, TimeOut

TriggerType = Literal[TRIGGERS]  # type: ignore[valid-type]
AutomationStatus = Literal[AUTOMATION.names]  # type: ignore[name-defined]
Json = dict[str, Any]


class _AsSent:
    """A workflow as it was sent: `definitions.reading` reads it, and tells at once all that is wrong with it."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema())

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(WorkflowInput.__pydantic_core_schema__)


SentWorkflow = Annotated[Json, _AsSent()]
Name = Annotated[str, Line(120, min_length=1, example="Invoice intake"), Field(title="Name")]
Description = Annotated[str, Prose(2_000, help="What it is for."), Field(title="Description")]
Minutes = Annotated[
    Decimal,
    Number(0, 100_000, decimals=2, unit="minutes", help="What a person would have needed for what one run does."),
    Field(title="A run saves"),
]
Concurrent = Annotated[
    int,
    Number(1, 100, help="How many of its runs go on at the same time. Empty is any number."),
    Field(title="At once"),
]


class AutomationInput(Input):
    """An automation. `workflow` is what it does; each change of it is a new version."""

    name: Name
    description: Description = ""
    workflow: SentWorkflow
    minutes_saved: Minutes | None = None
    max_concurrent: Concurrent | None = None


class AutomationAbout(Input):
    """What people say of an automation, besides what it does."""

    name: Name
    description: Description = ""
    minutes_saved: Minutes | None = None
    max_concurrent: Concurrent | None = None


class DeployInput(AutomationInput):
    """An automation to be deployed. `client_id` is for staff; a company deploys for itself."""

    client_id: Annotated[UUID | None, Picked("clients"), Field(title="Company")] = None


class AutomationChange(AutomationInput):
    """What is changed of an automation. `status` pauses it or goes on with it; `owner_id` hands it over, to a person of
    the company or to whoever asks."""

    status: AutomationStatus = "active"
    owner_id: Annotated[UUID, Field(title="Owner")] = None  # type: ignore[assignment]


class MetricsOut(Output):
    """How its runs went, rehearsals apart. `success_rate` is the share of those that are over and weren't cancelled;
    null where there are none."""

    runs: int
    succeeded: int
    failed: int
    success_rate: float | None
    hours_saved: float


class AutomationOut(Output):
    """An automation. `version` is the number of its newest definition, `workflow_config`. `webhook_url` is where its
    deliveries go, null where it isn't begun by a webhook; `webhook_secret`, with which they are signed, stands only in
    the answer to whoever made it. `last_run` is when it last began to run, rehearsals apart."""

    by_itself = frozenset({"metrics", "last_run", "next_run_at"})

    id: UUID
    client_id: UUID
    name: str
    description: str
    status: AutomationStatus
    version: Annotated[int, Field(validation_alias="version_number")]
    trigger: Annotated[TriggerType, Field(validation_alias="trigger_type")]
    workflow_config: Json
    webhook_url: str | None
    webhook_secret: str | None
    next_run_at: TimeOut | None
    last_run: TimeOut | None
    metrics: MetricsOut
    minutes_saved: float | None
    promised_hours: float | None
    max_concurrent: int | None
    owner_id: UUID | None
    archived_at: TimeOut | None
    created_at: TimeOut
    updated_at: TimeOut


class VersionOut(Output):
    """A definition as it was deployed, by whom. `restored_from` is the version whose definition it repeats."""

    id: UUID
    workflow_id: Annotated[UUID, Field(validation_alias="automation_id")]
    version: Annotated[int, Field(validation_alias="number")]
    workflow: Json
    restored_from: int | None
    author: Annotated[str, Field(validation_alias="author_name")]
    created_at: TimeOut


def _like_a_variable(name: str) -> str:
    if not re.fullmatch(VARIABLE, name):
        raise PydanticCustomError("secret_name", "Use letters, digits and underscores, as in SHOP_TOKEN.")
    return name


SecretName = Annotated[
    str,
    Line(63, min_length=1, help="Steps use it as {{ secrets.NAME }}.", example="SHOP_TOKEN"),
    AfterValidator(_like_a_variable),
    JsonSchemaExtra(pattern=VARIABLE),
    Field(title="Name"),
]
SecretValue = Annotated[str, Password(10_000, help="It is sealed, and shown to nobody again."), Field(title="Value")]


class SecretInput(Input):
    """A secret for the workflows of a company. One that is there by this name gets the new value."""

    client_id: Annotated[UUID | None, Picked("clients"), Field(title="Company")] = None
    name: SecretName
    value: SecretValue


class SecretChange(Input):
    """A new value."""

    value: SecretValue


class UseOut(Output):
    """A workflow that uses it."""

    id: UUID
    name: str


class SecretOut(Output):
    """A secret, without its value. `used_by` are the workflows whose newest definition names it."""

    id: UUID
    client_id: UUID
    name: str
    used_by: list[UseOut]
    created_at: TimeOut
    updated_at: TimeOut


class CheckInput(Input):
    """A workflow to be checked. `client_id` is for staff."""

    workflow: SentWorkflow
    client_id: Annotated[UUID | None, Picked("clients"), Field(title="Company")] = None


class WarningOut(Output):
    """What would fail by the settings of this installation as they are."""

    pointer: str = Field(examples=["/workflow/steps/0/with/url"])
    message: str
    code: str = Field(examples=["private-address"])


class CheckOut(Output):
    """A workflow that can be deployed. `next_runs` is when its schedule would be due, the first five times. `warnings`
    are targets that this installation's settings refuse: deploying goes, and the step would fail."""

    steps: int
    secrets: list[str]
    next_runs: list[TimeOut]
    warnings: list[WarningOut]


class DifferenceOut(Output):
    """A member that changed; null where it isn't there."""

    pointer: str
    before: Annotated[Any, Field(alias="from")]
    after: Annotated[Any, Field(alias="to")]


class ChangedStepOut(Output):
    id: str
    changes: list[DifferenceOut]


class ComparisonOut(Output):
    """What leads from one version to another: the ids of steps that were added and removed, and the members that
    changed of the others and of the trigger. `reordered`: those that stay are listed in another
    order."""

    from_version: int
    to_version: int
    trigger: list[DifferenceOut]
    added: list[str]
    removed: list[str]
    changed: list[ChangedStepOut]
    reordered: bool


class RotateInput(Input):
    """A new secret. The old one is good for so many seconds more, a week at most."""

    overlap_seconds: Annotated[int, Number(0, 7 * 24 * 3600)] = 0
