"""Idempotency keys: what a caller's key was used for, and the answer it had. Counters that expire, for rate limits."""

from alembic import op

revision = "20261122_1040"
down_revision = "20261122_1030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table idempotency_keys (
            scope text not null,
            key text not null,
            fingerprint bytea not null,
            status bigint,
            headers jsonb,
            body bytea,
            created_at timestamptz not null,
            primary key (scope, key),
            constraint idempotency_keys_key_length_check check (length(key) between 1 and 255)
        );
        create index idempotency_keys_created_at_idx on idempotency_keys (created_at);

        create unlogged table counters (
            key bytea not null,
            expires_at timestamptz not null,
            count bigint not null,
            constraint counters_pkey primary key (key)
        ) with (fillfactor = 50);
        create index counters_expires_at_idx on counters (expires_at);
    """)


def downgrade() -> None:
    op.execute("drop table counters, idempotency_keys")
