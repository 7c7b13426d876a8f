"""How PostgreSQL tends the tables of runs, and an index less for each renewal of a lease.

Whoever looks for leases that have run out finds them among the few that are leased at all, so the time of a lease
stands in no index: renewing one touches the row alone.
"""

from alembic import op

revision = "20261130_6256"
down_revision = "20261130_6255"
branch_labels = None
depends_on = None

UP = """
    drop index automation_work_leased_idx;

    -- Every row is deleted within moments, whatever the table's size: a number of them and no share says when it is time.
    alter table automation_work set (
        autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0,
        autovacuum_vacuum_insert_threshold = -1
    );
    -- Of a table of millions the usual fifth is a day's runs; these come and go by nights.
    alter table automation_runs set (
        autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02
    );
    alter table automation_steps set (
        autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02
    );
    alter table automation_attempts set (
        autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02
    );
"""

_OF_WORK = (
    "autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay,"
    " autovacuum_vacuum_insert_threshold"
)
_OF_RUNS = (
    "autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_insert_scale_factor,"
    " autovacuum_analyze_scale_factor"
)
DOWN = f"""
    alter table automation_attempts reset ({_OF_RUNS});
    alter table automation_steps reset ({_OF_RUNS});
    alter table automation_runs reset ({_OF_RUNS});
    alter table automation_work reset ({_OF_WORK});
    create index automation_work_leased_idx on automation_work (lease_until) where state = 'leased';
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
