"""How many runs of an automation go on at a time, where it says so: further ones are parked until one ends.

Whether there is room is decided, and a place is given back, under a lock on the automation's row; so no run stays
parked while there is room.
"""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from sqlalchemy import func, select, text

from app.automations.models import Run
from app.core.rls import rows_of
from app.extensions import db

_RELEASE = text("""
    update automation_work set state = 'ready'
     where id in (select parked.id from unnest(cast(:automations as uuid[])) given (id)
                   cross join lateral (
                      select work.id from automation_work work
                       where work.automation_id = given.id and work.state = 'later' and work.due_at is null
                       order by work.id limit 1) parked)
""")
_LIMITS = """
    select id, max_concurrent from automations
     where id = any(%(automations)s) and max_concurrent is not null
     order by id
       for no key update
"""
_LOOK_AGAIN = text("""
    update automation_work set state = 'ready'
     where automation_id = :automation and state = 'later' and due_at is null
""")


def without_room(runs: Iterable[Run]) -> set[UUID]:
    """Those of the runs that can't begin yet; callers hold them."""
    waiting = [run for run in runs if run.started_at is None]
    limits = _locked_limits({run.automation_id for run in waiting})
    if not limits:
        return set()
    query = (
        select(Run.automation_id, func.count())
        .where(Run.automation_id.in_(limits), Run.finished_at.is_(None), Run.started_at.is_not(None))
        .group_by(Run.automation_id)
    )
    busy: dict[UUID, int] = dict(db.session.execute(query).all())
    refused = set()
    for run in sorted(waiting, key=lambda one: one.id):
        if run.automation_id in limits:
            busy[run.automation_id] = busy.get(run.automation_id, 0) + 1
            if busy[run.automation_id] > limits[run.automation_id]:
                refused.add(run.id)
    return refused


def give_back(automation_ids: Collection[UUID]) -> None:
    """A run of each of these automations has ended: the next one that was parked may begin."""
    if limited := _locked_limits(automation_ids):
        db.session.execute(_RELEASE, {"automations": list(limited)})


def look_again(automation_id: UUID) -> None:
    """The limit of the automation has changed: all its parked runs ask for room again."""
    db.session.execute(_LOOK_AGAIN, {"automation": automation_id})


def _locked_limits(automation_ids: Collection[UUID]) -> Mapping[UUID, int]:
    if not automation_ids:
        return {}
    return dict(rows_of(db.session.connection(), _LIMITS, {"automations": list(automation_ids)}))
