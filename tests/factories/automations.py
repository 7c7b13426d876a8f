"""Automations and their runs."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from app.automations.models import Automation, Run, Secret, Version
from app.automations.runs import work
from app.core.audit import SYSTEM, audit_as
from app.extensions import db
from app.identity.models import Client
from tests.factories.accounts import make_client_company

_numbers = count(1)
Steps = Sequence[Mapping[str, Any]]


def make_automation(
    steps: Steps = ({"id": "a", "type": "transform"},),
    *,
    client: Client | None = None,
    trigger: Mapping[str, Any] | None = None,
    **values: Any,
) -> Automation:
    """An automation with its first version, deployed unchecked."""
    trigger = trigger or {"type": "manual"}
    client = client or make_client_company()
    values = {"name": f"Automation {next(_numbers)}", "trigger_type": trigger["type"]} | values
    automation = Automation(client_id=client.id, **values)
    audit_as(db.session, actor=SYSTEM, action="create")
    db.session.add(automation)
    db.session.flush()
    workflow = {"trigger": dict(trigger), "steps": [dict(step) for step in steps]}
    db.session.add(Version(automation_id=automation.id, number=1, workflow=workflow, author_name="system"))
    db.session.commit()
    return automation


def make_run(automation: Automation, /, **values: Any) -> Run:
    """A run that waits to be begun."""
    values = {"trigger": automation.trigger_type, "input": {}, "actor_name": "system"} | values
    run = Run(
        automation_id=automation.id, client_id=automation.client_id, version_number=automation.version_number, **values
    )
    db.session.add(run)
    db.session.flush()
    work.add(run)
    db.session.commit()
    return run


def make_secret(client: Client, name: str = "SHOP_TOKEN", value: str = "s3cr3t-value") -> Secret:
    secret = Secret(client_id=client.id, name=name, value=value)
    audit_as(db.session, actor=SYSTEM, action="create")
    db.session.add(secret)
    db.session.commit()
    return secret
