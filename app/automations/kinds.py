"""Automations, their versions, secrets and runs, declared for the pages, the API, exports and history."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import defer

from app.automations import operations, secret_operations
from app.automations.models import TRIGGERS, Automation, Run, Secret, Version
from app.automations.monitoring.run_list import RUNS
from app.automations.queries import hydrate, hydrate_secrets, last_run_at, success_share
from app.automations.run_schemas import RunSummary
from app.automations.runs import operations as run_operations  # noqa: F401 - those of the steps of runs
from app.automations.schemas import (
    AutomationChange,
    AutomationInput,
    AutomationOut,
    SecretChange,
    SecretInput,
    SecretOut,
    TriggerType,
    VersionOut,
)
from app.automations.steps import AUTOMATION
from app.core.kinds import Editing, FieldGroup, Kind, Listing, register
from app.core.lists import Column, Filter, ListSpec, Sort, date_columns, date_sorts
from app.core.names import by_name
from app.core.sides import COMPANY, STAFF
from app.core.steps import state_filter
from app.core.suggestions import offer
from app.identity.companies import own_rows
from app.identity.models import Client

SECTION = "Automations"


def _id(of: str) -> Any:
    return Annotated[UUID, Field(description=f"ID of the {of}.")]


def _company_of(model: Any) -> Any:
    return select(Client.name).where(Client.id == model.client_id).correlate(model).scalar_subquery()


def _offer(name: str, values: tuple[str, ...]) -> str:
    offer(name, lambda prefix, limit: [value for value in values if value.startswith(prefix)][:limit])
    return name


def _company_filter(model: Any) -> Filter:
    return Filter("client_id", "Company", _id("company"), lambda value: model.client_id == value, "reference")


AUTOMATIONS = ListSpec(
    model=Automation,
    columns=(
        Column("id", "Id", Automation.id, shown=False),
        Column("name", "Name", Automation.name, kind="link", sort="name"),
        Column("company", "Company", _company_of(Automation), settled_by="client_id"),
        Column("client_id", "Company’s id", Automation.client_id, shown=False),
        Column("status", "State", Automation.status, kind="state"),
        Column("trigger", "Trigger", Automation.trigger_type, kind="badge"),
        Column("event", "Event", Automation.event_type, shown=False),
        Column("last_run", "Last run", last_run_at(), kind="time"),
        Column("success_rate", "Success rate", success_share(), kind="percent"),
        Column("next_run_at", "Next run", Automation.next_run_at, kind="time"),
        Column("version", "Version", Automation.version_number, kind="number", wide=True),
        Column("minutes_saved", "Minutes saved per run", Automation.minutes_saved, kind="number", shown=False),
        Column("archived_at", "Archived", Automation.archived_at, kind="time", shown=False),
        *date_columns(Automation, shown="updated_at"),
    ),
    filters=(
        state_filter(AUTOMATION, Automation.status),
        Filter(
            "trigger", "Trigger", TriggerType, lambda value: Automation.trigger_type == value, "choice",
            _offer("triggers-of-automations", TRIGGERS),
        ),
        _company_filter(Automation),
    ),
    sorts=(*date_sorts(Automation), Sort("name", "Name", by_name(Automation.name))),
    depends_on=("clients", "automation_runs", "automation_months"),
    is_kept=False,
    words_are_public=False,
)  # fmt: skip

automations = register(
    Kind(
        key="automations",
        model=Automation,
        singular="automation",
        plural="automations",
        icon="robot",
        label=Automation.name,
        section=SECTION,
        words="workflow zapier n8n make schedule webhook",
        path="/ai-automation/workflows",
        pages={STAFF: "/admin/automations", COMPANY: "/dashboard/automations"},
        visible_to=own_rows,
        hydrate=hydrate,
        not_undone="Restore an earlier version instead. It is deployed again as a new version.",
    )
)
register(Listing(automations, AUTOMATIONS, AutomationOut))
register(
    Editing(
        automations,
        AutomationInput,
        changes=AutomationChange,
        update=operations.update_automation,
        archive=operations.archive_automation,
        restore=operations.restore_automation,
        getters={"workflow": lambda automation: automation.workflow_config},
    )
)

VERSIONS = ListSpec(
    model=Version,
    columns=(Column("id", "Id", Version.id, shown=False), Column("number", "Version", Version.number, kind="link")),
    filters=(Filter("automation", "Automation", UUID, lambda value: Version.automation_id == value),),
    sorts=(Sort("version", "Version", Version.number),),
    default_sort="-version",
    searchable=False,
    words_are_public=False,
)
versions = register(
    Kind(
        key="versions",
        model=Version,
        singular="version",
        plural="versions",
        label=cast(Version.number, Text),
        parent=automations,
    )
)
register(Listing(versions, VERSIONS, VersionOut))


_automation_name = select(Automation.name).where(Automation.id == Run.automation_id).correlate(Run).scalar_subquery()

runs = register(
    Kind(
        key="runs",
        model=Run,
        singular="run",
        plural="runs",
        icon="player-play",
        label=_automation_name + ", " + func.to_char(Run.created_at, "FMDD Mon YYYY HH24:MI:SS"),
        section=SECTION,
        parent=automations,
        pages={STAFF: "/admin/automations/runs", COMPANY: "/dashboard/automations/runs"},
        visible_to=own_rows,
        load_options=(defer(Run.input), defer(Run.output)),
    )
)
register(Listing(runs, RUNS, RunSummary))

SECRETS = ListSpec(
    model=Secret,
    columns=(
        Column("id", "Id", Secret.id, shown=False),
        Column("name", "Name", Secret.name, kind="link", sort="name"),
        Column("company", "Company", _company_of(Secret), settled_by="client_id"),
        Column("client_id", "Company’s id", Secret.client_id, shown=False),
        *date_columns(Secret, shown="updated_at"),
    ),
    filters=(_company_filter(Secret),),
    sorts=(*date_sorts(Secret), Sort("name", "Name", Secret.name)),
    default_sort="name",
    depends_on=("clients",),
    searchable=False,
    words_are_public=False,
)
secrets = register(
    Kind(
        key="secrets",
        model=Secret,
        singular="secret",
        plural="secrets",
        icon="key",
        label=Secret.name,
        section=SECTION,
        words="password token credential api key",
        path="/ai-automation/secrets",
        permissions="automations",
        pages={STAFF: "/admin/automations/secrets", COMPANY: "/dashboard/automations/secrets"},
        visible_to=own_rows,
        hydrate=hydrate_secrets,
        not_undone="The old value of a secret isn’t kept. Set the secret again.",
    )
)
register(Listing(secrets, SECRETS, SecretOut, create_label="New secret"))
register(
    Editing(
        secrets,
        SecretInput,
        changes=SecretChange,
        form=(FieldGroup("Secret", ("client_id", "name", "value")),),
        create=secret_operations.set_secret,
        update=secret_operations.change_secret,
        delete=secret_operations.delete_secret,
        getters={"value": lambda _: ""},
    )
)
