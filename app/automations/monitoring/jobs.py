"""What is done about runs beside running them: at night, what was kept long enough is removed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from flask import current_app

from app.automations.monitoring import failures, retention
from app.automations.monitoring.retention import Removed
from app.core.audit import current_actor
from app.core.clock import now
from app.extensions import db
from app.jobs.progress import report
from app.jobs.tasks import periodic, task

RETRY = "automations.retry_failures"


@task(RETRY, title="Run failed automations again", commits=True)
def retry_failures(*, client_id: str, fingerprint: str, last: str, version: str, total: int) -> None:
    """Run the failed runs of a group again, up to the `last` that was there when it was asked for, in batches."""
    after, done = UUID(int=0), 0
    while made := failures.retry_some(
        UUID(client_id), fingerprint, after=after, last=UUID(last), version=version, actor=current_actor()
    ):
        db.session.commit()
        after, done = made[-1][0], done + len(made)
        report(done, max(total, done), f"{done:,} runs started again")
    report(done, done, f"{done:,} runs started again")


@periodic(
    "20 2 * * *",
    name="automations.remove_old_data",
    title="Remove old data of automation runs",
    as_system="runs of all companies are kept equally long",
    commits=True,
)
def remove_old_data() -> None:
    """What the steps of runs took and gave, after `AUTOMATION_DATA_DAYS`."""
    before = now() - timedelta(days=current_app.config["SETTINGS"].automation_data_days)
    removed = Removed()
    _in_batches(retention.remove_data, before, removed, retention.count_with_data(before))
    done = f"Runs: {removed.runs:,}, steps: {removed.steps:,}, removed: {in_words(removed.bytes)}"
    report(removed.runs, removed.runs, done)


@periodic(
    "50 2 * * *",
    name="automations.delete_old_runs",
    title="Delete old automation runs",
    as_system="runs of all companies are kept equally long",
    commits=True,
)
def delete_old_runs() -> None:
    """Runs, after `AUTOMATION_RUN_DAYS`. The figures of their months stay."""
    before = now() - timedelta(days=current_app.config["SETTINGS"].automation_run_days)
    removed = Removed()
    _in_batches(retention.delete_runs, before, removed, retention.count_old(before))
    report(removed.runs, removed.runs, f"{removed.runs:,} runs deleted, with {removed.steps:,} steps")


def _in_batches(act: Callable[[datetime, Removed], int], before: datetime, removed: Removed, total: int) -> None:
    while act(before, removed):
        db.session.commit()
        report(removed.runs, max(total, removed.runs))
    db.session.commit()


def in_words(size: int) -> str:
    """`512 bytes`, `1.5 MB`."""
    for unit, factor in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if size >= factor:
            return f"{size / factor:,.1f} {unit}"
    return f"{size} bytes"
