"""Files of imports in parts, a state that asks how to read them, and what was chosen for files of a kind."""

from alembic import op

revision = "20261130_1210"
down_revision = "20261130_1500"
branch_labels = None
depends_on = None

STATES = "'previewed', 'queued', 'running', 'applied', 'failed', 'discarded', 'undone'"


def upgrade() -> None:
    op.execute(f"""
        alter table change_sets drop constraint change_sets_state_check;
        alter table change_sets add constraint change_sets_state_check
            check (state in ('preparing', 'asking', {STATES})) not valid;
        alter table change_sets validate constraint change_sets_state_check;

        create table change_parts (
            change_set_id uuid not null references change_sets (id) on delete cascade,
            number bigint not null,
            content bytea not null,
            constraint change_parts_pkey primary key (change_set_id, number)
        );
        alter table change_parts alter column content set storage external;

        create table column_choices (
            resource_key text not null,
            fingerprint text not null,
            chosen jsonb not null,
            updated_at timestamptz not null,
            constraint column_choices_pkey primary key (resource_key, fingerprint)
        );

        call enable_rls('change_parts');
        call enable_rls('column_choices');
    """)


def downgrade() -> None:
    op.execute(f"""
        drop table column_choices, change_parts;
        delete from change_sets where state = 'asking';
        alter table change_sets drop constraint change_sets_state_check;
        alter table change_sets add constraint change_sets_state_check check (state in ('preparing', {STATES}));
    """)
