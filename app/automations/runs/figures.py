"""What runs come to, per automation and month, counted in the transaction in which each ends.

A run counts in the month (UTC) in which it ended. Rehearsals count nowhere. What a run saves is what its automation
says at that moment: a later change of `minutes_saved` doesn't change what was counted.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.automations.models import Run
from app.extensions import db

_COUNT = text("""
    insert into automation_months as counted (automation_id, month, client_id, runs, succeeded, failed, cancelled,
                                              minutes_saved, seconds, last_run_at)
    select automation.id, given.month, automation.client_id, given.succeeded + given.failed + given.cancelled,
           given.succeeded, given.failed, given.cancelled, given.succeeded * coalesce(automation.minutes_saved, 0),
           given.seconds, given.last_run_at
      from unnest(cast(:automations as uuid[]), cast(:months as date[]), cast(:succeeded as bigint[]),
                  cast(:failed as bigint[]), cast(:cancelled as bigint[]), cast(:seconds as numeric[]),
                  cast(:last as timestamptz[]))
           as given (automation_id, month, succeeded, failed, cancelled, seconds, last_run_at)
      join automations automation on automation.id = given.automation_id
     order by automation.id, given.month
    on conflict (automation_id, month) do update
       set runs = counted.runs + excluded.runs, succeeded = counted.succeeded + excluded.succeeded,
           failed = counted.failed + excluded.failed, cancelled = counted.cancelled + excluded.cancelled,
           minutes_saved = counted.minutes_saved + excluded.minutes_saved,
           seconds = counted.seconds + excluded.seconds,
           last_run_at = greatest(counted.last_run_at, excluded.last_run_at)
""")


def count_ends(ends: Iterable[tuple[Run, str, datetime]]) -> None:
    """Count runs that have ended: each with its state and when. Called last in a transaction, for these rows are
    shared by all runs of an automation, and in an order of their own, so that nobody waits in a circle."""
    sums: dict[tuple[UUID, Any], dict[str, Any]] = defaultdict(lambda: defaultdict(int))
    for run, status, at in ends:
        if run.dry_run:
            continue
        row = sums[run.automation_id, at.date().replace(day=1)]
        row[status] += 1
        row["seconds"] += (at - (run.started_at or at)).total_seconds()
        row["last"] = max(row["last"] or at, at)
    if not sums:
        return
    values: dict[str, Any] = {
        "automations": [automation_id for automation_id, _ in sums], "months": [month for _, month in sums],
    }  # fmt: skip
    for name in ("succeeded", "failed", "cancelled", "seconds", "last"):
        values[name] = [row[name] for row in sums.values()]
    db.session.execute(_COUNT, values)
