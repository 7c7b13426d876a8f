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
Description = Annotated[str, Prose(2_000, help="What this automation is for."), Field(title="Description")]
Minutes = Annotated[
    Decimal,
    Number(0, 100_000, decimals=2, unit="minutes", help="How long a person would need to do the work of one run."),
    Field(title="Saved per run"),
]
Concurrent = Annotated[
    int,
    Number(1, 100, help="How many runs can be in progress at the same time. Leave blank for no limit."),
    Field(title="Concurrent runs"),
]


class AutomationInput(Input):
    """An automation. `workflow` is its definition; each change to it creates a new version."""

    name: Name
    description: Description = ""
    workflow: SentWorkflow
    minutes_saved: Minutes | None = None
    max_concurrent: Concurrent | None = None


class AutomationAbout(Input):
    """The details of an automation, apart from its workflow."""

    name: Name
    description: Description = ""
    minutes_saved: Minutes | None = None
    max_concurrent: Concurrent | None = None


class DeployInput(AutomationInput):
    """An automation to deploy. Only staff set `client_id`; companies deploy for themselves."""

    client_id: Annotated[UUID | None, Picked("clients"), Field(title="Company")] = None


class AutomationChange(AutomationInput):
    """Changes to an automation. `status` pauses or resumes it. `owner_id` hands it over to a user of the company, or to
    yourself."""

    status: AutomationStatus = "active"
    owner_id: Annotated[UUID, Field(title="Owner")] = None  # type: ignore[assignment]


class MetricsOut(Output):
    """Figures of its runs, without rehearsals. `success_rate` is the share of succeeded runs among those that succeeded
    or failed; null if there are none."""

    runs: int
    succeeded: int
    failed: int
    success_rate: float | None
    hours_saved: float


class AutomationOut(Output):
    """An automation. `version` is the number of its newest definition, `workflow_config`. `webhook_url` is where to
    send deliveries; null if its trigger isn't a webhook. `webhook_secret` signs them, and is returned only when it is
    created or replaced. `last_run` is when the newest run started, without rehearsals."""

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
    """A deployed definition and its author. `restored_from` is the earlier version that it restores."""

    id: UUID
    workflow_id: Annotated[UUID, Field(validation_alias="automation_id")]
    version: Annotated[int, Field(validation_alias="number")]
    workflow: Json
    restored_from: int | None
    author: Annotated[str, Field(validation_alias="author_name")]
    created_at: TimeOut


def _like_a_variable(name: str) -> str:
    if not re.fullmatch(VARIABLE, name):
        raise PydanticCustomError("secret_name", "Use letters, digits and underscores, such as SHOP_TOKEN.")
    return name


SecretName = Annotated[
    str,
    Line(63, min_length=1, help="Steps use it as {{ secrets.NAME }}.", example="SHOP_TOKEN"),
    AfterValidator(_like_a_variable),
    JsonSchemaExtra(pattern=VARIABLE),
    Field(title="Name"),
]
SecretValue = Annotated[str, Password(10_000, help="Stored encrypted. It can’t be viewed again."), Field(title="Value")]


class SecretInput(Input):
    """A secret for a company’s workflows. If one with this name exists, its value is replaced."""

    client_id: Annotated[UUID | None, Picked("clients"), Field(title="Company")] = None
    name: SecretName
    value: SecretValue


class SecretChange(Input):
    """A new value for a secret."""

    value: SecretValue


class UseOut(Output):
    """A workflow that uses the secret."""

    id: UUID
    name: str


class SecretOut(Output):
    """A secret, without its value. `used_by` lists the workflows whose newest version uses it."""

    id: UUID
    client_id: UUID
    name: str
    used_by: list[UseOut]
    created_at: TimeOut
    updated_at: TimeOut


class CheckInput(Input):
    """A workflow to check. Only staff set `client_id`."""

    workflow: SentWorkflow
    client_id: Annotated[UUID | None, Picked("clients"), Field(title="Company")] = None


class WarningOut(Output):
    """Something that would fail with the current settings of this installation."""

    pointer: str = Field(examples=["/workflow/steps/0/with/url"])
    message: str
    code: str = Field(examples=["private-address"])


class CheckOut(Output):
    """A workflow that can be deployed. `next_runs` lists the next five times of its schedule. `warnings` lists targets
    that the settings of this installation refuse: the workflow can be deployed, but these steps would fail."""

    steps: int
    secrets: list[str]
    next_runs: list[TimeOut]
    warnings: list[WarningOut]


class DifferenceOut(Output):
    """A member that changed; null where it doesn't exist."""

    pointer: str
    before: Annotated[Any, Field(alias="from")]
    after: Annotated[Any, Field(alias="to")]


class ChangedStepOut(Output):
    id: str
    changes: list[DifferenceOut]


class ComparisonOut(Output):
    """The changes from one version to another: the IDs of added and removed steps, and the members that changed in the
    other steps and in the trigger. `reordered` is true if the other steps are listed in a different order."""

    from_version: int
    to_version: int
    trigger: list[DifferenceOut]
    added: list[str]
    removed: list[str]
    changed: list[ChangedStepOut]
    reordered: bool


class RotateInput(Input):
    """A new signing secret. The old one stays valid for `overlap_seconds`, at most a week."""

    overlap_seconds: Annotated[int, Number(0, 7 * 24 * 3600)] = 0
