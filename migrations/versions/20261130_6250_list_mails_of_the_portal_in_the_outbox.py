"""Attempts to send the portal's own mails stand in the outbox as well."""

from alembic import op

revision = "20261130_6250"
down_revision = "20261130_6161"
branch_labels = None
depends_on = None

UP = """
    alter table outgoing_messages
        alter column client_id drop not null,
        alter column automation_id drop not null,
        alter column run_id drop not null,
        alter column step_id drop not null,
        add column event text,
        add constraint outgoing_messages_source_check check (
            num_nulls(client_id, automation_id, run_id, step_id) = case when event is null then 0 else 4 end);
    create index outgoing_messages_portal_idx on outgoing_messages (id) where event is not null;
    create index outgoing_messages_portal_key_idx on outgoing_messages (key, id) where event is not null;
"""
DOWN = """
    delete from outgoing_messages where event is not null;
    drop index outgoing_messages_portal_idx, outgoing_messages_portal_key_idx;
    alter table outgoing_messages
        drop constraint outgoing_messages_source_check,
        drop column event,
        alter column client_id set not null,
        alter column automation_id set not null,
        alter column run_id set not null,
        alter column step_id set not null;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
