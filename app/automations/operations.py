"""Deploying workflows, and changing them: each change of a definition is a new version, and versions never change."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.automations.definitions.checking import Surroundings, problems_of
from app.automations.definitions.reading import read_workflow
from app.automations.definitions.schemas import EventTrigger, ScheduleTrigger, WebhookTrigger, WorkflowInput
from app.automations.errors import BadWorkflow, DeliveriesAreNotSigned, NoSuchVersion
from app.automations.models import Automation, Secret, Version
from app.automations.owners import hand_over
from app.automations.runs.limits import look_again
from app.automations.runs.versions import definition_of
from app.automations.runs.work import ring
from app.automations.schedules import next_due
from app.automations.steps import AUTOMATION
from app.automations.tables.queries import columns_by_table
from app.core.audit import Actor, audit_as
from app.core.clock import now
from app.core.events import event_types, publish
from app.core.records import IsArchived, apply_changes, archive, restore, touch
from app.core.steps import Step
from app.extensions import db

TOKEN_BYTES = 32
_BY_THEMSELVES = ("workflow", "status", "owner_id")


def token_hash(token: str) -> bytes:
    """Under which a webhook's token is found: a copy of the database holds none that works."""
    return sha256(token.encode()).digest()


def surroundings_of(client_id: UUID) -> Surroundings:
    """What workflows of a company may refer to."""
    names = db.session.scalars(select(Secret.name).where(Secret.client_id == client_id))
    others = db.session.scalars(
        select(Automation.id).where(Automation.client_id == client_id, Automation.archived_at.is_(None))
    )
    return Surroundings(frozenset(names), frozenset(map(str, others)), _events(), columns_by_table(client_id))


def _events() -> frozenset[str]:
    """The events that begin automations: those that a company sees."""
    return frozenset(name for name, kind in event_types().items() if not kind.private)


def deployable(workflow: WorkflowInput | Mapping[str, Any], client_id: UUID, at: str = "/workflow") -> WorkflowInput:
    """The definition, read if it is JSON, and checked. Raises `BadWorkflow` with every problem; `at` is where it
    stands in what was sent."""
    around = surroundings_of(client_id)
    if not isinstance(workflow, WorkflowInput):
        return read_workflow(workflow, around, at)
    if problems := problems_of(workflow, around, at):
        raise BadWorkflow(errors=problems)
    return workflow


def deploy(
    name: str, workflow: WorkflowInput | Mapping[str, Any], *, client_id: UUID, actor: Any, **values: Any
) -> Automation:
    """Make an automation of a workflow, or of its JSON; it is active at once. Raises `BadWorkflow`."""
    audit_as(db.session, actor=actor, action="deploy")
    workflow = deployable(workflow, client_id)
    values = {"status": "active", "trigger_type": workflow.trigger.type, **values}
    automation = Automation(name=name, client_id=client_id, owner_id=actor.id, **values)
    _set_trigger(automation, workflow)
    db.session.add(automation)
    db.session.flush()
    _add_version(automation, workflow, actor)
    publish("automation.deployed", about=automation, actor=actor, name=name)
    db.session.flush()
    return automation


def update_automation(automation: Automation, changes: Mapping[str, Any], /, *, actor: Any) -> Automation:
    """Change its name and what else is told of it, its `workflow` (as JSON), its `status` or its owner. Callers hold
    the row."""
    audit_as(db.session, actor=actor, action="update")
    apply_changes(automation, {name: value for name, value in changes.items() if name not in _BY_THEMSELVES})
    db.session.flush()
    if "max_concurrent" in changes:
        look_again(automation.id)
        ring()
    if "workflow" in changes:
        change_workflow(automation, changes["workflow"], actor=actor)
    if "owner_id" in changes:
        hand_over(automation, changes["owner_id"], actor=actor)
    if (status := changes.get("status", automation.status)) != automation.status:
        take_step(automation, step=AUTOMATION.towards(automation, status), actor=actor)
    return automation


def rotate_webhook_secret(automation: Automation, *, overlap: timedelta = timedelta(), actor: Actor) -> Automation:
    """Sign deliveries with another secret from now on; the one before it is good for the `overlap`. Callers hold the
    row, and tell `webhook_secret`. Raises `DeliveriesAreNotSigned`."""
    if automation.is_archived:
        raise IsArchived(automation)
    if automation.signing_secret is None:
        raise DeliveriesAreNotSigned
    audit_as(db.session, actor=actor, action="rotate-webhook-secret")
    automation.previous_secret = automation.signing_secret if overlap else None
    automation.previous_secret_until = now() + overlap if overlap else None
    _sign_anew(automation)
    touch(automation)
    db.session.flush()
    return automation


