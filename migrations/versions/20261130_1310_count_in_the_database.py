"""Counters that expire, for the rate limits of ways in: all machines count together."""

from alembic import op

revision = "20261130_1310"
down_revision = "20261130_1600"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create unlogged table counters (
            key bytea not null,
            expires_at timestamptz not null,
            count bigint not null,
            constraint counters_pkey primary key (key)
        ) with (fillfactor = 50);
        create index counters_expires_at_idx on counters (expires_at);

        call enable_rls('counters');
    """)


def downgrade() -> None:
    op.execute("drop table counters")
