"""How the queue of the runs stands: what waits and runs, by company, and how old the oldest is. For staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from app.extensions import db

LOOKED_AT = 100_000
"""Rows of the queue that are counted; where there are more, the figures say so."""

_STATE = text("""
    with looked as (select id, client_id, run_id, state, due_at from automation_work limit :most),
    counted as (
        select client_id,
               count(*) filter (where state = 'ready') as ready,
               count(*) filter (where state = 'leased') as running,
               count(*) filter (where state = 'later' and due_at is not null) as later,
               count(*) filter (where state = 'later' and due_at is null) as held_back,
               min(id) filter (where state = 'ready') as oldest
          from looked group by client_id)
    select counted.client_id, clients.name, ready, running, later, held_back, runs.created_at
      from counted
      join clients on clients.id = counted.client_id
      left join automation_work work on work.id = counted.oldest
      left join automation_runs runs on runs.id = work.run_id
     order by ready desc, running desc, clients.name limit 100
""")


@dataclass(frozen=True)
class Lane:
    """What a company has in the queue. `held_back` waits for a limit on runs at a time; `oldest` is when the run was
    made whose work has been ready for longest."""

    client_id: UUID
    company: str
    ready: int
    running: int
    later: int
    held_back: int
    oldest: datetime | None


@dataclass(frozen=True)
class QueueState:
    lanes: Sequence[Lane]

    def sum(self, name: str) -> int:
        return sum(getattr(lane, name) for lane in self.lanes)

    @property
    def oldest(self) -> datetime | None:
        return min((lane.oldest for lane in self.lanes if lane.oldest is not None), default=None)

    @property
    def is_cut(self) -> bool:
        names = ("ready", "running", "later", "held_back")
        return sum(self.sum(name) for name in names) >= LOOKED_AT


def queue_state() -> QueueState:
    return QueueState([Lane(*row) for row in db.session.execute(_STATE, {"most": LOOKED_AT})])
