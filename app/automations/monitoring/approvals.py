"""The questions that wait for somebody's answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.automations.models import Automation, Run, RunStep
from app.extensions import db
from app.identity.models import Client
from app.identity.policy import can, is_staff

MOST = 100


@dataclass(frozen=True)
class Question:
    """A step of a run that asks, and waits."""

    id: UUID
    """The run's."""
    automation_id: UUID
    automation: str
    company: str
    step_id: str
    ask: str
    of: str
    since: datetime
    due_at: datetime | None
    dry_run: bool


def may_answer(person: Any, step: Any) -> bool:
    """Whether the person may answer: the company's people what is asked of the company, staff everything."""
    if not can(person, "automations:write"):
        return False
    return is_staff(person) or (step.input or {}).get("of", "company") == "company"


def questions_for(person: Any, limit: int = MOST) -> Sequence[Question]:
    """What waits for the person's answer, the oldest first."""
    if not can(person, "automations:write"):
        return []
    query = (
        select(
            Run.id, Run.automation_id, Automation.name, Client.name, RunStep.step_id,
            RunStep.input["ask"].astext, RunStep.input["of"].astext, RunStep.started_at, RunStep.due_at, Run.dry_run,
        )
        .join(Run, Run.id == RunStep.run_id)
        .join(Automation, Automation.id == Run.automation_id)
        .join(Client, Client.id == Run.client_id)
        .where(*_waiting(person))
        .order_by(RunStep.started_at, RunStep.run_id, RunStep.position)
        .limit(limit)
    )  # fmt: skip
    return [Question(*row) for row in db.session.execute(query)]


def count_for(person: Any) -> int:
    """How many questions wait for the person, up to one more than are listed."""
    if not can(person, "automations:write"):
        return 0
    waiting = select(RunStep.run_id).where(*_waiting(person)).limit(MOST + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(waiting)) or 0


def _waiting(person: Any) -> list[Any]:
    here = [RunStep.type == "approval", RunStep.status == "waiting"]
    of = func.coalesce(RunStep.input["of"].astext, "company")
    if is_staff(person):
        return [*here, of == "staff"]
    return [*here, RunStep.client_id == person.client_id, of == "company"]
