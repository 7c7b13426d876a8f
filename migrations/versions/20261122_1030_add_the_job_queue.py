"""The job queue: the tables of procrastinate, and what a job reports of itself.

The package ships its schema as a series of steps that never change once released. This revision applies those up to
`LAST`; when an upgrade of the package brings more, a later revision applies the ones that follow.
"""

from importlib.resources import files

from alembic import op

revision = "20261122_1030"
down_revision = "20261122_1020"
branch_labels = None
depends_on = None

LAST = "03.04.00_50_post_add_retry_failed_job_procedure.sql"

REPORTS = """
    create table job_reports (
        job_id bigint primary key references procrastinate_jobs (id) on delete cascade,
        done bigint,
        total bigint,
        note text,
        reported_at timestamptz,
        error text,
        failed_at timestamptz,
        constraint job_reports_progress_check check (done >= 0 and total >= 0)
    );
    comment on table job_reports is 'What a job says of itself while it runs, and how its last failed attempt ended.';

    -- For the page of jobs, which lists the newest of a state or a task.
    create index procrastinate_jobs_status_id_idx on procrastinate_jobs (status, id desc);
    create index procrastinate_jobs_task_name_id_idx on procrastinate_jobs (task_name, id desc);
"""

DROP = """
    do $$
    declare
        name text;
    begin
        for name in select oid::regprocedure::text from pg_proc
                     where proname like 'procrastinate%' and pronamespace = current_schema()::regnamespace loop
            execute 'drop function if exists ' || name || ' cascade';
        end loop;
    end $$;
    drop table if exists job_reports;
    drop table if exists procrastinate_events;
    drop table if exists procrastinate_periodic_defers;
    drop table if exists procrastinate_jobs;
    drop table if exists procrastinate_workers;
    drop type if exists procrastinate_job_to_defer_v1;
    drop type if exists procrastinate_job_event_type;
    drop type if exists procrastinate_job_status;
"""


def upgrade() -> None:
    op.execute(DROP)  # what an upgrade that broke off between two steps has left; nothing can be in it yet
    steps = files("procrastinate.sql") / "migrations"
    for step in sorted(s.name for s in steps.iterdir() if s.name.endswith(".sql")):
        if step <= LAST:
            # Each is committed by itself: before PostgreSQL 17, a value that is added to an enum can't be used in the
            # same transaction.
            with op.get_context().autocommit_block():
                # Straight through the driver, which alone takes many statements with colons and per cent signs.
                op.get_bind().connection.driver_connection.execute((steps / step).read_text(encoding="utf-8"))
    op.execute(REPORTS)


def downgrade() -> None:
    op.execute(DROP)
