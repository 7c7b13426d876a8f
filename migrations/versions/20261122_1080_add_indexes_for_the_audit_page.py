"""Indexes for the search of the audit page by time, action and request."""

from alembic import op

revision = "20261122_1080"
down_revision = "20261122_1060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        drop index audit_entries_at_idx;
        create index audit_entries_at_idx on audit_entries (at, id);
        create index audit_entries_action_idx on audit_entries (action, id);
        create index audit_entries_userless_idx on audit_entries (actor_name, id) where actor_id is null;
        create index audit_entries_request_idx on audit_entries (request_id, id) where request_id is not null;
    """)


def downgrade() -> None:
    op.execute("""
        drop index audit_entries_request_idx;
        drop index audit_entries_userless_idx;
        drop index audit_entries_action_idx;
        drop index audit_entries_at_idx;
        create index audit_entries_at_idx on audit_entries (at);
    """)
