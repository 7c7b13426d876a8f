"""What is due next: schedules, and runs that wait for a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select

from app.automations.definitions.schemas import ScheduleTrigger, WorkflowInput
from app.automations.models import ADVANCE, Automation, Run, RunStep, Version, Work
from app.automations.schedules import due_times
from app.core.clock import now, zone_of
from app.extensions import db
from app.identity.models import Client

MOST_SCHEDULES = 100
MOST_TICKS = 12
"""Times of one automation that are listed."""
MOST_WAITING = 50
AHEAD = timedelta(hours=24)


@dataclass(frozen=True)
class Tick:
    """A moment at which an automation's schedule is due. `local` is the time on the wall of its zone."""

    at: datetime
    local: datetime
    zone: str
    automation_id: UUID
    automation: str
    company: str


@dataclass(frozen=True)
class Waiting:
    """A step of a run that goes on at a moment: a delay, the next attempt, an approval that expires."""

    at: datetime
    id: UUID
    """The run's."""
    automation_id: UUID
    automation: str
    company: str
    step_id: str
    type: str
    attempts: int

    @property
    def what(self) -> str:
        if self.type == "delay":
            return "Continues after delay"
        if self.type == "approval":
            return "Approval expires"
        return f"Attempt {self.attempts + 1}"


def ticks(client_id: UUID | None) -> Sequence[Tick]:
    """The times at which schedules are due within the next day, in order; of automations that run often, some."""
    query = (
        select(Automation.id, Automation.name, Client.name, Version.workflow)
        .join(Client, Client.id == Automation.client_id)
        .join(
            Version,
            and_(Version.automation_id == Automation.id, Version.number == Automation.version_number),
        )
        .where(Automation.next_run_at.is_not(None), Automation.archived_at.is_(None))
        .order_by(Automation.next_run_at)
        .limit(MOST_SCHEDULES)
    )
    if client_id is not None:
        query = query.where(Automation.client_id == client_id)
    found: list[Tick] = []
    for automation_id, name, company, workflow in db.session.execute(query):
        trigger = WorkflowInput.model_validate(workflow).trigger
        if isinstance(trigger, ScheduleTrigger):
            found += _of_a_day(trigger, automation_id, name, company)
    return sorted(found, key=lambda tick: tick.at)


def _of_a_day(trigger: ScheduleTrigger, automation_id: UUID, name: str, company: str) -> Sequence[Tick]:
    moment, zone = now(), zone_of(trigger.timezone)
    made: list[Tick] = []
    for at in due_times(trigger.cron, trigger.timezone, moment):
        if (at > moment + AHEAD and made) or len(made) == MOST_TICKS:
            break
        made.append(Tick(at, at.astimezone(zone), trigger.timezone, automation_id, name, company))
        if at > moment + AHEAD:
            break
    return made


def waiting(client_id: UUID | None) -> Sequence[Waiting]:
    """The steps that go on at a moment, the next first."""
    query: Any = (
        select(
            Work.due_at, Run.id, Run.automation_id, Automation.name, Client.name, RunStep.step_id, RunStep.type,
            RunStep.attempts,
        )
        .join(Run, Run.id == Work.run_id)
        .join(Automation, Automation.id == Run.automation_id)
        .join(Client, Client.id == Run.client_id)
        .join(
            RunStep,
            and_(
                RunStep.run_id == Work.run_id, RunStep.position == Work.position, RunStep.item == Work.item
            ),
        )
        .where(Work.state == "later", Work.due_at.is_not(None), Work.position != ADVANCE)
        .order_by(Work.due_at)
        .limit(MOST_WAITING)
    )  # fmt: skip
    if client_id is not None:
        query = query.where(Work.client_id == client_id)
    return [Waiting(*row) for row in db.session.execute(query)]
