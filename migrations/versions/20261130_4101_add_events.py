"""Events: the outbox that they are published to, the events themselves, and how far their consumers are."""

from alembic import op

revision = "20261130_4101"
down_revision = "20261130_3001"
branch_labels = None
depends_on = None

CONTENT = """
    type text not null,
    at timestamptz not null default coalesce((audit_context()).at, clock_timestamp()),
    table_name text not null,
    record_id uuid not null,
    record_label text,
    parent_table text,
    parent_id uuid,
    client_id uuid,
    user_id uuid,
    actor_id uuid,
    actor_name text not null,
    acting_as_id uuid,
    acting_as_name text,
    change_id uuid not null,
    request_id text,
    data jsonb not null,
    sealed bytea,
"""

TABLES = f"""
    create table event_outbox (
        key bigint generated always as identity primary key,
        {CONTENT}
        constraint event_outbox_type_check check (type ~ '^[a-z_]{{2,40}}\\.[a-z_]{{2,40}}$'),
        constraint event_outbox_data_check check (jsonb_typeof(data) = 'object' and length(data::text) <= 65536),
        constraint event_outbox_parent_check check ((parent_table is null) = (parent_id is null))
    );
    comment on table event_outbox is
        'Events as they were published. sequence_events() moves committed ones to events; nothing stays here for long.';

    create table events (
        id bigint generated always as identity primary key,
        {CONTENT.rstrip().removesuffix(",")}
    );
    create index events_record_idx on events (table_name, record_id, id);
    create index events_parent_idx on events (parent_table, parent_id, id) where parent_id is not null;
    create index events_type_idx on events (type, id);
    create index events_client_idx on events (client_id, id) where client_id is not null;
    create index events_user_idx on events (user_id, id) where user_id is not null;
    create index events_at_idx on events (at);
    comment on table events is 'What happened, in the order in which it became visible. Only sequence_events() adds to it.';

    create table event_consumers (
        name text primary key,
        last_id bigint not null,
        moved_at timestamptz not null
    );
    create table event_deliveries (
        event_id bigint not null references events (id) on delete cascade,
        consumer text not null,
        state text not null,
        attempts bigint not null,
        at timestamptz not null,
        error text,
        primary key (event_id, consumer),
        constraint event_deliveries_state_check check (state in ('done', 'waiting', 'failed'))
    );
    create index event_deliveries_state_idx on event_deliveries (state, event_id) where state <> 'done';

    alter table notifications add column event_id bigint references events (id) on delete set null;
    create index notifications_event_id_idx on notifications (event_id) where event_id is not null;
    alter table outgoing_mails add column event_id bigint references events (id) on delete set null;
    create index outgoing_mails_event_id_idx on outgoing_mails (event_id) where event_id is not null;
"""

# An event is visible from the commit of the transaction that gave it its id. Each such transaction has all ids to itself,
# from before it takes the first until it is over: the lock is let go after the commit has become visible.
SEQUENCE = """
    create function sequence_events(most int) returns table (name text, many bigint) language plpgsql
        security definer set search_path = public, pg_temp as $$
    begin
        if not pg_try_advisory_xact_lock(hashtext('sequence_events')) then
            return;
        end if;
        return query
        with moved as (
            delete from event_outbox where key in (select key from event_outbox order by key limit most) returning *)
        , placed as (
            insert into events (type, at, table_name, record_id, record_label, parent_table, parent_id, client_id, user_id,
                                actor_id, actor_name, acting_as_id, acting_as_name, change_id, request_id, data, sealed)
            select type, at, table_name, record_id, record_label, parent_table, parent_id, client_id, user_id,
                   actor_id, actor_name, acting_as_id, acting_as_name, change_id, request_id, data, sealed
              from moved order by key
            returning type)
        select placed.type, count(*) from placed group by placed.type;
    end $$;
    comment on function sequence_events is
        'Give the next committed events of the outbox their ids; how many of each type. None while another one is at it.';
    revoke execute on function sequence_events from public;
    grant execute on function sequence_events to diglit_staff;
"""

# A tenant announces what happens in the own company, or what the tenant did elsewhere; only staff read the outbox. An
# event never changes: its secret goes, and half a year later all of it.
RIGHTS = """
    call enable_rls('event_outbox', 'false', rights => 'insert', staff_rights => 'select, insert',
                    written => 'client_id is null or client_id = (select current_company_id()) or actor_id = (select current_user_id())');
    call enable_rls('events', 'client_id = (select current_company_id()) or user_id = (select current_user_id())',
                    rights => 'select', staff_rights => 'select');
    grant update (sealed), delete on events to diglit_staff;
    drop policy staff on events;
    create policy staff on events for select to diglit_staff using (true);
    create policy blanks on events for update to diglit_staff using (true) with check (sealed is null);
    create policy forgets on events for delete to diglit_staff using (at < now() - interval '30 days');
    call enable_rls('event_consumers');
    call enable_rls('event_deliveries');
"""

DOWN = """
    alter table outgoing_mails drop column event_id;
    alter table notifications drop column event_id;
    drop function sequence_events(int);
    drop table event_deliveries;
    drop table event_consumers;
    drop table events;
    drop table event_outbox;
"""


def upgrade() -> None:
    for part in (TABLES, SEQUENCE, RIGHTS):
        op.execute(part)


def downgrade() -> None:
    op.execute(DOWN)
