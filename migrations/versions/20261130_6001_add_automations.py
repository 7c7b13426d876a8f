"""Automations: definitions and their versions, secrets, runs, steps, attempts, and what is to be done."""

from alembic import op

from migrations.helpers import ENTRY, RECORD

revision = "20261130_6001"
down_revision = "20261130_5502"
branch_labels = None
depends_on = None

DEFINITIONS = f"""
    create table automations (
        id uuid primary key,{RECORD},
        archived_at timestamptz,
        client_id uuid not null constraint automations_client_id_fkey references clients (id) on delete restrict,
        owner_id uuid constraint automations_owner_id_fkey references users (id) on delete restrict,
        name text not null,
        description text not null,
        status text not null,
        version_number bigint not null,
        trigger_type text not null,
        event_type text,
        next_run_at timestamptz,
        listens_since timestamptz,
        token_hash bytea constraint automations_token_hash_key unique,
        token_sealed bytea,
        signing_secret_sealed bytea,
        previous_secret_sealed bytea,
        previous_secret_until timestamptz,
        minutes_saved numeric(8, 2),
        promised_hours numeric(10, 2),
        max_concurrent bigint,
        constraint automations_id_client_id_key unique (id, client_id),
        constraint automations_status_check check (status in ('active', 'paused')),
        constraint automations_trigger_type_check check (trigger_type in ('manual', 'schedule', 'webhook', 'event')),
        constraint automations_name_length_check check (length(name) between 1 and 120),
        constraint automations_description_length_check check (length(description) <= 2000),
        constraint automations_minutes_saved_check check (minutes_saved between 0 and 100000),
        constraint automations_max_concurrent_check check (max_concurrent between 1 and 100)
    );
    create index automations_client_id_idx on automations (client_id);
    create index automations_owner_id_idx on automations (owner_id);
    create index automations_due_idx on automations (next_run_at) where next_run_at is not null;
    create index automations_event_idx on automations (event_type, client_id) where event_type is not null;
    call audit_table('automations', hidden => array['token_hash', 'token_sealed', 'signing_secret_sealed',
                                                    'previous_secret_sealed', 'next_run_at', 'listens_since']);
    -- When it is due next is no change of what somebody may be editing.
    drop trigger count_version on automations;
    create trigger count_version before update of client_id, owner_id, archived_at, updated_at, name, description, status,
        version_number, trigger_type, minutes_saved, promised_hours, max_concurrent, token_sealed, signing_secret_sealed
        on automations for each row execute function count_version();
    -- A company's own words: the column comes after the triggers that would teach them to everybody's search.
    alter table automations add column search tsvector generated always as (
        setweight(to_tsvector('diglit', words_of(name)), 'A')
        || setweight(to_tsvector('diglit', words_of(description)), 'C')) stored;
    create index automations_search_idx on automations using gin (search) with (gin_pending_list_limit = 256);
    create index automations_names_search_idx on automations using gin (ts_filter(search, '{{a}}'))
        with (gin_pending_list_limit = 256);
    create index automations_created_idx on automations (created_at, id, archived_at);
    create index automations_updated_idx on automations (updated_at, id, archived_at);
    create index automations_name_idx on automations (plain(name) collate "C", id, archived_at);
    create index automations_status_idx on automations (status, created_at, id);
    call enable_rls('automations', 'company');

    create table automation_versions (
        id uuid primary key,{ENTRY},
        automation_id uuid not null,
        client_id uuid not null,
        number bigint not null,
        workflow jsonb not null,
        restored_from bigint,
        author_id uuid constraint automation_versions_author_id_fkey references users (id) on delete restrict,
        author_name text not null,
        constraint automation_versions_automation_id_number_key unique (automation_id, number),
        constraint automation_versions_workflow_size_check check (length(workflow::text) <= 300000)
    );
    create index automation_versions_client_id_idx on automation_versions (client_id);
    call part_of('automation_versions', 'automation_id', 'automations');
    call final_table('automation_versions');
    call enable_rls('automation_versions', 'company', rights => 'select, insert');

    create table automation_secrets (
        id uuid primary key,{RECORD},
        client_id uuid not null constraint automation_secrets_client_id_fkey references clients (id) on delete restrict,
        name text not null,
        value_sealed bytea not null,
        constraint automation_secrets_client_id_name_key unique (client_id, name),
        constraint automation_secrets_name_check check (name ~ '^[A-Za-z_][A-Za-z0-9_]{{0,62}}$')
    );
    create index automation_secrets_created_idx on automation_secrets (created_at, id);
    create index automation_secrets_updated_idx on automation_secrets (updated_at, id);
    create index automation_secrets_name_idx on automation_secrets (name, id);
    call audit_table('automation_secrets', hidden => array['value_sealed']);
    call enable_rls('automation_secrets', 'company');
"""

