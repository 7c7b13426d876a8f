"""Text search, audit of every change, and the versions that caches and counts rest on."""

from alembic import op

revision = "20261122_1000"
down_revision = None
branch_labels = None
depends_on = None

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

create function public.words_of(value text) returns text
    language sql immutable strict parallel safe
    return translate(value, '-/.@:+%~&<_', '           ');
comment on function public.words_of is
    'Text as search cuts it into words: the parser would take "SKU-12/34" for a word, a number -12 and a file /34.';

create function public.text_of(items text[]) returns text
    language sql immutable strict parallel safe
    return array_to_string(items, ' ');

create function is_currency(code text) returns boolean
    language sql immutable strict parallel safe
    return code in ('USD', 'EUR', 'GBP', 'CHF');
comment on function is_currency is 'Whether the portal takes amounts in the currency; null for none.';

create table search_words (
    word text collate "C" primary key,
    constraint search_words_word_check check (length(word) between 3 and 40)
);
create index search_words_trigram_idx on search_words using gin (word gin_trgm_ops);
comment on table search_words is 'Every word of letters that any search vector has held; a misspelt query is put right by it.';
"""

AUDIT = r"""
create function audit_setting(name text) returns text language sql stable
    return nullif(current_setting('audit.' || name, true), '');

-- Where nobody gave the transaction a change id (plain SQL), the first entry makes one for all that follow.
create function audit_change() returns uuid language plpgsql as $$
begin
    if audit_setting('change_id') is null then
        perform set_config('audit.change_id', gen_random_uuid()::text, true);
    end if;
    return audit_setting('change_id')::uuid;
end $$;

create table audit_entries (
    id bigint generated always as identity primary key,
    at timestamptz not null default coalesce(audit_setting('at')::timestamptz, clock_timestamp()),
    change_id uuid not null default audit_change(),
    change_set_id uuid default audit_setting('change_set_id')::uuid,
    actor_id uuid default audit_setting('actor_id')::uuid,
    actor_name text not null default coalesce(audit_setting('actor_name'), session_user),
    via text not null default coalesce(audit_setting('via'), 'sql'),
    request_id text default audit_setting('request_id'),
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
    constraint audit_entries_content_check check (before is not null or after is not null)
);
create index audit_entries_record_idx on audit_entries (table_name, record_id, id);
create index audit_entries_parent_idx on audit_entries (parent_id, id) where parent_id is not null;
create index audit_entries_change_idx on audit_entries (change_id, id);
create index audit_entries_change_set_idx on audit_entries (change_set_id, id) where change_set_id is not null;
create index audit_entries_single_idx on audit_entries (id) where change_set_id is null;
create index audit_entries_actor_idx on audit_entries (actor_id, id);
create index audit_entries_at_idx on audit_entries (at);

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

create function count_change(changed text, more bigint, more_live bigint) returns void language plpgsql as $$
declare
    -- Where this transaction's slot lies: found by its key, it would be the last of all versions that the transaction
    -- made of it. A savepoint that is rolled back takes both back.
    mark constant text := 'counted.' || changed;
    place tid := nullif(current_setting(mark, true), '')::tid;
begin
    if more = 0 and more_live = 0 then
        perform from data_versions where ctid = place and table_name = changed and xid = pg_current_xact_id();
    else
        update data_versions set total = total + more, live = live + more_live
         where ctid = place and table_name = changed and xid = pg_current_xact_id() returning ctid into place;
    end if;
    if not found then
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
    perform set_config(mark, place::text, true);
end $$;

-- Runs once per statement, on its transition tables: `rows` (the new ones, or the deleted ones) and, on update, `old_rows`.
-- Arguments: table and column of the parent, where a row is part of another record, else ''; then the columns to leave
-- out. An entry's version is that of the record that a person opens: the row's own, or its parent's.
-- Times are written in UTC, whatever the zone of the session, so that equal times are equal texts.
create function audit_changes() returns trigger language plpgsql set timezone = 'UTC' as $$
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
            insert into audit_entries (action, table_name, record_id, record_label, parent_table, parent_id, client_id,
                                       version, before, after)
            select verb, tg_table_name, id, coalesce(r ->> 'name', r ->> 'username'), parent_table,
                   (r ->> parent_column)::uuid,
                   case when tg_table_name = 'clients' then id else (r ->> 'client_id')::uuid end,
                   case when parent_table is null then r -> 'version' else parent_versions -> (r ->> parent_column) end::bigint,
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
            insert into audit_entries (action, table_name, record_id, record_label, parent_table, parent_id, client_id,
                                       version, before, after)
            select verb, tg_table_name, id, coalesce(r ->> 'name', r ->> 'username'), parent_table,
                   (r ->> parent_column)::uuid,
                   case when tg_table_name = 'clients' then id else (r ->> 'client_id')::uuid end,
                   case when parent_table is null then r -> 'version' else parent_versions -> (r ->> parent_column) end::bigint,
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
create function learn_words() returns trigger language plpgsql as $$
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
                            hidden text[] default '{}') language plpgsql as $$
declare
    arguments constant text := (select string_agg(quote_literal(a), ', ') from unnest(array[parent, parent_column] || hidden) a);
begin
    execute format('create trigger count_version before update on %s for each row '
                   'execute function count_version()', audited);
    execute format('create trigger audit_insert after insert on %s referencing new table as rows '
                   'for each statement execute function audit_changes(%s)', audited, arguments);
    execute format('create trigger audit_update after update on %s referencing old table as old_rows new table as rows '
                   'for each statement execute function audit_changes(%s)', audited, arguments);
    execute format('create trigger audit_delete after delete on %s referencing old table as rows '
                   'for each statement execute function audit_changes(%s)', audited, arguments);
    if exists (select from pg_attribute where attrelid = audited and attname = 'search' and not attisdropped) then
        execute format('create trigger learn_insert after insert on %s referencing new table as new_rows '
                       'for each statement execute function learn_words()', audited);
        execute format('create trigger learn_update after update on %s referencing new table as new_rows '
                       'for each statement execute function learn_words()', audited);
    end if;
end $$;
comment on procedure audit_table is 'Put a table of records under audit, version counting and word learning.';
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
        drop function audit_changes();
        drop function count_change(text, bigint, bigint);
        drop table data_versions;
        drop table audit_entries;
        drop function audit_change();
        drop function audit_setting(text);
        drop procedure final_table;
        drop function refuse_change();
        drop table search_words;
        drop function is_currency(text);
        drop function public.text_of(text[]);
        drop function public.words_of(text);
        drop function public.plain(text);
        drop text search configuration public.diglit;
        drop extension pg_trgm;
        drop extension unaccent;
    """)
