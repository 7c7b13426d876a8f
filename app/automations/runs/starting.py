"""Beginning runs: one or thousands, with the work that follows, in one statement."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.automations.models import ADVANCE, WHOLE
from app.automations.runs import work
from app.core.audit import Actor
from app.core.clock import now
from app.core.ids import new_id
from app.core.rls import rows_of
from app.extensions import db

_ONE = """
    select %(id)s::uuid as id, %(client_id)s::uuid as client_id, %(automation_id)s::uuid as automation_id,
           %(version)s::bigint as version_number, %(delivery)s::text as delivery, %(input)s::jsonb as input
"""
_MANY = """
    select id, client_id, automation_id, version_number, delivery, (%(inputs)s::jsonb[])[input_at] as input
      from unnest(%(ids)s::uuid[], %(client_ids)s::uuid[], %(automation_ids)s::uuid[], %(versions)s::bigint[],
                  %(deliveries)s::text[], %(inputs_at)s::int[])
           as given (id, client_id, automation_id, version_number, delivery, input_at)
"""
_START = """
    with given as (%(given)s),
    made as (
        insert into automation_runs (id, client_id, automation_id, version_number, status, trigger, delivery, dry_run,
                                     depth, input, actor_id, actor_name, created_at)
        select id, client_id, automation_id, version_number, 'queued', %%(trigger)s, delivery, false,
               %%(depth)s, input, %%(actor_id)s, %%(actor_name)s, %%(now)s
          from given
        on conflict (automation_id, delivery) where delivery is not null do nothing
        returning id, client_id, automation_id),
    work as (
        insert into automation_work (run_id, position, item, client_id, automation_id, state, fence)
        select id, %%(advance)s, %%(whole)s, client_id, automation_id, 'ready', 0 from made)
    select id from made
"""
_START_ONE, _START_MANY = (_START % {"given": given} for given in (_ONE, _MANY))


@dataclass(frozen=True)
class NewRun:
    """A run to be begun. `input` is JSON text; `delivery` makes it count once."""

    automation_id: UUID
    client_id: UUID
    version_number: int
    delivery: str | None
    input: str
    id: UUID = field(default_factory=new_id)


def start_runs(runs: Sequence[NewRun], *, trigger: str, actor: Actor, depth: int = 0) -> set[UUID]:
    """Begin these runs; the ids of those that are new. A delivery that has made a run before makes no second one, at
    whatever moment and however often it comes: whoever brings it meanwhile waits for the first one's commit."""
    if not runs:
        return set()
    statement, given = (_START_ONE, _one(runs[0])) if len(runs) == 1 else (_START_MANY, _many(runs))
    values: Mapping[str, Any] = {
        **given,
        "advance": ADVANCE,
        "whole": WHOLE,
        "trigger": trigger,
        "depth": depth,
        "actor_id": actor.id,
        "actor_name": actor.username,
        "now": now(),
    }
    made = {row[0] for row in rows_of(db.session.connection(), statement, values)}
    if made:
        work.ring()
    return made


def _one(run: NewRun) -> dict[str, Any]:
    return {
        "id": run.id, "client_id": run.client_id, "automation_id": run.automation_id, "version": run.version_number,
        "delivery": run.delivery, "input": run.input,
    }  # fmt: skip


def _many(runs: Sequence[NewRun]) -> dict[str, Any]:
    """Inputs that several have in common are sent once."""
    inputs = list(dict.fromkeys(run.input for run in runs))
    places = {text: place for place, text in enumerate(inputs, 1)}
    return {
        "ids": [run.id for run in runs],
        "client_ids": [run.client_id for run in runs],
        "automation_ids": [run.automation_id for run in runs],
        "versions": [run.version_number for run in runs],
        "deliveries": [run.delivery for run in runs],
        "inputs": inputs,
        "inputs_at": [places[run.input] for run in runs],
    }


def as_json(value: Any) -> str:
    """The input of a run as it is kept. Raises `ValueError` for what is no JSON."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
