"""Change sets: imports, bulk changes and undos, previewed and applied as one; what was chosen for files of a kind."""

from alembic import op

revision = "20261122_1050"
down_revision = "20261122_1040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table change_sets (
            id uuid primary key,
            kind text not null,
            state text not null,
            resource_key text,
            title text not null,
            params jsonb not null default '{}',
            source bytea,
            actor_id uuid,
            actor_name text not null,
            request_id text,
            created_at timestamptz not null,
            started_at timestamptz,
            applied_at timestamptz,
            job_id bigint,
            rows_new bigint not null default 0,
            rows_changed bigint not null default 0,
            rows_unchanged bigint not null default 0,
            rows_wrong bigint not null default 0,
            rows_conflict bigint not null default 0,
            rows_total bigint not null default 0,
            rows_done bigint not null default 0,
            error text,
            undoes_change_id uuid,
            undoes_record_id uuid,
            undoes_set_id uuid references change_sets (id) on delete restrict,
            undone_at timestamptz,
            undone_by text,
            constraint change_sets_kind_check check (kind in ('import', 'bulk', 'undo')),
            constraint change_sets_state_check check (state in (
                'preparing', 'asking', 'previewed', 'queued', 'running', 'applied', 'failed', 'discarded', 'undone')),
            constraint change_sets_undoes_something_check
                check ((kind = 'undo') = (num_nonnulls(undoes_change_id, undoes_set_id) = 1)),
            constraint change_sets_undone_at_check check ((state = 'undone') = (undone_at is not null))
        );
        create index change_sets_created_idx on change_sets (created_at, id);
        create index change_sets_kind_idx on change_sets (kind, created_at, id);
        create index change_sets_state_idx on change_sets (state, created_at, id);
        create index change_sets_undone_set_idx on change_sets (undoes_set_id, created_at) where undoes_set_id is not null;
        create unique index change_sets_undoes_change_idx on change_sets (undoes_change_id, undoes_record_id)
            nulls not distinct where state = 'applied' and undoes_change_id is not null;
        create unique index change_sets_undoes_set_idx on change_sets (undoes_set_id)
            where state = 'applied' and undoes_set_id is not null;

        create table change_rows (
            change_set_id uuid not null references change_sets (id) on delete cascade,
            number bigint not null,
            kind text not null,
            table_name text,
            record_id uuid,
            base_version bigint,
            label text not null default '',
            cells jsonb not null default '{}',
            before jsonb not null default '{}',
            after jsonb not null default '{}',
            problems jsonb not null default '[]',
            constraint change_rows_pkey primary key (change_set_id, number),
            constraint change_rows_kind_check check (kind in ('new', 'changed', 'unchanged', 'wrong', 'conflict'))
        );
        create index change_rows_kind_idx on change_rows (change_set_id, kind, number);

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
    """)


def downgrade() -> None:
    op.execute("drop table column_choices, change_parts, change_rows, change_sets")
