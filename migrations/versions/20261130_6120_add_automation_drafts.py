"""Workflows that somebody is making, before they are deployed."""

from alembic import op

revision = "20261130_6120"
down_revision = "20261130_6001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table automation_drafts (
            id uuid primary key,
            client_id uuid not null constraint automation_drafts_client_id_fkey references clients (id) on delete restrict,
            user_id uuid not null constraint automation_drafts_user_id_fkey references users (id) on delete restrict,
            automation_id uuid,
            base_number bigint,
            name text not null,
            workflow jsonb not null,
            earlier jsonb not null,
            example_input jsonb,
            minutes_saved numeric(8, 2),
            promised_hours numeric(10, 2),
            analysis_id uuid,
            created_at timestamptz not null,
            updated_at timestamptz not null,
            constraint automation_drafts_name_length_check check (length(name) between 1 and 120),
            constraint automation_drafts_size_check
                check (length(workflow::text) <= 600000 and length(earlier::text) <= 2500000),
            constraint automation_drafts_base_check check ((automation_id is null) = (base_number is null))
        );
        create index automation_drafts_user_id_idx on automation_drafts (user_id, updated_at);
        create index automation_drafts_client_id_idx on automation_drafts (client_id);
        create index automation_drafts_automation_id_idx on automation_drafts (automation_id);
        call part_of('automation_drafts', 'automation_id', 'automations');
        call enable_rls('automation_drafts', 'company');
    """)


def downgrade() -> None:
    op.execute("drop table automation_drafts")
