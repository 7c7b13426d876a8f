"""How long runs are known: first what their steps took and gave is removed, later the runs themselves.

Both work in batches, the longest over first, so that no transaction is long; the edge commits each. Runs that aren't
over are never touched, however old they are.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text

from app.automations.models import Run
from app.core.clock import now
from app.core.ids import first_id_of
from app.extensions import db

BATCH = 500
"""Runs in a transaction."""
MOST_COUNTED = 1_000_000

_SIZE = " + ".join(f"coalesce(pg_column_size({part}), 0)" for part in ("input", "output", "would", "error", "notes"))
_REMOVE = text(f"""
    with due as materialized (
        select id from automation_runs
         where data_removed_at is null and finished_at < :before
         order by finished_at limit :most for update skip locked),
    held as materialized (
        select coalesce(sum({_SIZE}), 0) as bytes
          from automation_steps where run_id = any(array(select id from due))),
    run_held as materialized (
        select coalesce(sum(coalesce(pg_column_size(input), 0) + coalesce(pg_column_size(output), 0)
                            + coalesce(pg_column_size(error), 0)), 0) as bytes
          from automation_runs where id = any(array(select id from due))),
    steps as (
        update automation_steps set input = null, output = null, would = null, error = null, notes = null
         where run_id = any(array(select id from due))
           and num_nonnulls(input, output, would, error, notes) > 0
        returning 1),
    attempts as (
        update automation_attempts set error = null
         where run_id = any(array(select id from due)) and error is not null
        returning 1),
    runs as (
        update automation_runs
           set input = null, output = null, data_removed_at = :now,
               error = case when error ? 'step' then jsonb_build_object('step', error -> 'step') end
         where id = any(array(select id from due))
        returning 1)
    select (select count(*) from runs), (select count(*) from steps), (select count(*) from attempts),
           (select bytes from held) + (select bytes from run_held)
""")  # noqa: S608
_DELETE = text("""
    with due as materialized (
        select id from automation_runs
         where id < :first_kept and finished_at < :before
         order by id limit :most for update skip locked),
    steps as materialized (
        select count(*) as number from automation_steps where run_id = any(array(select id from due))),
    gone as (delete from automation_runs where id = any(array(select id from due)) returning 1)
    select (select count(*) from gone), (select number from steps)
""")


@dataclass
class Removed:
    """What was removed so far."""

    runs: int = 0
    steps: int = 0
    attempts: int = 0
    bytes: int = 0

    def add(self, *numbers: int) -> None:
        for name, number in zip(("runs", "steps", "attempts", "bytes"), numbers, strict=False):
            setattr(self, name, getattr(self, name) + int(number))


def remove_data(before: datetime, so_far: Removed, most: int = BATCH) -> int:
    """Reduce some runs that ended before then to figures; how many. States, times and numbers of attempts stay."""
    found = db.session.execute(_REMOVE, {"before": before, "most": most, "now": now()}).one()
    so_far.add(*found)
    return int(found[0])


def delete_runs(before: datetime, so_far: Removed, most: int = BATCH) -> int:
    """Delete some runs that ended before then, with all that is below them; how many. What they came to stays in the
    figures of their months."""
    values = {"before": before, "most": most, "first_kept": first_id_of(before)}
    found = db.session.execute(_DELETE, values).one()
    so_far.add(*found)
    return int(found[0])


def count_with_data(before: datetime) -> int:
    """How many runs have data that is to be removed."""
    due = select(Run.id).where(Run.data_removed_at.is_(None), Run.finished_at < before).limit(MOST_COUNTED)
    return db.session.scalar(select(func.count()).select_from(due.subquery())) or 0


def count_old(before: datetime) -> int:
    """How many runs are to be deleted."""
    due = select(Run.id).where(Run.id < first_id_of(before), Run.finished_at < before).limit(MOST_COUNTED)
    return db.session.scalar(select(func.count()).select_from(due.subquery())) or 0
