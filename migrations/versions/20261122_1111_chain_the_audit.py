"""Audit entries chained by hash, and signed checkpoints of all chains.

An entry's hash covers the one before it in its chain and all of its own columns; so a chain shows what was altered,
deleted, moved or put in. A transaction takes a chain that no other holds, and makes one where all are taken: writers
never wait for each other.
"""

from alembic import op

revision = "20261122_1111"
down_revision = "20261122_1130"
branch_labels = None
depends_on = None

CHAINS = r"""
    create table audit_chains (
        chain bigint generated always as identity primary key,
        length bigint not null,
        hash bytea not null,
        xid xid8 not null
    ) with (fillfactor = 50);
    comment on table audit_chains is
        'Per chain of audit entries its length and the hash of the newest; as many as there were writers at once.';

    create function chain_step(previous bytea, entry text, start bytea) returns bytea
        language sql immutable parallel safe
        return sha256(coalesce(previous, start) || convert_to(entry, 'UTF8'));
    create aggregate chain_hash(entry text, start bytea) (sfunc = chain_step, stype = bytea, parallel = safe);
    comment on aggregate chain_hash(text, bytea) is
        'As a window function: the hash of each entry, over the hash before it and its own text.';

    alter table audit_entries add column chain bigint, add column position bigint, add column hash bytea;
"""

# What was written before is one chain, in the order of its ids.
EARLIER = r"""
    alter table audit_entries disable trigger audit_entries_are_final;
    insert into audit_chains (length, hash, xid)
        select 0, decode(repeat('00', 32), 'hex'), pg_current_xact_id() where exists (select from audit_entries);
    with placed as (
        select e.*, c.chain as into_chain, row_number() over (order by e.id) as place, c.hash as start
          from audit_entries e, audit_chains c)
    , hashed as (
        select id, into_chain, place, chain_hash(
                   row(into_chain, place, id, (extract(epoch from at) * 1000000)::bigint, change_id, change_set_id,
                       actor_id, actor_name, via, request_id, acting_as_id, acting_as_name, action, table_name,
                       record_id, record_label, parent_table, parent_id, client_id, version, before, after)::text,
                   start) over (order by place rows unbounded preceding) as hash
          from placed)
    update audit_entries e set chain = h.into_chain, position = h.place, hash = h.hash from hashed h where h.id = e.id;
    update audit_chains set (length, hash) = (select position, hash from audit_entries order by position desc limit 1);
    alter table audit_entries enable trigger audit_entries_are_final;
    alter table audit_entries alter column chain set not null, alter column position set not null,
        alter column hash set not null, add constraint audit_entries_chain_key unique (chain, position);
"""

