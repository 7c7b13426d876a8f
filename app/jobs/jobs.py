"""What is done by itself, whatever the domains do: the queue's upkeep, and the audit's checkpoints."""

from typing import cast

from flask import current_app
from sqlalchemy import text

from app.core.chain.checkpoints import signing_key, take_checkpoint
from app.extensions import db
from app.jobs.tasks import periodic
from config import Settings

BATCH = 5_000
PRUNE = text("""
    delete from procrastinate_jobs where id in (
        select job.id from procrastinate_jobs job
         where job.status not in ('todo', 'doing')
           and not exists (select from procrastinate_events event
                            where event.job_id = job.id and event.at > now() - interval '30 days')
         order by job.id limit :batch)
""")


@periodic("17 3 * * *", name="jobs.prune", as_system="the queue has no tenant", title="Delete old jobs", commits=True)
def prune_jobs() -> None:
    """Forget jobs that ended more than 30 days ago, in batches that hold no lock for long."""
    while db.session.connection().execute(PRUNE, {"batch": BATCH}).rowcount == BATCH:
        db.session.commit()


@periodic(
    "7 * * * *",
    name="audit.checkpoint",
    as_system="a checkpoint covers the audit of all",
    title="Sign an audit checkpoint",
    max_attempts=3,
)
def checkpoint_audit() -> None:
    """Sign how far the audit goes, every hour."""
    take_checkpoint(db.session, signing_key(cast("Settings", current_app.config["SETTINGS"]).secret_key))
