"""Data tables: rows that workflows read and write."""

from alembic import op

from migrations.helpers import RECORD

revision = "20261130_6161"
down_revision = "20261130_6151"
branch_labels = None
depends_on = None

TABLES = f"""
    create table data_tables (
        id uuid primary key,{RECORD},
        archived_at timestamptz,
        client_id uuid not null constraint data_tables_client_id_fkey references clients (id) on delete restrict,
        name text not null,
        description text not null,
        columns jsonb not null,
        constraint data_tables_id_client_id_key unique (id, client_id),
        constraint data_tables_client_id_name_key unique (client_id, name),
        constraint data_tables_name_form_check check (name ~ '^[a-z][a-z0-9_-]{{0,59}}$'),
        constraint data_tables_description_length_check check (length(description) <= 2000)
    );
    create index data_tables_created_idx on data_tables (created_at, id);
    create index data_tables_updated_idx on data_tables (updated_at, id);
    create index data_tables_name_idx on data_tables (name, id);
    call audit_table('data_tables');
    call enable_rls('data_tables', 'company');

    create table data_rows (
        id uuid primary key,{RECORD},
        table_id uuid not null,
        client_id uuid not null,
        key text not null,
        values jsonb not null,
        constraint data_rows_table_id_key_key unique (table_id, key),
        constraint data_rows_key_length_check check (length(key) between 1 and 200),
        constraint data_rows_values_form_check check (jsonb_typeof(values) = 'object'),
        constraint data_rows_values_length_check check (octet_length(values::text) <= 65536)
    );
    create index data_rows_client_id_idx on data_rows (client_id);
    create index data_rows_created_idx on data_rows (table_id, created_at, id);
    create index data_rows_updated_idx on data_rows (table_id, updated_at, id);
    create index data_rows_values_idx on data_rows using gin (values jsonb_path_ops) with (gin_pending_list_limit = 256);
    create index data_rows_words_idx on data_rows
        using gin (jsonb_to_tsvector('diglit', values, '["string", "numeric"]')) with (gin_pending_list_limit = 256);
    call part_of('data_rows', 'table_id', 'data_tables');
    call audit_table('data_rows', label => 'key');
    call enable_rls('data_rows', 'company');
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute("""
        drop table data_rows;
        drop table data_tables;
        delete from data_versions where table_name in ('data_tables', 'data_rows');
    """)
