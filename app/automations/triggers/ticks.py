"""Schedules that are due. Each automation's row is locked while its runs begin and its next time is written, in one
transaction: two schedulers share what is due, and neither does what the other has done."""

import json
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Row, Select, select, text

from app.automations.models import Automation, Version
from app.automations.runs.starting import NewRun, as_json, start_runs
from app.automations.schedules import Plan, plan
from app.core.audit import NamedActor
from app.core.clock import now, zone_of
from app.extensions import db
from app.identity.models import Client

BATCH = 500
MOST_RUNS = 5_000
"""In one transaction; a schedule’s times stay together."""
SCHEDULE = NamedActor("schedule")

log = structlog.get_logger(__name__)

_MOVE = text("""
    update automations set next_run_at = moved.next_run_at
      from jsonb_to_recordset(cast(:moved as jsonb)) as moved (id uuid, next_run_at timestamptz)
     where automations.id = moved.id
""")


def fire_due(most: int = BATCH) -> int:
    """Begin the runs that are due now, of at most so many automations, and say when each is due next; of how many. The
    edge commits."""
    at = now()
    runs: list[NewRun] = []
    moved: dict[str, datetime | None] = {}
    for row in db.session.execute(_due(at, most)):
        if len(runs) >= MOST_RUNS:
            break
        found = _plan_of(row, at)
        if row.company == "active":
            runs += [_run_at(row, tick, found, at) for tick in found.ticks]
        moved[str(row.id)] = found.next
    if not moved:
        return 0
    start_runs(runs, trigger="schedule", actor=SCHEDULE)
    told = [{"id": one, "next_run_at": moment and moment.isoformat()} for one, moment in moved.items()]
    db.session.execute(_MOVE, {"moved": json.dumps(told)})
    return len(moved)


def _due(at: datetime, most: int) -> Select[Any]:
    """The automations that are due, locked; those that somebody else holds are left to them."""
    return (
        select(
            Automation.id,
            Automation.client_id,
            Automation.version_number,
            Automation.next_run_at,
            Version.workflow["trigger"].label("trigger"),
            Client.status.label("company"),
        )
        .join(Client, Client.id == Automation.client_id)
        .join(Version, (Version.automation_id == Automation.id) & (Version.number == Automation.version_number))
        .where(Automation.next_run_at <= at, Automation.trigger_type == "schedule")
        .where(Automation.status == "active", Automation.archived_at.is_(None))
        .order_by(Automation.next_run_at)
        .limit(most)
        .with_for_update(of=Automation, skip_locked=True, key_share=True)
    )


def _plan_of(row: Row[Any], at: datetime) -> Plan:
    """What follows for an automation that is due. A schedule that can’t be read any more, as its zone is gone, doesn’t
    keep others waiting: it isn’t due again until it is changed."""
    trigger = row.trigger
    try:
        zone, missed = trigger.get("timezone", "UTC"), trigger.get("missed", "one")
        return plan(trigger["cron"], zone, missed, row.next_run_at, at)
    except Exception:
        log.exception("a schedule can't be read", automation_id=str(row.id))
        return Plan((), None)


def _run_at(row: Row[Any], tick: datetime, found: Plan, at: datetime) -> NewRun:
    """The run for one time. That it counts once rests on the moment in UTC: the same minute of the day never comes
    twice there, whatever zone or cron the next version has."""
    zone = row.trigger.get("timezone", "UTC")
    given = {
        "scheduled_for": _in_utc(tick),
        "local_time": tick.astimezone(zone_of(zone)).isoformat(),
        "timezone": zone,
        "missed_since": _in_utc(row.next_run_at) if tick == found.ticks[0] > row.next_run_at else None,
    }
    return NewRun(row.id, row.client_id, row.version_number, f"tick:{_in_utc(tick)}", as_json(given))


def _in_utc(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