# `before` and `after` hold only what changed. The rest of an entry is the same for a whole statement.
WRITING = r"""
    create type audit_draft as (
        record_id uuid, record_label text, parent_id uuid, client_id uuid, version bigint, before jsonb, after jsonb);

    create function append_entries(verb text, of_table text, of_parent text, drafts audit_draft[]) returns void
        language plpgsql as $$
    declare
        head record;
        -- Where this transaction's chain lies: by its key, each look would pass all versions that it has made of it.
        held tid := nullif(current_setting('audit.chain', true), '')::tid;
        moment constant timestamptz := coalesce(audit_setting('at')::timestamptz, clock_timestamp());
        change constant uuid := audit_change();
        change_set constant uuid := audit_setting('change_set_id');
        actor constant uuid := audit_setting('actor_id');
        actor_called constant text := coalesce(audit_setting('actor_name'), session_user);
        door constant text := coalesce(audit_setting('via'), 'sql');
        request constant text := audit_setting('request_id');
        seen_as constant uuid := audit_setting('acting_as_id');
        seen_as_called constant text := audit_setting('acting_as_name');
        microseconds constant bigint := extract(epoch from moment) * 1000000;
    begin
        if coalesce(cardinality(drafts), 0) = 0 then
            return;
        end if;
        select ctid, chain, length, hash into head from audit_chains where ctid = held and xid = pg_current_xact_id();
        if not found then
            -- Held to the end of the transaction, so that the next one to take it finds it complete.
            select ctid, chain, length, hash into head from audit_chains order by chain limit 1 for update skip locked;
        end if;
        if not found then
            insert into audit_chains (length, hash, xid)
            values (0, decode(repeat('00', 32), 'hex'), pg_current_xact_id()) returning ctid, chain, length, hash into head;
        end if;
        with numbered as (
            select nextval('audit_entries_id_seq') as id, head.length + number as place, d.*
              from unnest(drafts) with ordinality
                   d (record_id, record_label, parent_id, client_id, version, before, after, number))
        , written as (
            insert into audit_entries (
                id, at, change_id, change_set_id, actor_id, actor_name, via, request_id, acting_as_id, acting_as_name,
                action, table_name, record_id, record_label, parent_table, parent_id, client_id, version, before, after,
                chain, position, hash)
            overriding system value
            select id, moment, change, change_set, actor, actor_called, door, request, seen_as, seen_as_called,
                   verb, of_table, record_id, record_label, of_parent, parent_id, client_id, version, before, after,
                   head.chain, place, chain_hash(
                       row(head.chain, place, id, microseconds, change, change_set, actor, actor_called, door, request,
                           seen_as, seen_as_called, verb, of_table, record_id, record_label, of_parent, parent_id,
                           client_id, version, before, after)::text,
                       head.hash) over (order by place rows unbounded preceding)
              from numbered
            returning position, hash)
        update audit_chains c
           set length = newest.position, hash = newest.hash, xid = pg_current_xact_id()
          from (select position, hash from written order by position desc limit 1) newest
         where c.ctid = head.ctid returning c.ctid into held;
        perform set_config('audit.chain', held::text, true);
    end $$;

    create or replace function audit_changes() returns trigger language plpgsql
        set timezone = 'UTC' security definer set search_path = public, pg_temp as $$
    declare
        parent_table constant text := nullif(tg_argv[0], '');
        parent_column constant text := nullif(tg_argv[1], '');
        hidden constant text[] := array['search', 'version', 'updated_at'] || tg_argv[2:];
        verb constant text := coalesce(audit_setting('action'),
                                       case tg_op when 'INSERT' then 'create' when 'DELETE' then 'delete' else 'update' end);
        parent_versions jsonb;
        drafts audit_draft[];
        more bigint := 0;
        more_live bigint := 0;
    begin
        if parent_table is not null then
            execute format('select jsonb_object_agg(id, version) from %I where id in (select %I from rows)',
                           parent_table, parent_column) into parent_versions;
        end if;

        if tg_op = 'UPDATE' then
            with pairs as (select n.id, to_jsonb(o) as was, to_jsonb(n) as r from rows n join old_rows o using (id))
            select array_agg(row(
                       id, coalesce(r ->> 'name', r ->> 'username'), (r ->> parent_column)::uuid,
                       case when tg_table_name = 'clients' then id else (r ->> 'client_id')::uuid end,
                       case when parent_table is null then r -> 'version'
                            else parent_versions -> (r ->> parent_column) end::bigint,
                       d.before, d.after)::audit_draft) filter (where d.after is not null),
                   coalesce(sum((was ->> 'archived_at' is not null)::int - (r ->> 'archived_at' is not null)::int), 0)
              into drafts, more_live
              from pairs
             cross join lateral (
                   select jsonb_object_agg(e.key, was -> e.key) as before, jsonb_object_agg(e.key, e.value) as after
                     from jsonb_each(r - hidden) e
                    where e.value is distinct from was -> e.key) d;
        else
            with whole as (select x.id, to_jsonb(x) as r from rows x)
            select array_agg(row(
                       id, coalesce(r ->> 'name', r ->> 'username'), (r ->> parent_column)::uuid,
                       case when tg_table_name = 'clients' then id else (r ->> 'client_id')::uuid end,
                       case when parent_table is null then r -> 'version'
                            else parent_versions -> (r ->> parent_column) end::bigint,
                       case when tg_op = 'DELETE' then r - hidden end,
                       case when tg_op = 'INSERT' then r - hidden end)::audit_draft),
                   count(*), count(*) filter (where r ->> 'archived_at' is null)
              into drafts, more, more_live
              from whole;
            if tg_op = 'DELETE' then
                more := -more;
                more_live := -more_live;
            end if;
        end if;
        perform append_entries(verb, tg_table_name, parent_table, drafts);
        perform count_change(tg_table_name, more, more_live);
        return null;
    end $$;

    create or replace function audit_event(about_table text, about uuid, label text, company uuid, details jsonb)
        returns void language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        if current_setting('role') = 'diglit_tenant' and company <> coalesce(current_company_id(), gen_random_uuid()) then
            raise exception 'a tenant can''t write into another company''s record' using errcode = 'insufficient_privilege';
        end if;
        perform append_entries(coalesce(audit_setting('action'), 'event'), about_table, null,
                               array[row(about, label, null, company, null, null, details)::audit_draft]);
    end $$;

    revoke execute on function append_entries(text, text, text, audit_draft[]) from public;
"""

