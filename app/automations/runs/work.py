"""What is to be done for runs: claiming it fairly, keeping the lease, and handing in results.

A row of `automation_work` is something to do. A worker claims rows for `LEASE`, and renews that while it works. The
`fence` grows with every claim; a result counts only if it deletes the row with the fence of its claim, in its own
transaction. So a worker that was frozen past its lease changes nothing when it wakes.

Companies take turns: each claim goes round the companies that have anything ready and takes a few rows of each,
however many more one of them has.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause, delete, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from app.automations.models import ADVANCE, WHOLE, Run, Work
from app.core.clock import now
from app.core.rls import rows_of, send_within
from app.extensions import db
from app.jobs.bells import ring_after_commit

LEASE = timedelta(seconds=15)
RENEW_EVERY = 5.0
MOST_CLAIMS = 20
"""Work that was claimed so often and never handed in takes its worker down: it is given up."""
COMPANIES_A_CLAIM = 50
MOST_OF_ONE = 8
NOBODY = UUID(int=0)
BELL = "automations"

_LOOKS, _STEPS = "position = -1", "position >= 0"
_CLAIM = """
    with recursive lane (client_id) as (
        (select client_id from automation_work where state = 'ready' and {kind} and client_id > :after
          order by client_id limit 1)
        union all
        select (select work.client_id from automation_work work
                 where work.state = 'ready' and {kind} and work.client_id > lane.client_id
                 order by work.client_id limit 1)
          from lane where lane.client_id is not null),
    chosen as (
        select found.id
          from (select client_id from lane where client_id is not null limit :companies) turn
         cross join lateral (
            select work.id from automation_work work
             where work.state = 'ready' and {kind} and work.client_id = turn.client_id
             order by work.id
             limit {share}
               for update skip locked) found
         limit :most)
    update automation_work work
       set state = 'leased', fence = work.fence + 1, lease_until = clock_timestamp() + :lease
      from chosen where work.id = chosen.id
    returning work.id, work.run_id, work.position, work.item, work.client_id, work.automation_id, work.fence
"""
_CLAIM_LOOKS = text(_CLAIM.format(kind=_LOOKS, share=":share"))
_CLAIM_STEPS = text(
    _CLAIM.format(
        kind=_STEPS,
        share="""greatest(0, least(:share, :most_of_one - (
                        select count(*) from automation_work busy
                         where busy.state = 'leased' and busy.position >= 0 and busy.client_id = turn.client_id)))""",
    )
)
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtext('automation_work.steps'))")
_BOUNDS = b"set local idle_in_transaction_session_timeout = '12s'; set local lock_timeout = '20s'"
_WAKE = text("""
    update automation_work set state = 'ready', due_at = null, lease_until = null
     where id in (select id from automation_work
                   where (state = 'later' and due_at <= :now) or (state = 'leased' and lease_until < clock_timestamp())
                      or (state = 'leased' and lease_until > clock_timestamp() + 2 * cast(:lease as interval))
                   limit :most for update skip locked)
""")
_HAND_IN = """
    delete from automation_work work
     using unnest(%(ids)s::bigint[], %(fences)s::bigint[]) as given (id, fence)
     where work.id = given.id and work.fence = given.fence
    returning work.id
