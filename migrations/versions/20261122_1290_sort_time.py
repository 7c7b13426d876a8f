"""Indexes for the list of time, all of it and what waits for approval."""

from alembic import op

revision = "20261122_1290"
down_revision = "20261122_1270"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create index time_entries_worked_on_idx on time_entries (worked_on, id);
        create index time_entries_created_idx on time_entries (created_at, id);
        create index time_entries_waiting_idx on time_entries (worked_on, id) where status = 'submitted';
    """)


def downgrade() -> None:
    op.execute("drop index time_entries_waiting_idx, time_entries_created_idx, time_entries_worked_on_idx")
