"""The queue's own upkeep."""

from sqlalchemy import text

from app.extensions import db
from app.jobs.tasks import periodic

BATCH = 5_000
PRUNE = text("""
    delete from procrastinate_jobs where id in (
        select job.id from procrastinate_jobs job
         where job.status not in ('todo', 'doing')
           and not exists (select from procrastinate_events event
                            where event.job_id = job.id and event.at > now() - interval '30 days')
         order by job.id limit :batch)
""")


@periodic("17 3 * * *", name="jobs.prune")
def prune_jobs() -> None:
    """Forget jobs that ended more than 30 days ago, in batches that hold no lock for long."""
    while db.session.connection().execute(PRUNE, {"batch": BATCH}).rowcount == BATCH:
        db.session.commit()
