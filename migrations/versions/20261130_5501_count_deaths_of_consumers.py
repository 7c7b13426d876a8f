"""Events: how often a consumer began its next batch, and indexes for those who know a record by its id alone."""

from alembic import op

revision = "20261130_5501"
down_revision = "20261130_4101"
branch_labels = None
depends_on = None

UP = """
    alter table event_consumers add column attempts bigint not null default 0;

    drop index events_record_idx, events_parent_idx;
    create index events_record_idx on events (record_id, id);
    create index events_parent_idx on events (parent_id, id) where parent_id is not null;
"""

DOWN = """
    drop index events_record_idx, events_parent_idx;
    create index events_record_idx on events (table_name, record_id, id);
    create index events_parent_idx on events (parent_table, parent_id, id) where parent_id is not null;

    alter table event_consumers drop column attempts;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
