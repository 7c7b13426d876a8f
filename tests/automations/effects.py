"""Running one step that reaches outside, with settings of the test's own."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.automations.models import Run, RunStep, Secret
from app.core.audit import SYSTEM, audit_as
from app.core.outbox import OutgoingMessage
from app.extensions import db
from app.identity.models import Client
from tests.automations.running import drain, steps_of
from tests.factories.automations import make_automation, make_run


def use_settings(app: Flask, monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
    values = {"automation_private_targets": ("127.0.0.0/8",)} | values
    monkeypatch.setitem(app.config, "SETTINGS", app.config["SETTINGS"].model_copy(update=values))


def add_secret(client_id: Any, name: str, value: str) -> None:
    audit_as(db.session, actor=SYSTEM, action="create")
    db.session.add(Secret(client_id=client_id, name=name, value=value))
    db.session.commit()


def run_step(
    kind: str, given: dict[str, Any], *, client: Client | None = None, input: dict[str, Any] | None = None,  # noqa: A002
    secrets: dict[str, str] | None = None, **step: Any,
) -> tuple[Run, RunStep]:  # fmt: skip
    automation = make_automation([{"id": "a", "type": kind, "with": given, **step}], client=client)
    for name, value in (secrets or {}).items():
        add_secret(automation.client_id, name, value)
    run = make_run(automation, input=input or {})
    drain()
    db.session.refresh(run)
    return run, steps_of(run)["a"]


def outbox_of(run: Run) -> list[OutgoingMessage]:
    query = select(OutgoingMessage).where(OutgoingMessage.run_id == run.id).order_by(OutgoingMessage.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))
