"""Where the pages of runs are, by audience."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.automations.kinds import automations
from app.core.sides import COMPANY, STAFF, Side

BASES: Mapping[Side, str] = {side: automations.base(side) for side in (STAFF, COMPANY)}


def automation_url(automation_id: UUID, audience: Side) -> str:
    return f"{BASES[audience]}/{automation_id}"


def run_url(run: Any, audience: Side) -> str:
    """The page of a run, or of a row that has its `id` and `automation_id`."""
    return f"{BASES[audience]}/{run.automation_id}/runs/{run.id}"
