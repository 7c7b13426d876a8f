"""Text search, audit of every change, and the versions that caches and counts rest on.

Audit entries are chained by hash: an entry's covers the one before it in its chain and all of its own columns, so that a
chain shows what was altered, deleted, moved or put in. A transaction takes a chain that no other holds, and makes one
where all are taken: writers never wait for each other.
"""

from alembic import op

revision = "20261122_1000"
down_revision = None
branch_labels = None
depends_on = None

# What checks and generated columns call is PL/pgSQL: a body in SQL is parsed and planned anew for each statement.
SEARCH = r"""
create extension if not exists unaccent with schema public;
create extension if not exists pg_trgm with schema public;

create text search configuration public.diglit (copy = pg_catalog.simple);
alter text search configuration public.diglit
    alter mapping for asciiword, asciihword, hword_asciipart, word, hword, hword_part, numword, numhword, hword_numpart
    with public.unaccent, pg_catalog.simple;

create function public.plain(value text) returns text
    language sql immutable strict parallel safe
    return lower(public.unaccent('public.unaccent'::regdictionary, value));
comment on function public.plain is 'Text as search and sorting see it: small letters, without accents.';

create function public.parts_of(value text) returns text
    language sql immutable strict parallel safe
    return translate(value, '-/.@:+%~&<_', '           ');
comment on function public.parts_of is
    'Text cut at signs: the parser would take "SKU-12/34" for a word, a number -12 and a file /34.';

create function public.words_of(value text) returns text
    language plpgsql immutable strict parallel safe as $$
begin
    if value !~ '[[:alnum:]][-/.&_''’+@#][-/.&_''’+@#[:alnum:]]|[[:alnum:]]#' then
        return public.parts_of(value);
    end if;
    return public.parts_of(value) || coalesce((
            select string_agg(' ' || word, '') from (
                select regexp_replace(m[1], '[^[:alnum:]]', '', 'g') as word
                  from regexp_matches(value, '([[:alnum:]]+(?:[-/.&_''’+@][[:alnum:]]+)+)', 'g') m
                union all
                select m[1] || case m[2] when '#' then 'sharp' else 'plusplus' end
                  from regexp_matches(value, '([[:alnum:]]+)(\+\+|#)', 'g') m) found
             where length(word) <= 60), '');
end $$;
comment on function public.words_of is
    'Text as search finds it: its parts; what signs part, as one word, too; and names that a sign makes, such as C++.';

create function public.text_of(items text[]) returns text
    language plpgsql immutable strict parallel safe as $$
begin
    return array_to_string(items, ' ');
end $$;

create function is_currency(code text) returns boolean
    language plpgsql immutable strict parallel safe as $$
begin
    return code in ('USD', 'EUR', 'GBP', 'CHF');
end $$;
comment on function is_currency is 'Whether the portal takes amounts in the currency; null for none.';

create table search_words (
    word text collate "C" primary key,
    constraint search_words_word_check check (length(word) between 3 and 40)
);
create index search_words_trigram_idx on search_words using gin (word gin_trgm_ops);
comment on table search_words is 'Every word of letters that any search vector has held; a misspelt query is put right by it.';
"""

