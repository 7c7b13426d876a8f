"""Indexes by which the audit page finds what records were called, and what came through which door. The news of changes
leaves out events, which change no record."""

from alembic import op

revision = "20261122_1170"
down_revision = "20261122_1180"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create index audit_entries_label_idx on audit_entries (lower(record_label) collate "C", id);
        create index audit_entries_via_idx on audit_entries (via, id);
        drop index audit_entries_single_idx;
        create index audit_entries_single_idx on audit_entries (id)
            where change_set_id is null and version is not null;
    """)


def downgrade() -> None:
    op.execute("""
        drop index audit_entries_single_idx;
        create index audit_entries_single_idx on audit_entries (id) where change_set_id is null;
        drop index audit_entries_via_idx;
        drop index audit_entries_label_idx;
    """)
