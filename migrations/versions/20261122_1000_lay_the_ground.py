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

create function public.text_of(items text[]) returns text
    language sql immutable strict parallel safe
    return array_to_string(items, ' ');

create table search_words (
    word text collate "C" primary key,
    constraint search_words_word_check check (length(word) between 3 and 40)
);
create index search_words_trigram_idx on search_words using gin (word gin_trgm_ops);
comment on table search_words is 'Every word of letters that any search vector has held; a misspelt query is put right by it.';
"""

AUDIT = r"""
create table audit_entries (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    change_id uuid,
    change_set_id uuid,
    actor_id uuid,
    actor_name text not null,
    via text not null,
    request_id text,
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
create index audit_entries_change_idx on audit_entries (change_id);
create index audit_entries_actor_idx on audit_entries (actor_id, id);
create index audit_entries_at_idx on audit_entries (at);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is written once and never changed', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger audit_entries_are_final before update or delete or truncate on audit_entries
    for each statement execute function refuse_change();

create table data_versions (
    slot bigint generated always as identity primary key,
    table_name text not null,
    version bigint not null,
    total bigint not null,
    live bigint not null,
    xid xid8 not null
);
comment on table data_versions is
    'Per table of records, in as many slots as there were writers at once: sum(version) moves with every commit that '
    'changes the table, sum(total) is its number of rows, sum(live) that of the rows not archived.';

create function count_change(changed text, more bigint, more_live bigint) returns void language plpgsql as $$
begin
    -- A slot that another transaction holds is passed over, so that writers never wait for each other here.
    update data_versions
       set version = version + 1, total = total + more, live = live + more_live, xid = pg_current_xact_id()
     where slot = (select slot from data_versions
                    where table_name = changed
                    order by xid = pg_current_xact_id() desc, slot
                    limit 1 for update skip locked);
    if not found then
        insert into data_versions (table_name, version, total, live, xid)
        values (changed, 1, more, more_live, pg_current_xact_id());
    end if;
end $$;

create function audit_setting(name text) returns text language sql stable
    return nullif(current_setting('audit.' || name, true), '');

-- Arguments: the columns to leave out; `parent:TABLE:COLUMN` where a row is part of another record.
create function audit_changes() returns trigger language plpgsql as $$
declare
    hidden text[] := array['search', 'version', 'updated_at'];
    parent_table text;
    parent_column text;
    argument text;
    more bigint := 0;
    more_live bigint := 0;
begin
    foreach argument in array coalesce(tg_argv, '{}') loop
        if argument like 'parent:%' then
            parent_table := split_part(argument, ':', 2);
            parent_column := split_part(argument, ':', 3);
        else
            hidden := hidden || argument;
        end if;
    end loop;

    if tg_op = 'INSERT' then
        with rows as (select to_jsonb(n) as r from new_rows n)
        , written as (
            insert into audit_entries (at, change_id, change_set_id, actor_id, actor_name, via, request_id, action, table_name,
                                       record_id, record_label, parent_table, parent_id, client_id, version, before, after)
            select coalesce(audit_setting('at')::timestamptz, clock_timestamp()),
                   audit_setting('change_id')::uuid, audit_setting('change_set_id')::uuid,
                   audit_setting('actor_id')::uuid, coalesce(audit_setting('actor_name'), session_user),
                   coalesce(audit_setting('via'), 'sql'), audit_setting('request_id'),
                   coalesce(audit_setting('action'), 'create'), tg_table_name,
                   (r ->> 'id')::uuid, coalesce(r ->> 'name', r ->> 'username'),
                   parent_table, (r ->> parent_column)::uuid,
                   case when tg_table_name = 'clients' then (r ->> 'id')::uuid else (r ->> 'client_id')::uuid end,
                   (r ->> 'version')::bigint, null, r - hidden
              from rows)
        select count(*), count(*) filter (where r ->> 'archived_at' is null) into more, more_live from rows;
    elsif tg_op = 'DELETE' then
        with rows as (select to_jsonb(o) as r from old_rows o)
        , written as (
            insert into audit_entries (at, change_id, change_set_id, actor_id, actor_name, via, request_id, action, table_name,
                                       record_id, record_label, parent_table, parent_id, client_id, version, before, after)
            select coalesce(audit_setting('at')::timestamptz, clock_timestamp()),
                   audit_setting('change_id')::uuid, audit_setting('change_set_id')::uuid,
                   audit_setting('actor_id')::uuid, coalesce(audit_setting('actor_name'), session_user),
                   coalesce(audit_setting('via'), 'sql'), audit_setting('request_id'),
                   coalesce(audit_setting('action'), 'delete'), tg_table_name,
                   (r ->> 'id')::uuid, coalesce(r ->> 'name', r ->> 'username'),
                   parent_table, (r ->> parent_column)::uuid,
                   case when tg_table_name = 'clients' then (r ->> 'id')::uuid else (r ->> 'client_id')::uuid end,
                   (r ->> 'version')::bigint, r - hidden, null
              from rows)
        select -count(*), -count(*) filter (where r ->> 'archived_at' is null) into more, more_live from rows;
    else
        with rows as (select to_jsonb(o) as was, to_jsonb(n) as r from new_rows n join old_rows o using (id))
        , changed as (
            select rows.*, d.before, d.after
              from rows
             cross join lateral (
                   select jsonb_object_agg(e.key, rows.was -> e.key) as before, jsonb_object_agg(e.key, e.value) as after
                     from jsonb_each(rows.r - hidden) e
                    where e.value is distinct from rows.was -> e.key) d
             where d.after is not null)
        , written as (
            insert into audit_entries (at, change_id, change_set_id, actor_id, actor_name, via, request_id, action, table_name,
                                       record_id, record_label, parent_table, parent_id, client_id, version, before, after)
            select coalesce(audit_setting('at')::timestamptz, clock_timestamp()),
                   audit_setting('change_id')::uuid, audit_setting('change_set_id')::uuid,
                   audit_setting('actor_id')::uuid, coalesce(audit_setting('actor_name'), session_user),
                   coalesce(audit_setting('via'), 'sql'), audit_setting('request_id'),
                   coalesce(audit_setting('action'), 'update'), tg_table_name,
                   (r ->> 'id')::uuid, coalesce(r ->> 'name', r ->> 'username'),
                   parent_table, (r ->> parent_column)::uuid,
                   case when tg_table_name = 'clients' then (r ->> 'id')::uuid else (r ->> 'client_id')::uuid end,
                   (r ->> 'version')::bigint, changed.before, changed.after
              from changed)
        select 0, coalesce(sum(case when was ->> 'archived_at' is null then 0 else 1 end
                               - case when r ->> 'archived_at' is null then 0 else 1 end), 0)
          into more, more_live from rows;
    end if;
    perform count_change(tg_table_name, more, more_live);
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

create procedure audit_table(audited regclass, variadic arguments text[] default '{}') language plpgsql as $$
declare
    quoted text := (select coalesce(string_agg(quote_literal(a), ', '), '') from unnest(arguments) a);
begin
    execute format('create trigger count_version before update on %s for each row '
                   'execute function count_version()', audited);
    execute format('create trigger audit_insert after insert on %s referencing new table as new_rows '
                   'for each statement execute function audit_changes(%s)', audited, quoted);
    execute format('create trigger audit_update after update on %s referencing old table as old_rows new table as new_rows '
                   'for each statement execute function audit_changes(%s)', audited, quoted);
    execute format('create trigger audit_delete after delete on %s referencing old table as old_rows '
                   'for each statement execute function audit_changes(%s)', audited, quoted);
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
        drop function audit_changes();
        drop function audit_setting(text);
        drop function count_change(text, bigint, bigint);
        drop table data_versions;
        drop table audit_entries;
        drop function refuse_change();
        drop table search_words;
        drop function public.text_of(text[]);
        drop function public.plain(text);
        drop text search configuration public.diglit;
        drop extension pg_trgm;
        drop extension unaccent;
    """)
