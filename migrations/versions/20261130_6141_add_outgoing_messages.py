"""The outbox of automations, and what they spend on language models."""

from alembic import op

revision = "20261130_6141"
down_revision = "20261130_6120"
branch_labels = None
depends_on = None

UP = """
    create table outgoing_messages (
        id uuid primary key,
        client_id uuid not null,
        automation_id uuid not null,
        run_id uuid not null,
        step_id text not null,
        item bigint not null,
        attempt bigint not null,
        key uuid not null,
        channel text not null,
        provider text not null,
        recipient text not null,
        summary text not null,
        status text not null,
        answer text not null,
        duration_ms bigint,
        created_at timestamptz not null,
        finished_at timestamptz,
        constraint outgoing_messages_run_id_client_id_fkey foreign key (run_id, client_id)
            references automation_runs (id, client_id) on update cascade on delete cascade,
        constraint outgoing_messages_channel_check
            check (channel in ('http', 'email', 'sms', 'chat', 'language_model')),
        constraint outgoing_messages_status_check check (status in ('sending', 'sent', 'failed', 'unknown')),
        constraint outgoing_messages_lengths_check
            check (length(recipient) <= 500 and length(summary) <= 500 and length(answer) <= 500)
    );
    create index outgoing_messages_client_id_idx on outgoing_messages (client_id, id);
    create index outgoing_messages_run_id_idx on outgoing_messages (run_id, id);
    create index outgoing_messages_trouble_idx on outgoing_messages (status, id) where status <> 'sent';
    call enable_rls('outgoing_messages', 'company', rights => 'select');

    create table model_spendings (
        client_id uuid not null,
        month date not null,
        spent numeric(14, 6) not null,
        tokens bigint not null,
        calls bigint not null,
        primary key (client_id, month),
        constraint model_spendings_counts_check check (spent >= 0 and tokens >= 0 and calls >= 0)
    );
    call enable_rls('model_spendings', 'company', rights => 'select');
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("drop table model_spendings; drop table outgoing_messages;")
