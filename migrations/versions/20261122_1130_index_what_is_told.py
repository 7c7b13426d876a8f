"""Find what is old among notifications, and mails that could not be sent."""

from alembic import op

revision = "20261122_1130"
down_revision = "20261122_1120"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create index notifications_created_at_idx on notifications (created_at);
        create index outgoing_mails_failed_idx on outgoing_mails (created_at, id)
            where failed_at is not null and sent_at is null;
        create index outgoing_mails_waiting_idx on outgoing_mails (created_at, id)
            where failed_at is null and sent_at is null;
    """)


def downgrade() -> None:
    op.execute("""
        drop index outgoing_mails_waiting_idx;
        drop index outgoing_mails_failed_idx;
        drop index notifications_created_at_idx;
    """)