"""


@dataclass(frozen=True)
class Claim:
    """Something that this worker has the lease of."""

    id: int
    run_id: UUID
    position: int
    item: int
    client_id: UUID
    automation_id: UUID
    fence: int


class LeaseLost(Exception):
    """Somebody else does this now, or it need not be done any more: what was prepared must not be kept."""


def bound() -> None:
    """Let the database end this transaction if its worker is frozen in it: what it has locked is free again by the time
    that its lease is over. Called first in each transaction of the runner; it is sent with the beginning of it."""
    send_within(db.session.connection(), _BOUNDS, failing="a transaction of the runner can't be opened")


def claim_looks(most: int, *, after: UUID = NOBODY, share: int = 4) -> list[Claim]:
    """Claim runs to look at, up to so many, of the companies behind `after`, a few of each. The edge commits."""
    bound()
    return _claim(_CLAIM_LOOKS, most, after, share=share)


def claim_steps(most: int, *, after: UUID = NOBODY, share: int = 4, most_of_one: int = MOST_OF_ONE) -> list[Claim]:
    """The same for steps to be tried; of a company no more than `most_of_one` at a time, in all workers. They claim one
    after the other: each counts, in a statement that begins once they have committed, what those before it have."""
    bound()
    db.session.execute(_ONE_AT_A_TIME)
    return _claim(_CLAIM_STEPS, most, after, share=share, most_of_one=most_of_one)


def _claim(statement: TextClause, most: int, after: UUID, **limits: int) -> list[Claim]:
    values = {"most": most, "after": after, "companies": COMPANIES_A_CLAIM, "lease": LEASE, **limits}
    return [Claim(*row) for row in db.session.execute(statement, values)]


def wake(most: int = 1_000) -> int:
    """Make ready what is due, and what a worker that is gone has left; how much. The edge commits. A lease that ends
    later than any that begins now was given before the clock was set back."""
    bound()
    result: Any = db.session.execute(_WAKE, {"now": now(), "most": most, "lease": LEASE})
    return int(result.rowcount)


def renew(claims: Collection[Claim]) -> None:
    """Keep the leases. The edge commits."""
    bound()
    keys = [(claim.id, claim.fence) for claim in claims]
    mine = tuple_(Work.id, Work.fence).in_(keys)
    db.session.execute(update(Work).where(mine).values(lease_until=func.clock_timestamp() + LEASE))


def hand_in(claims: Sequence[Claim]) -> set[int]:
    """Delete the rows of these claims as part of their result; the ids of those that are still ours."""
    values = {"ids": [claim.id for claim in claims], "fences": [claim.fence for claim in claims]}
    return {row[0] for row in rows_of(db.session.connection(), _HAND_IN, values)}


def require_lease(claim: Claim) -> None:
    """Raises `LeaseLost`; else the lease can't be lost in this transaction, for callers hold the run."""
    query = select(Work.id).where(Work.id == claim.id, Work.fence == claim.fence).with_for_update()
    if db.session.scalar(query) is None:
        raise LeaseLost


def require(claim: Claim) -> None:
    """Hand in one claim. Raises `LeaseLost`."""
    if not hand_in([claim]):
        raise LeaseLost


def put_off(claim: Claim, until: datetime) -> None:
    """Have the same work done again later. Raises `LeaseLost`."""
    values = {"state": "later", "due_at": until, "lease_until": None}
    done: Any = db.session.execute(update(Work).where(Work.id == claim.id, Work.fence == claim.fence).values(values))
    if not done.rowcount:
        raise LeaseLost


def add(run: Run | Row[Any], position: int = ADVANCE, item: int = WHOLE, due_at: datetime | None = None) -> None:
    """Have something done for the run, now or when it is due."""
    add_for(run.id, run.client_id, run.automation_id, position=position, item=item, due_at=due_at)


def add_for(
    run_id: UUID, client_id: UUID, automation_id: UUID, *, position: int, item: int, due_at: datetime | None = None
) -> None:
    """The same for a run that isn't loaded."""
    values = {
        "run_id": run_id, "position": position, "item": item, "client_id": client_id, "automation_id": automation_id,
        "state": "ready" if due_at is None else "later", "due_at": due_at, "fence": 0,
    }  # fmt: skip
    db.session.execute(insert(Work).values(values))


def park(runs: Iterable[Run]) -> None:
    """Have the runs looked at once there is room for them (`limits.py`)."""
    values = [
        {
            "run_id": run.id, "position": ADVANCE, "item": WHOLE, "client_id": run.client_id,
            "automation_id": run.automation_id, "state": "later", "fence": 0,
        }
        for run in runs
    ]  # fmt: skip
    if values:
        db.session.execute(insert(Work), values)


def advance(run_id: UUID, client_id: UUID, automation_id: UUID) -> None:
    """Have somebody find out what comes next in the run. Whoever is at it already begins anew: they may have looked
    before this transaction's steps were over."""
    values = {
        "run_id": run_id, "position": ADVANCE, "item": WHOLE, "client_id": client_id,
        "automation_id": automation_id, "state": "ready", "fence": 0,
    }  # fmt: skip
    statement = insert(Work).values(values)
    again = {"state": "ready", "fence": Work.fence + 1, "lease_until": None, "due_at": None}
    db.session.execute(statement.on_conflict_do_update(index_elements=["run_id", "position", "item"], set_=again))


def ring() -> None:
    """Have workers look for work as soon as this transaction has committed."""
    ring_after_commit(BELL)


def forget(run_id: UUID) -> None:
    """Nothing is to be done for the run any more."""
    db.session.execute(delete(Work).where(Work.run_id == run_id))


def drop(run_id: UUID, position: int, item: int = WHOLE) -> None:
    """This need not be done any more."""
    db.session.execute(delete(Work).where(Work.run_id == run_id, Work.position == position, Work.item == item))
