"""Analyses of processes, and the files of event logs as long as they wait to be read."""

from alembic import op

from migrations.helpers import ENTRY, RECORD

revision = "20261130_6151"
down_revision = "20261130_6142"
branch_labels = None
depends_on = None

UP = f"""
    create table event_log_files (
        id uuid primary key,{ENTRY},
        client_id uuid constraint event_log_files_client_id_fkey references clients (id) on delete cascade,
        name text not null,
        size bigint not null,
        constraint event_log_files_name_length_check check (length(name) <= 255)
    );
    create index event_log_files_client_id_idx on event_log_files (client_id);
    create index event_log_files_created_at_idx on event_log_files (created_at);
    call enable_rls('event_log_files', 'company');

    create table event_log_parts (
        id uuid primary key,
        file_id uuid not null constraint event_log_parts_file_id_fkey references event_log_files (id) on delete cascade,
        number bigint not null,
        client_id uuid constraint event_log_parts_client_id_fkey references clients (id) on delete cascade,
        content bytea not null,
        constraint event_log_parts_file_id_number_key unique (file_id, number)
    );
    create index event_log_parts_client_id_idx on event_log_parts (client_id);
    alter table event_log_parts alter column content set storage external;
    call enable_rls('event_log_parts', 'company');

    create table process_analyses (
        id uuid primary key,{RECORD},
        archived_at timestamptz,
        client_id uuid constraint process_analyses_client_id_fkey references clients (id) on delete restrict,
        author_id uuid constraint process_analyses_author_id_fkey references users (id) on delete restrict,
        process text not null,
        source text not null,
        method text not null,
        state text not null,
        currency text not null,
        score bigint,
        hours_saved_per_month numeric(14, 2),
        annual_saving numeric(18, 2),
        payback_months numeric(14, 1),
        input jsonb not null,
        result jsonb,
        error text not null,
        file_id uuid constraint process_analyses_file_id_fkey references event_log_files (id) on delete set null,
        job_id bigint,
        constraint process_analyses_process_length_check check (length(process) between 1 and 160),
        constraint process_analyses_source_check check (source in ('steps', 'description', 'event_log')),
        constraint process_analyses_method_check check (method in ('rules', 'model')),
        constraint process_analyses_state_check check (state in ('reading', 'ready', 'failed')),
        constraint process_analyses_result_check check ((state = 'ready') = (result is not null)),
        constraint process_analyses_score_check check (score between 0 and 100),
        constraint process_analyses_currency_known_check check (is_currency(currency))
    );
    create index process_analyses_client_id_created_at_id_idx on process_analyses (client_id, created_at, id);
    create index process_analyses_created_at_id_idx on process_analyses (created_at, id);
    create index process_analyses_author_id_idx on process_analyses (author_id);
    create index process_analyses_file_id_idx on process_analyses (file_id);
    call audit_table('process_analyses', label => 'process', hidden => array['input', 'result', 'file_id', 'job_id']);
    call enable_rls('process_analyses', 'company');

    alter table automations add column analysis_id uuid
        constraint automations_analysis_id_fkey references process_analyses (id) on delete set null;
    create index automations_analysis_id_idx on automations (analysis_id);
"""

DOWN = """
    alter table automations drop column analysis_id;
    drop table process_analyses;
    drop table event_log_parts;
    drop table event_log_files;
    delete from data_versions where table_name in ('process_analyses', 'event_log_files', 'event_log_parts');
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
