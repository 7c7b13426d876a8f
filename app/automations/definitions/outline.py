"""What a definition comes to, in a few figures."""

from typing import Any

from app.automations.definitions.schemas import ScheduleTrigger, WorkflowInput
from app.automations.definitions.uses import secrets_used
from app.automations.schedules import next_few
from app.core.clock import now


def outline_of(workflow: WorkflowInput) -> dict[str, Any]:
    """How many steps it has, which secrets it uses, and when its schedule is due next, the first five times."""
    trigger, due = workflow.trigger, []
    if isinstance(trigger, ScheduleTrigger):
        due = next_few(trigger.cron, trigger.timezone, now())
    return {
        "steps": len(workflow.steps),
        "secrets": sorted(secrets_used(workflow.model_dump(by_alias=True))),
        "next_runs": due,
    }