def archive_automation(automation: Automation, /, *, actor: Actor) -> Automation:
    """Take it off the lists. Nothing begins it any more; what has begun goes on to its end."""
    archive(automation, actor=actor)
    automation.next_run_at = automation.listens_since = None
    db.session.flush()
    return automation


def restore_automation(automation: Automation, /, *, actor: Actor) -> Automation:
    """Bring it back, with its address for deliveries and in the state that it was in. What would have begun it in the
    meantime is not made up for."""
    restore(automation, actor=actor)
    _set_due(automation, definition_of(automation.id, automation.version_number).workflow)
    db.session.flush()
    return automation


def change_workflow(
    automation: Automation,
    workflow: WorkflowInput | Mapping[str, Any],
    *,
    actor: Any,
    restored_from: int | None = None,
) -> Automation:
    """Deploy another definition as the automation's next version, which makes the actor its owner; the same one again
    changes nothing. Runs that have begun keep theirs. Callers hold the row."""
    audit_as(db.session, actor=actor, action="update")
    workflow = deployable(workflow, automation.client_id)
    current = version_of(automation, automation.version_number)
    if restored_from is None and current.workflow == definition_json(workflow):
        return automation
    automation.version_number += 1
    automation.owner_id = actor.id
    automation.trigger_type = workflow.trigger.type
    _set_trigger(automation, workflow)
    db.session.flush()
    _add_version(automation, workflow, actor, restored_from)
    publish("automation.changed", about=automation, actor=actor, number=automation.version_number)
    return automation


def restore_version(automation: Automation, number: int, *, actor: Any) -> Automation:
    """Deploy an earlier version again, as a new one. Raises `NoSuchVersion`, and `BadWorkflow` where it can’t be
    deployed any more: a secret is gone."""
    if automation.is_archived:
        raise IsArchived(automation)
    workflow = WorkflowInput.model_validate(version_of(automation, number).workflow)
    return change_workflow(automation, workflow, actor=actor, restored_from=number)


def version_of(automation: Automation, number: int) -> Version:
    found = db.session.scalars(
        select(Version).where(Version.automation_id == automation.id, Version.number == number)
    ).one_or_none()
    if found is None:
        raise NoSuchVersion
    return found


def definition_json(workflow: WorkflowInput) -> dict[str, Any]:
    """A definition as it is kept: with the names of the API, without what says nothing."""
    kept: dict[str, Any] = workflow.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return kept


@AUTOMATION.does("pause", "resume")
def take_step(automation: Automation, *, step: Step, actor: Actor) -> Automation:
    """Callers hold the row. What was due while it was paused is not made up for."""
    AUTOMATION.begin(automation, step.verb, actor=actor)
    automation.status = str(step.to)
    _set_due(automation, definition_of(automation.id, automation.version_number).workflow)
    db.session.flush()
    return automation


def _add_version(
    automation: Automation, workflow: WorkflowInput, actor: Actor, restored_from: int | None = None
) -> None:
    scopes = getattr(actor, "scopes", None)
    db.session.add(
        Version(
            automation_id=automation.id,
            client_id=automation.client_id,
            number=automation.version_number,
            workflow=definition_json(workflow),
            restored_from=restored_from,
            author_id=actor.id,
            author_name=actor.username,
            author_scopes=None if scopes is None else sorted(scopes),
            application_id=getattr(actor, "application_id", None) if actor.id is None else None,
        )
    )
    db.session.flush()


def _set_trigger(automation: Automation, workflow: WorkflowInput) -> None:
    trigger = workflow.trigger
    event_type = trigger.event if isinstance(trigger, EventTrigger) else None
    if automation.event_type != event_type:
        automation.event_type, automation.listens_since = event_type, None
    if isinstance(trigger, WebhookTrigger):
        if automation.token is None:
            automation.token = secrets.token_urlsafe(TOKEN_BYTES)
            automation.token_hash = token_hash(automation.token)
        if trigger.signed and automation.signing_secret is None:
            _sign_anew(automation)
        elif not trigger.signed:
            automation.signing_secret = None
    _set_due(automation, workflow)


def _sign_anew(automation: Automation) -> None:
    automation.signing_secret = secrets.token_urlsafe(TOKEN_BYTES)
    vars(automation)["webhook_secret"] = automation.signing_secret


def _set_due(automation: Automation, workflow: WorkflowInput) -> None:
    """Set when its schedule is due next, and from when on it listens; whoever is off has neither."""
    trigger = workflow.trigger
    is_on = automation.status == "active" and not automation.is_archived
    automation.next_run_at = None
    if is_on and isinstance(trigger, ScheduleTrigger):
        automation.next_run_at = next_due(trigger.cron, trigger.timezone, now())
    if not is_on or not isinstance(trigger, EventTrigger):
        automation.listens_since = None
    elif automation.listens_since is None:
        automation.listens_since = now()