RUNS = """
    create table automation_runs (
        id uuid primary key,
        client_id uuid not null,
        automation_id uuid not null,
        version_number bigint not null,
        status text not null,
        trigger text not null,
        delivery text,
        dry_run boolean not null,
        depth bigint not null,
        parent_run_id uuid constraint automation_runs_parent_run_id_fkey references automation_runs (id) on delete set null,
        from_step text,
        called_by jsonb,
        input jsonb,
        output jsonb,
        error jsonb,
        fingerprint text,
        actor_id uuid constraint automation_runs_actor_id_fkey references users (id) on delete restrict,
        actor_name text not null,
        settled_as text,
        data_removed_at timestamptz,
        created_at timestamptz not null,
        started_at timestamptz,
        finished_at timestamptz,
        constraint automation_runs_id_client_id_key unique (id, client_id),
        constraint automation_runs_status_check
            check (status in ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled')),
        constraint automation_runs_finished_check
            check ((finished_at is not null) = (status in ('succeeded', 'failed', 'cancelled'))),
        constraint automation_runs_settled_as_check check (settled_as in ('retried', 'dismissed')),
        constraint automation_runs_depth_check check (depth between 0 and 5)
    );
    create unique index automation_runs_delivery_key on automation_runs (automation_id, delivery) where delivery is not null;
    create index automation_runs_of_automation_idx on automation_runs (automation_id, id);
    create index automation_runs_of_company_idx on automation_runs (client_id, id);
    create index automation_runs_failures_idx on automation_runs (client_id, fingerprint, id)
        where status = 'failed' and settled_as is null and not dry_run;
    create index automation_runs_data_idx on automation_runs (finished_at)
        where data_removed_at is null and finished_at is not null;
    create index automation_runs_parent_idx on automation_runs (parent_run_id) where parent_run_id is not null;
    create index automation_runs_open_idx on automation_runs (client_id, id) where finished_at is null;
    call part_of('automation_runs', 'automation_id', 'automations');
    call enable_rls('automation_runs', 'company');

    create table automation_steps (
        run_id uuid not null,
        position bigint not null,
        item bigint not null,
        client_id uuid not null,
        step_id text not null,
        type text not null,
        status text not null,
        attempts bigint not null,
        key uuid not null,
        input jsonb,
        output jsonb,
        would jsonb,
        error jsonb,
        notes jsonb,
        due_at timestamptz,
        started_at timestamptz,
        finished_at timestamptz,
        primary key (run_id, position, item),
        constraint automation_steps_run_id_client_id_fkey foreign key (run_id, client_id)
            references automation_runs (id, client_id) on update cascade on delete cascade,
        constraint automation_steps_status_check check (status in
            ('pending', 'queued', 'running', 'waiting', 'succeeded', 'failed', 'skipped', 'cancelled')),
        constraint automation_steps_counts_check check (attempts >= 0 and item >= -1 and position >= 0)
    );
    create index automation_steps_questions_idx on automation_steps (client_id, run_id)
        where type = 'approval' and status = 'waiting';
    call enable_rls('automation_steps', 'company');

    create table automation_attempts (
        run_id uuid not null,
        position bigint not null,
        item bigint not null,
        number bigint not null,
        client_id uuid not null,
        started_at timestamptz not null,
        finished_at timestamptz,
        error jsonb,
        primary key (run_id, position, item, number),
        constraint automation_attempts_run_id_client_id_fkey foreign key (run_id, client_id)
            references automation_runs (id, client_id) on update cascade on delete cascade
    );
    call enable_rls('automation_attempts', 'company');

    create table automation_months (
        automation_id uuid not null,
        month date not null,
        client_id uuid not null,
        runs bigint not null,
        succeeded bigint not null,
        failed bigint not null,
        cancelled bigint not null,
        minutes_saved numeric not null,
        seconds numeric not null,
        last_run_at timestamptz not null,
        primary key (automation_id, month)
    ) with (fillfactor = 70);
    call part_of('automation_months', 'automation_id', 'automations');
    call enable_rls('automation_months', 'company');

    create table automation_work (
        id bigint generated always as identity primary key,
        run_id uuid not null,
        position bigint not null,
        item bigint not null,
        client_id uuid not null,
        automation_id uuid not null,
        state text not null,
        due_at timestamptz,
        lease_until timestamptz,
        fence bigint not null,
        constraint automation_work_run_id_position_item_key unique (run_id, position, item),
        constraint automation_work_run_id_client_id_fkey foreign key (run_id, client_id)
            references automation_runs (id, client_id) on update cascade on delete cascade,
        constraint automation_work_state_check check (state in ('ready', 'leased', 'later'))
    ) with (fillfactor = 70);
    create index automation_work_looks_idx on automation_work (client_id, id) where state = 'ready' and position = -1;
    create index automation_work_steps_idx on automation_work (client_id, id) where state = 'ready' and position >= 0;
    create index automation_work_later_idx on automation_work (due_at) where state = 'later';
    create index automation_work_leased_idx on automation_work (lease_until) where state = 'leased';
    create index automation_work_parked_idx on automation_work (automation_id, id)
        where state = 'later' and due_at is null;
    create index automation_work_busy_idx on automation_work (client_id, automation_id) where state = 'leased';
    call enable_rls('automation_work', 'company');
"""

DOWN = """
    drop table automation_work;
    drop table automation_months;
    drop table automation_attempts;
    drop table automation_steps;
    drop table automation_runs;
    drop table automation_secrets;
    drop table automation_versions;
    drop table automations;
    delete from data_versions where table_name in ('automations', 'automation_versions', 'automation_secrets');
"""


def upgrade() -> None:
    op.execute(DEFINITIONS)
    op.execute(RUNS)


def downgrade() -> None:
    op.execute(DOWN)