CHECKPOINTS = """
    create table audit_checkpoints (
        id uuid primary key,
        at timestamptz not null,
        entries bigint not null,
        heads jsonb not null,
        signature bytea not null
    );
    create index audit_checkpoints_at_idx on audit_checkpoints (at, id);
    comment on table audit_checkpoints is 'The heads of all audit chains at a moment, signed by the application.';
    call final_table('audit_checkpoints', counted => false);
    call enable_rls('audit_chains', staff_rights => 'select');
    call enable_rls('audit_checkpoints', staff_rights => 'select, insert');
"""

BEFORE = r"""
    drop table audit_checkpoints;

    create or replace function audit_event(about_table text, about uuid, label text, company uuid, details jsonb)
        returns void language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        if current_setting('role') = 'diglit_tenant' and company <> coalesce(current_company_id(), gen_random_uuid()) then
            raise exception 'a tenant can''t write into another company''s record' using errcode = 'insufficient_privilege';
        end if;
        insert into audit_entries (action, table_name, record_id, record_label, client_id, after)
        values (coalesce(audit_setting('action'), 'event'), about_table, about, label, company, details);
    end $$;

    create or replace function audit_changes() returns trigger language plpgsql
        set timezone = 'UTC' security definer set search_path = public, pg_temp as $$
    declare
        parent_table constant text := nullif(tg_argv[0], '');
        parent_column constant text := nullif(tg_argv[1], '');
        hidden constant text[] := array['search', 'version', 'updated_at'] || tg_argv[2:];
        verb constant text := coalesce(audit_setting('action'),
                                       case tg_op when 'INSERT' then 'create' when 'DELETE' then 'delete' else 'update' end);
        parent_versions jsonb;
        more bigint := 0;
        more_live bigint := 0;
    begin
        if parent_table is not null then
            execute format('select jsonb_object_agg(id, version) from %I where id in (select %I from rows)',
                           parent_table, parent_column) into parent_versions;
        end if;

        if tg_op = 'UPDATE' then
            with pairs as (select n.id, to_jsonb(o) as was, to_jsonb(n) as r from rows n join old_rows o using (id))
            , written as (
                insert into audit_entries (action, table_name, record_id, record_label, parent_table, parent_id,
                                           client_id, version, before, after)
                select verb, tg_table_name, id, coalesce(r ->> 'name', r ->> 'username'), parent_table,
                       (r ->> parent_column)::uuid,
                       case when tg_table_name = 'clients' then id else (r ->> 'client_id')::uuid end,
                       case when parent_table is null then r -> 'version'
                            else parent_versions -> (r ->> parent_column) end::bigint,
                       d.before, d.after
                  from pairs
                 cross join lateral (
                       select jsonb_object_agg(e.key, was -> e.key) as before, jsonb_object_agg(e.key, e.value) as after
                         from jsonb_each(r - hidden) e
                        where e.value is distinct from was -> e.key) d
                 where d.after is not null)
            select 0, coalesce(sum((was ->> 'archived_at' is not null)::int - (r ->> 'archived_at' is not null)::int), 0)
              into more, more_live from pairs;
        else
            with whole as (select x.id, to_jsonb(x) as r from rows x)
            , written as (
                insert into audit_entries (action, table_name, record_id, record_label, parent_table, parent_id,
                                           client_id, version, before, after)
                select verb, tg_table_name, id, coalesce(r ->> 'name', r ->> 'username'), parent_table,
                       (r ->> parent_column)::uuid,
                       case when tg_table_name = 'clients' then id else (r ->> 'client_id')::uuid end,
                       case when parent_table is null then r -> 'version'
                            else parent_versions -> (r ->> parent_column) end::bigint,
                       case when tg_op = 'DELETE' then r - hidden end, case when tg_op = 'INSERT' then r - hidden end
                  from whole)
            select count(*), count(*) filter (where r ->> 'archived_at' is null) into more, more_live from whole;
            if tg_op = 'DELETE' then
                more := -more;
                more_live := -more_live;
            end if;
        end if;
        perform count_change(tg_table_name, more, more_live);
        return null;
    end $$;

    drop function append_entries(text, text, text, audit_draft[]);
    drop type audit_draft;
    alter table audit_entries drop column chain, drop column position, drop column hash;
    drop aggregate chain_hash(text, bytea);
    drop function chain_step(bytea, text, bytea);
    drop table audit_chains;
"""


def upgrade() -> None:
    for part in (CHAINS, EARLIER, WRITING, CHECKPOINTS):
        op.execute(part)


def downgrade() -> None:
    op.execute(BEFORE)
