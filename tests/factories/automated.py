"""A company's automations with something of everything, as far as pages show it."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from app.automations.analysis.operations import given_by, keep_analysis
from app.automations.analysis.schemas import AnalyzeInput
from app.automations.editor.operations import begin_draft
from app.automations.models import Automation, Run
from app.automations.operations import change_workflow, deploy, restore_version, take_step
from app.automations.schemas import SecretInput
from app.automations.secret_operations import set_secret
from app.automations.steps import AUTOMATION
from app.core.outbox import OutgoingMessage
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import Client, User
from tests.automations.running import drain
from tests.factories.automations import make_run
from tests.factories.data_tables import make_data_row, make_data_table

SUMS = {"id": "sum", "type": "transform", "with": {"n": "{{ number(trigger.amount) }}"}}
ASKS = {"id": "ask", "type": "approval", "needs": ["sum"], "with": {"ask": "Pay {{ steps.sum.output.n }}?"}}
EACH = {
    "id": "each",
    "type": "for_each",
    "with": {"items": [1, 2, 3], "step": {"type": "transform", "with": {"twice": "{{ item * 2 }}"}}},
}
COPY = {"id": "copy", "type": "transform", "with": {"text": "{{ trigger.text }}"}}
ANALYSED = {
    "process": "Invoice intake",
    "hourly_cost": "35.00",
    "steps": [{"name": "Read the mail", "minutes": 4, "times_per_month": 200, "rule_based": True}],
}


def add_automations(company: Client, people: Mapping[str, User]) -> None:
    table = make_data_table(company, {"supplier": "text"}, name="supplier-invoices")
    make_data_row(table, "A-1", supplier="Acme")
    manager, client = people["manager"], people["client"]
    intake = _deploy("Invoice intake", {"type": "webhook"}, SUMS, ASKS, company=company, actor=client)
    change_workflow(intake, {"trigger": {"type": "webhook"}, "steps": [SUMS]}, actor=manager)
    restore_version(intake, 1, actor=manager)
    paused = _deploy("Old reminders", {"type": "manual"}, COPY, company=company, actor=client)
    daily = _deploy(
        "Daily sums", {"type": "schedule", "cron": "0 6 * * *"}, EACH, company=company, actor=client, minutes_saved=5
    )
    take_step(paused, step=AUTOMATION.towards(paused, "paused"), actor=client)
    set_secret(SecretInput(name="SHOP_KEY", value="a-value-of-a-secret", client_id=company.id), actor=manager)
    workflow = {"trigger": {"type": "manual"}, "steps": [SUMS, ASKS, EACH]}
    asked = AnalyzeInput.model_validate(ANALYSED)
    keep_analysis(asked, given_by(asked, None), client_id=company.id, actor=client)
    for role in ("admin", "manager", "client"):
        begin_draft("A draft", workflow, client_id=company.id, actor=people[role])
    db.session.commit()
    _run_them(intake, paused, daily)


def _deploy(
    name: str, trigger: Mapping[str, Any], *steps: Any, company: Client, actor: User, **more: Any
) -> Automation:
    workflow = {"trigger": trigger, "steps": list(steps)}
    return deploy(name, workflow, client_id=company.id, actor=actor, **more)


def _run_them(intake: Automation, paused: Automation, daily: Automation) -> None:
    with as_system("tests drive the runner"):
        make_run(intake, input={"amount": "12.50"})
        for _ in range(2):
            make_run(intake, input={"amount": "a lot"})
        make_run(intake, input={"amount": "1"}, dry_run=True)
        make_run(paused, input={"text": "longer than a page shows it " * 200})
        run = make_run(daily)
        drain()
        _sent(run)


def _sent(run: Run) -> None:
    told = {"recipient": "https://shop.example/orders", "summary": "POST", "status": "sent", "answer": "200"}
    of_run = {"run_id": run.id, "client_id": run.client_id, "automation_id": run.automation_id}
    db.session.add(
        OutgoingMessage(
            **of_run, **told, step_id="each", item=-1, attempt=1, key=uuid4(), channel="http", provider="direct"
        )
    )
    db.session.commit()