AUDIT = r"""
-- Who changes what, whence and when: said once in a transaction (`core/audit.py`), as the text of such a row.
create type audit_context as (
    at timestamptz, change_id uuid, change_set_id uuid, actor_id uuid, actor_name text, acting_as_id uuid,
    acting_as_name text, via text, request_id text, action text);

create function audit_context() returns audit_context language plpgsql stable as $$
begin
    return nullif(current_setting('audit.context', true), '')::audit_context;
end $$;

create table audit_entries (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    change_id uuid not null,
    change_set_id uuid,
    actor_id uuid,
    actor_name text not null,
    via text not null,
    request_id text,
    acting_as_id uuid,
    acting_as_name text,
    action text not null,
    table_name text not null,
    record_id uuid not null,
    record_label text,
    parent_table text,
    parent_id uuid,
    client_id uuid,
    version bigint,
    before jsonb,
    after jsonb,
    chain bigint not null,
    position bigint not null,
    hash bytea not null,
    constraint audit_entries_chain_key unique (chain, position),
    constraint audit_entries_content_check check (before is not null or after is not null)
);
create index audit_entries_record_idx on audit_entries (table_name, record_id, id);
create index audit_entries_parent_idx on audit_entries (parent_id, id) where parent_id is not null;
create index audit_entries_change_idx on audit_entries (change_id, id);
create index audit_entries_change_set_idx on audit_entries (change_set_id, id) where change_set_id is not null;
create index audit_entries_single_idx on audit_entries (id) where change_set_id is null and version is not null;
create index audit_entries_actor_idx on audit_entries (actor_id, id);
create index audit_entries_acting_as_idx on audit_entries (acting_as_id, id) where acting_as_id is not null;
create index audit_entries_userless_idx on audit_entries (actor_name, id) where actor_id is null;
create index audit_entries_at_idx on audit_entries (at, id);
create index audit_entries_action_idx on audit_entries (action, id);
create index audit_entries_via_idx on audit_entries (via, id);
create index audit_entries_request_idx on audit_entries (request_id, id) where request_id is not null;
create index audit_entries_label_idx on audit_entries (lower(record_label) collate "C", id);

create table audit_chains (
    chain bigint generated always as identity primary key,
    length bigint not null,
    hash bytea not null,
    xid xid8 not null
) with (fillfactor = 50);
comment on table audit_chains is
    'Per chain of audit entries its length and the hash of the newest; as many as there were writers at once.';

create table audit_checkpoints (
    id uuid primary key,
    at timestamptz not null,
    entries bigint not null,
    heads jsonb not null,
    signature bytea not null
);
create index audit_checkpoints_at_idx on audit_checkpoints (at, id);
comment on table audit_checkpoints is 'The heads of all audit chains at a moment, signed by the application.';

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'What is in % is written once, and never changed or deleted.', replace(tg_table_name, '_', ' ')
        using errcode = 'DL409', constraint = tg_name;
end $$;

create procedure final_table(final regclass, counted boolean default true) language plpgsql as $$
begin
    execute format('create trigger %I before update or delete or truncate on %s for each statement '
                   'execute function refuse_change()', final || '_are_final', final);
    if counted then
        execute format('create trigger count_entries after insert on %s referencing new table as rows '
                       'for each statement execute function count_entries()', final);
    end if;
end $$;
comment on procedure final_table is
    'Make a table of entries final: rows are added, and counted in data_versions, and nobody changes or deletes them.';

call final_table('audit_entries', counted => false);
call final_table('audit_checkpoints', counted => false);

create table data_versions (
    slot bigint generated always as identity primary key,
    table_name text not null,
    version bigint not null,
    total bigint not null,
    live bigint not null,
    xid xid8 not null
) with (fillfactor = 50);
comment on table data_versions is
    'Per table of records, in as many slots as there were writers at once: sum(version) moves with every commit that '
    'changes the table, sum(total) is its number of rows, sum(live) that of the rows not archived.';

create function count_change(changed text, more bigint, more_live bigint) returns text language plpgsql as $$
declare
    -- Where this transaction's slot lies: found by its key, it would be the last of all versions that the transaction
    -- made of it. A savepoint that is rolled back takes both back.
    mark constant text := 'counted.' || changed;
    place tid := nullif(current_setting(mark, true), '')::tid;
begin
    if more = 0 and more_live = 0 and place is not null then
        perform from data_versions where ctid = place and table_name = changed and xid = pg_current_xact_id();
    elsif place is not null then
        update data_versions set total = total + more, live = live + more_live
         where ctid = place and table_name = changed and xid = pg_current_xact_id() returning ctid into place;
    end if;
    if place is null or not found then
        -- A slot that another transaction holds is passed over, so that writers never wait for each other here.
        update data_versions
           set version = version + 1, total = total + more, live = live + more_live, xid = pg_current_xact_id()
         where slot = (select slot from data_versions where table_name = changed order by slot limit 1
                          for update skip locked)
        returning ctid into place;
        if not found then
            insert into data_versions (table_name, version, total, live, xid)
            values (changed, 1, more, more_live, pg_current_xact_id()) returning ctid into place;
        end if;
    end if;
    return set_config(mark, place::text, true);
end $$;

-- `before` and `after` hold only what changed. The rest of an entry is the same for a whole statement.
create type audit_draft as (
    record_id uuid, record_label text, parent_id uuid, client_id uuid, version bigint, before jsonb, after jsonb);

create function append_entries(said audit_context, of_table text, of_parent text, drafts audit_draft[]) returns text
    language plpgsql as $$
declare
    head record;
    -- Where this transaction's chain lies: by its key, each look would pass all versions that it has made of it.
    held tid := nullif(current_setting('audit.chain', true), '')::tid;
    moment constant timestamptz := coalesce(said.at, clock_timestamp());
    microseconds constant bigint := extract(epoch from moment) * 1000000;
    kept audit_context;
    draft audit_draft;
    place bigint;
    newest bytea;
    numbers bigint[];
    hashes bytea[];
begin
    if said.change_id is null then
        -- Nobody gave the transaction one (plain SQL): the first entry makes it for all that follow.
        kept := audit_context();
        kept.change_id := gen_random_uuid();
        said.change_id := kept.change_id;
        perform set_config('audit.context', kept::text, true);
    end if;
    said.actor_name := coalesce(said.actor_name, session_user);
    said.via := coalesce(said.via, 'sql');
    if held is not null then
        select ctid, chain, length, hash into head from audit_chains where ctid = held and xid = pg_current_xact_id();
    end if;
    if held is null or not found then
        -- Held to the end of the transaction, so that the next one to take it finds it complete.
        select ctid, chain, length, hash into head from audit_chains order by chain limit 1 for update skip locked;
        if not found then
            insert into audit_chains (length, hash, xid)
            values (0, decode(repeat('00', 32), 'hex'), pg_current_xact_id())
            returning ctid, chain, length, hash into head;
        end if;
    end if;
    place := head.length;
    newest := head.hash;
    foreach draft in array drafts loop
        place := place + 1;
        numbers := numbers || nextval('audit_entries_id_seq');
        newest := sha256(newest || convert_to(
            row(head.chain, place, numbers[place - head.length], microseconds, said.change_id, said.change_set_id,
                said.actor_id, said.actor_name, said.via, said.request_id, said.acting_as_id, said.acting_as_name,
                said.action, of_table, draft.record_id, draft.record_label, of_parent, draft.parent_id,
                draft.client_id, draft.version, draft.before, draft.after)::text, 'UTF8'));
        hashes := hashes || newest;
    end loop;
    insert into audit_entries (
        id, at, change_id, change_set_id, actor_id, actor_name, via, request_id, acting_as_id, acting_as_name,
        action, table_name, record_id, record_label, parent_table, parent_id, client_id, version, before, after,
        chain, position, hash)
    overriding system value
    select number, moment, said.change_id, said.change_set_id, said.actor_id, said.actor_name, said.via,
           said.request_id, said.acting_as_id, said.acting_as_name, said.action, of_table, d.record_id, d.record_label,
           of_parent, d.parent_id, d.client_id, d.version, d.before, d.after, head.chain, head.length + d.place, d.hash
      from unnest(drafts, numbers, hashes) with ordinality
           d (record_id, record_label, parent_id, client_id, version, before, after, number, hash, place);
    update audit_chains set length = place, hash = newest, xid = pg_current_xact_id()
     where ctid = head.ctid returning ctid into held;
    return set_config('audit.chain', held::text, true);
end $$;

-- Runs once per statement, on its transition tables: `rows` (the new ones, or the deleted ones) and, on update, `old_rows`.
-- Arguments: table and column of the parent, where a row is part of another record, else ''; the column that says what the
-- record is called; then the columns to leave out. An entry's version is that of the record that a person opens: the row's
-- own, or its parent's. Rows as JSON are materialized: each use of one would make it anew. Times are written in UTC,
-- whatever the zone of the session, so that equal times are equal texts.
create function audit_changes() returns trigger language plpgsql
    set timezone = 'UTC' security definer set search_path = public, pg_temp as $$
declare
    parent_table constant text := nullif(tg_argv[0], '');
    parent_column constant text := nullif(tg_argv[1], '');
    label_column constant text := tg_argv[2];
    hidden constant text[] := array['search', 'version', 'updated_at'] || tg_argv[3:];
    said audit_context := audit_context();
    done text;
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
        with pairs as materialized (
            select n.id, to_jsonb(o) as was, to_jsonb(n) as r from rows n join old_rows o using (id))
        select array_agg(row(
                   id, r ->> label_column, (r ->> parent_column)::uuid,
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
        with whole as materialized (select x.id, to_jsonb(x) as r from rows x)
        select array_agg(row(
                   id, r ->> label_column, (r ->> parent_column)::uuid,
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
    if drafts is not null then
        said.action := coalesce(
            said.action, case tg_op when 'INSERT' then 'create' when 'DELETE' then 'delete' else 'update' end);
        done := append_entries(said, tg_table_name, parent_table, drafts);
    end if;
    done := count_change(tg_table_name, more, more_live);
    return null;
end $$;

-- What no row's change says: a sign-in, a refused one, a theft. Who and whence are the transaction's settings.
create function audit_event(about_table text, about uuid, label text, company uuid, details jsonb)
    returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare
    said audit_context := audit_context();
begin
    if current_setting('role') = 'diglit_tenant' and company <> coalesce(current_company_id(), gen_random_uuid()) then
        raise exception 'a tenant can''t write into another company''s record' using errcode = 'insufficient_privilege';
    end if;
    said.action := coalesce(said.action, 'event');
    perform append_entries(said, about_table, null,
                           array[row(about, label, null, company, null, null, details)::audit_draft]);
end $$;

create function count_entries() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    more constant bigint := (select count(*) from rows);
begin
    if more > 0 then
        perform count_change(tg_table_name, more, more);
    end if;
    return null;
end $$;

create function count_version() returns trigger language plpgsql as $$
begin
    new.version := old.version + 1;
    return new;
end $$;

-- Learn the words of new and changed rows, in one order, so that two writers cannot wait for each other in a circle.
create function learn_words() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into search_words (word)
    select w.word from (select distinct unnest(tsvector_to_array(n.search)) as word from new_rows n) w
     where w.word ~ '^[[:alpha:]]{3,40}$'
       and not exists (select from search_words s where s.word = w.word)
     order by w.word
    on conflict do nothing;
    return null;
end $$;

create procedure audit_table(audited regclass, parent text default '', parent_column text default '',
                             hidden text[] default '{}', label text default 'name', teaches boolean default false,
                             final boolean default false) language plpgsql as $$
declare
    arguments constant text :=
        (select string_agg(quote_literal(a), ', ') from unnest(array[parent, parent_column, label] || hidden) a);
    earlier text;
begin
    for earlier in select tgname from pg_trigger where tgrelid = audited and not tgisinternal and tgname in (
            'count_version', 'audit_insert', 'audit_update', 'audit_delete', 'learn_insert', 'learn_update') loop
        execute format('drop trigger %I on %s', earlier, audited);
    end loop;
    execute format('create trigger audit_insert after insert on %s referencing new table as rows '
                   'for each statement execute function audit_changes(%s)', audited, arguments);
    if final then
        call final_table(audited, counted => false);
    else
        execute format('create trigger count_version before update on %s for each row '
                       'execute function count_version()', audited);
        execute format('create trigger audit_update after update on %s referencing old table as old_rows new table as rows '
                       'for each statement execute function audit_changes(%s)', audited, arguments);
        execute format('create trigger audit_delete after delete on %s referencing old table as rows '
                       'for each statement execute function audit_changes(%s)', audited, arguments);
    end if;
    if teaches then
        execute format('create trigger learn_insert after insert on %s referencing new table as new_rows '
                       'for each statement execute function learn_words()', audited);
        execute format('create trigger learn_update after update on %s referencing new table as new_rows '
                       'for each statement execute function learn_words()', audited);
    end if;
end $$;
comment on procedure audit_table is
    'Put a table under audit and counting, or do so anew: which columns are left out (`hidden`), which one says what a '
    'record is called (`label`), whether a misspelt search is put right by its words (`teaches`), and whether its rows are '
    'only ever added (`final`).';

revoke execute on function audit_changes(), learn_words(), count_entries(), count_change(text, bigint, bigint),
    append_entries(audit_context, text, text, audit_draft[]), audit_event(text, uuid, text, uuid, jsonb) from public;
"""


def upgrade() -> None:
    op.execute(SEARCH)
    op.execute(AUDIT)


def downgrade() -> None:
    op.execute("""
        drop procedure audit_table;
        drop function learn_words();
        drop function count_version();
        drop function count_entries();
        drop function audit_event(text, uuid, text, uuid, jsonb);
        drop function audit_changes();
        drop function append_entries(audit_context, text, text, audit_draft[]);
        drop type audit_draft;
        drop function count_change(text, bigint, bigint);
        drop table data_versions;
        drop table audit_checkpoints;
        drop table audit_entries;
        drop table audit_chains;
        drop function audit_context();
        drop type audit_context;
        drop procedure final_table;
        drop function refuse_change();
        drop table search_words;
        drop function is_currency(text);
        drop function public.text_of(text[]);
        drop function public.words_of(text);
        drop function public.parts_of(text);
        drop function public.plain(text);
        drop text search configuration public.diglit;
        drop extension pg_trgm;
        drop extension unaccent;
    """)
