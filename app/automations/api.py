"""Automations in the JSON API: deploying, changing, versions, secrets."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint

from app.api.access import actor
from app.api.crud import mount
from app.api.operation import Answer, Example, Loaded, operation_with
from app.automations import api_examples as examples
from app.automations import operations, secret_operations
from app.automations.definitions.checking import warnings_of
from app.automations.definitions.comparing import compare
from app.automations.definitions.outline import outline_of
from app.automations.effects.http import private_targets
from app.automations.errors import NoSuchVersion
from app.automations.kinds import automations, secrets, versions
from app.automations.models import Automation, Secret, Version
from app.automations.queries import hydrate
from app.automations.schemas import (
    AutomationOut,
    CheckInput,
    CheckOut,
    ComparisonOut,
    DeployInput,
    RotateInput,
    SecretInput,
    SecretOut,
    VersionOut,
)
from app.automations.secret_operations import find_secret
from app.automations.steps import AUTOMATION
from app.core.addresses import api_prefix
from app.core.ids import as_number
from app.core.records import get_record
from app.identity.companies import company_for

bp = Blueprint("automations_api", __name__, url_prefix="/api")
TAGS = ("Automations",)
operation = operation_with(tags=TAGS)
WORKFLOWS = automations.path
_NEW_SECRET = {"name": "SHOP_TOKEN", "value": "a-secret-value"}
_OF_SECRET = {"reference": "The ID of the secret. Users of its company can also use its name."}
_WORKFLOW = "The ID of the automation."
_VERSION = "The number of the version."

mount(
    bp,
    automations,
    body=examples.DEPLOYED,
    answer=examples.AUTOMATION,
    without=("create",),
    steps=AUTOMATION,
    examples={
        "pause": Example(answer={**examples.AUTOMATION, "status": "paused"}),
        "resume": Example(answer=examples.AUTOMATION),
    },
    about={
        "update": (
            "Change an automation",
            "Send only the fields that change. A new `workflow` creates a new version; runs that have already started "
            "keep theirs. `status` pauses or resumes the automation. With `If-Match`, the change is refused if "
            "someone else changed the automation in the meantime.",
        ),
        "archive": (
            "Delete an automation",
            "It no longer appears in lists, and can be restored. Its schedule and events no longer start runs, and its "
            "webhook URL answers 404. Runs that have already started continue.",
        ),
    },
)
mount(
    bp,
    versions,
    path={"reference": examples.WORKFLOW_ID, "version": "1"},
    answer=examples.VERSION,
    without=("get",),
    examples={"list": Example(query="limit=10", answer=[examples.VERSION])},
)
mount(
    bp,
    secrets,
    answer=examples.SECRET,
    body=_NEW_SECRET,
    without=("create", "delete", "get"),
    examples={"update": Example(body={"value": "another value"}, answer=examples.SECRET)},
    about={"update": ("Replace the value of a secret", "Runs use the new value from their next step on.")},
)


@bp.post("/ai-automation/deploy")
@operation(
    allow=automations.write_permission,
    body=DeployInput,
    server_sets=AutomationOut,
    answers={201: AutomationOut},
    example=Example(body=examples.DEPLOYED, answer=examples.NEW),
    problems=(404,),
)
def deploy_automation(body: DeployInput) -> Answer:
    """Deploy a workflow as an automation.

    The automation is active immediately. If the workflow has problems, the answer is 422 with all of them, each with a
    pointer to its place. Staff set `client_id` to choose the company. `webhook_secret` is returned only once, here.
    """
    person = actor()
    values = {name: getattr(body, name) for name in ("description", "minutes_saved", "max_concurrent")}
    company = company_for(person, body.client_id)
    made = operations.deploy(body.name, body.workflow, client_id=company, actor=person, **values)
    hydrate([made])
    return Answer(made, headers={"Location": f"{api_prefix()}{WORKFLOWS}/{made.id}"})


@bp.post("/ai-automation/workflows/check")
@operation(
    allow=automations.write_permission,
    body=CheckInput,
    answers={200: CheckOut},
    example=Example(
        body={"workflow": examples.WORKFLOW}, answer={"steps": 2, "secrets": [], "next_runs": [], "warnings": []}
    ),
    problems=(404,),
    idempotent=False,
)
def check_workflow(body: CheckInput) -> Mapping[str, Any]:
    """Check a workflow without deploying it.

    Answers like deploying: 422 with all problems. Nothing is saved. `warnings` lists targets that the settings of this
    installation refuse.
    """
    workflow = operations.deployable(body.workflow, company_for(actor(), body.client_id))
    return {**outline_of(workflow), "warnings": warnings_of(workflow, private=private_targets())}


def _automation(reference: str, *, lock: bool = False) -> Automation:
    found: Automation = get_record(automations, reference, for_update=lock, seen_by=actor())
    return found


def _version(automation: Automation, number: str) -> Version:
    wanted = as_number(number)
    if wanted is None:
        raise NoSuchVersion
    return operations.version_of(automation, wanted)


@bp.get("/ai-automation/workflows/<reference>/versions/<version>")
@operation(
    allow=automations.read_permission,
    answers={200: VersionOut},
    path={"reference": _WORKFLOW, "version": _VERSION},
    example=Example(path={**examples.OF_WORKFLOW, "version": "1"}, answer=examples.VERSION),
)
def get_version(reference: str, version: str) -> Version:
    """Read one version."""
    return _version(_automation(reference), version)


@bp.get("/ai-automation/workflows/<reference>/versions/<version>/compare/<other>")
@operation(
    allow=automations.read_permission,
    answers={200: ComparisonOut},
    path={"reference": _WORKFLOW, "version": _VERSION, "other": "The number of the version to compare with."},
    example=Example(path={**examples.OF_WORKFLOW, "version": "1", "other": "2"}, answer=examples.COMPARISON),
)
def compare_versions(reference: str, version: str, other: str) -> Mapping[str, Any]:
    """Compare two versions.

    Lists the steps that were added and removed, and each member that changed.
    """
    automation = _automation(reference)
    before, after = _version(automation, version), _version(automation, other)
    numbers = {"from_version": before.number, "to_version": after.number}
    return {**numbers, **compare(before.workflow, after.workflow)}


@bp.post("/ai-automation/workflows/<reference>/versions/<version>/restore")
@operation(
    allow=automations.write_permission,
    answers={200: AutomationOut},
    path={"reference": _WORKFLOW, "version": _VERSION},
    example=Example(path={**examples.OF_WORKFLOW, "version": "1"}, answer={**examples.AUTOMATION, "version": 3}),
    problems=(409, 422),
)
def restore_version(reference: str, version: str) -> Automation:
    """Restore an earlier version.

    Deploys the earlier workflow again as a new version. Answers 422 if it can no longer be deployed, for example
    because a secret was deleted.
    """
    automation = _automation(reference, lock=True)
    number = _version(automation, version).number
    operations.restore_version(automation, number, actor=actor())
    return automations.hydrated(automation)


@bp.post("/ai-automation/workflows/<reference>/rotate-secret")
@operation(
    allow=automations.write_permission,
    body=RotateInput,
    body_is_optional=True,
    answers={200: AutomationOut},
    path={"reference": _WORKFLOW},
    example=Example(path=examples.OF_WORKFLOW, body={"overlap_seconds": 3600}, answer=examples.NEW),
    problems=(409,),
)
def rotate_webhook_secret(reference: str, body: RotateInput) -> Automation:
    """Replace the signing secret of a webhook.

    The new secret is returned only once, here. The old one stays valid for `overlap_seconds`.
    """
    automation, overlap = _automation(reference, lock=True), timedelta(seconds=body.overlap_seconds)
    return automations.hydrated(operations.rotate_webhook_secret(automation, overlap=overlap, actor=actor()))


def _secret(reference: str) -> Secret:
    return find_secret(reference, seen_by=actor(), lock=True)


@bp.post("/ai-automation/secrets")
@operation(
    allow=secrets.write_permission,
    body=SecretInput,
    server_sets=SecretOut,
    answers={201: SecretOut, 200: SecretOut},
    example=Example(body=_NEW_SECRET, answer={**examples.SECRET, "used_by": []}, others={200: examples.SECRET}),
    problems=(404,),
)
def set_secret(body: SecretInput) -> Answer:
    """Create or replace a secret.

    Steps use it as `{{ secrets.NAME }}`. Its value can’t be read again. If a secret with this name exists, its value is
    replaced (200).
    """
    secret = secret_operations.set_secret(body, actor=actor())
    is_new = secret.version == 1
    where = {"Location": f"{api_prefix()}{secrets.path}/{secret.id}"} if is_new else {}
    return Answer(secrets.hydrated(secret), 201 if is_new else 200, headers=where)


@bp.get("/ai-automation/secrets/<reference>")
@operation(
    allow=secrets.read_permission,
    answers={200: SecretOut},
    path=_OF_SECRET,
    example=Example(path={"reference": "SHOP_TOKEN"}, answer=examples.SECRET),
)
def get_secret(reference: str) -> Secret:
    """Read one secret: when it was created, and which workflows use it."""
    return secrets.hydrated(find_secret(reference, seen_by=actor()))


@bp.delete("/ai-automation/secrets/<reference>")
@operation(
    allow=secrets.write_permission,
    answers={204: None},
    path=_OF_SECRET,
    example=Example(path={"reference": examples.KEPT_ID}),
    problems=(409,),
    conditional=Loaded(_secret, get_secret),
)
def delete_secret(secret: Secret) -> None:
    """Delete a secret.

    Answers 409 if workflows use it, and names them.
    """
    secret_operations.delete_secret(secret, actor=actor())
