"""Events that automations wait for.

A run that an event begins stands one deeper than the run that led to the event, whether by a record that it wrote, by a
job, by a consumer or by a call of the portal's own API. Beyond `DEEPEST` none begins any more (`loops.py`).
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, Text, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.automations.models import Automation, Run
from app.automations.records.declared import DECLARED
from app.automations.runs.inside import DEEPEST
from app.automations.runs.starting import NewRun, as_json, start_runs
from app.automations.triggers.loops import stop
from app.core.audit import NamedActor
from app.core.events import Event, event_types
from app.core.kinds import find_by_table
from app.extensions import db
from app.identity.models import Client

EVENT = NamedActor("event")
_ON = (Automation.status == "active", Automation.archived_at.is_(None), Automation.trigger_type == "event")


def types_waited_for() -> Collection[str]:
    """The types of events that any automation waits for."""
    types = func.unnest(literal(sorted(event_types()), ARRAY(Text))).table_valued("name", name="known").render_derived()
    waits = exists().where(Automation.event_type == types.c.name, *_ON)
    return db.session.scalars(select(types.c.name).where(waits)).all()


def begin_runs_on(event: Event) -> None:
    """Begin the runs of the company’s automations that wait for this event, each with its present version."""
    if event.client_id is None:
        return
    listening = db.session.execute(
        select(Automation.id, Automation.client_id, Automation.version_number)
        .join(Client, Client.id == Automation.client_id)
        .where(Automation.event_type == event.type, Automation.client_id == event.client_id, *_ON)
        .where(or_(Automation.listens_since.is_(None), Automation.listens_since <= event.at))
        .where(Client.status == "active")
        .order_by(Automation.id)
    ).all()
    if not listening:
        return
    depth = _depth_of(event)
    if depth > DEEPEST:
        stop(listening, trigger="event", delivery=_delivery_of(event), given=given_by(event), actor=EVENT)
        return
    given, delivery = as_json(given_by(event)), _delivery_of(event)
    runs = [NewRun(row.id, row.client_id, row.version_number, delivery, given) for row in listening]
    start_runs(runs, trigger="event", actor=EVENT, depth=depth)


def given_by(event: Event) -> dict[str, Any]:
    """The event as workflows see it: `trigger.event`, and its record and values also as `trigger.record` and
    `trigger.data`."""
    record = {"type": _type_of(event.table_name), "id": str(event.record_id), "name": event.record_label}
    told = {
        "id": event.id,
        "type": event.type,
        "at": event.at.isoformat().replace("+00:00", "Z"),
        "record": record,
        "actor": {"id": str(event.actor_id) if event.actor_id else None, "name": event.actor_name},
        "data": event.data,
        "caused_by": str(event.caused_by) if event.caused_by else None,
    }
    return {"event": told, "record": record, "data": event.data}


def runs_on(event: Event) -> Sequence[Row[Run, str]]:
    """The runs that the event began, or that were stopped, with the names of their automations."""
    query = select(Run, Automation.name).join(Automation, Automation.id == Run.automation_id)
    query = query.where(Automation.client_id == event.client_id, Run.delivery == _delivery_of(event))
    return db.session.execute(query.order_by(Run.id).limit(100)).all()


def _type_of(table: str) -> str:
    """What a `record` step calls records of that table."""
    kind = find_by_table(table)
    names = (one.name for one in DECLARED.values() if kind is not None and one.key == kind.key)
    return next(names, kind.noun if kind is not None else table)


def _depth_of(event: Event) -> int:
    if event.caused_by is None:
        return 0
    above = db.session.scalar(select(Run.depth).where(Run.id == event.caused_by))
    return 0 if above is None else above + 1


def _delivery_of(event: Event) -> str:
    return f"event:{event.id}"
