"""Skills, assistants with their calendars, requests, matches, reservations, reviews."""

from alembic import op

from migrations.helpers import CURRENCY, RECORD, SLUG

revision = "20261122_1200"
down_revision = "20261122_1120"
branch_labels = None
depends_on = None

SKILLS = rf"""
    create function skill_key(term text) returns text language sql immutable strict parallel safe
        return regexp_replace(plain(term), '[-\s_./,;:()&''"`´]+', '', 'g');
    comment on function skill_key is 'What two spellings of a skill have in common: “MS-Excel” and “ms excel” are “msexcel”.';

    create table skills (
        id uuid primary key,
        name text not null,
        slug text not null constraint skills_slug_key unique,
        category text not null,
        description text not null default '',
        parent_id uuid constraint skills_parent_id_fkey references skills (id) on delete restrict,
        aliases text[] not null default '{{}}',
        status text not null default 'approved',
        asked bigint not null default 0,
        archived_at timestamptz,{RECORD},
        constraint skills_name_length_check check (length(name) between 1 and 60),
        constraint skills_slug_form_check check ({SLUG}),
        constraint skills_category_length_check check (length(category) between 1 and 60),
        constraint skills_description_length_check check (length(description) <= 2000),
        constraint skills_aliases_count_check check (cardinality(aliases) <= 50),
        constraint skills_status_check check (status in ('approved', 'waiting')),
        constraint skills_not_own_parent_check check (parent_id <> id)
    );
    create index skills_parent_id_idx on skills (parent_id);
    call audit_table('skills', hidden => array['asked']);
    alter table skills add column search tsvector generated always as (
        setweight(to_tsvector('diglit', words_of(name)), 'A')
        || setweight(to_tsvector('diglit', words_of(text_of(aliases))), 'B')
        || setweight(to_tsvector('diglit', words_of(category || ' ' || description)), 'C')) stored;
    create index skills_created_idx on skills (created_at, id, archived_at);
    create index skills_updated_idx on skills (updated_at, id, archived_at);
    create index skills_name_idx on skills (plain(name) collate "C", id, archived_at);
    create index skills_category_idx on skills (category, created_at, id, archived_at);
    create index skills_status_idx on skills (status, created_at, id, archived_at);
    create index skills_search_idx on skills using gin (search) with (gin_pending_list_limit = 256);

    create table skill_terms (
        term_key text constraint skill_terms_pkey primary key,
        skill_id uuid not null constraint skill_terms_skill_id_fkey references skills (id) on delete cascade,
        term text not null,
        constraint skill_terms_term_key_length_check check (length(term_key) between 1 and 60)
    );
    create index skill_terms_skill_id_idx on skill_terms (skill_id);
    create index skill_terms_trigram_idx on skill_terms using gin (term_key gin_trgm_ops);
    comment on table skill_terms is
        'Every name and alias of a skill, by what its spellings have in common: no term means two skills.';

    create function learn_skill_terms() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        delete from skill_terms t where t.skill_id = new.id
           and t.term_key not in (select skill_key(u) from unnest(new.name || new.aliases) u);
        insert into skill_terms (term_key, skill_id, term)
        select distinct on (skill_key(u)) skill_key(u), new.id, u from unnest(new.name || new.aliases) u
         where not exists (select from skill_terms t where t.skill_id = new.id and t.term_key = skill_key(u))
         order by skill_key(u);
        return null;
    end $$;
    create trigger learn_skill_terms after insert or update of name, aliases on skills
        for each row execute function learn_skill_terms();

    create table skill_relations (
        id uuid primary key,
        skill_id uuid not null constraint skill_relations_skill_id_fkey references skills (id) on delete cascade,
        related_id uuid not null constraint skill_relations_related_id_fkey references skills (id) on delete cascade,
        weight numeric(3, 2) not null,{RECORD},
        constraint skill_relations_weight_range_check check (weight > 0 and weight < 1),
        constraint skill_relations_not_itself_check check (skill_id <> related_id)
    );
    create unique index skill_relations_pair_key on skill_relations (least(skill_id, related_id), greatest(skill_id, related_id));
    create index skill_relations_skill_id_idx on skill_relations (skill_id);
    create index skill_relations_related_id_idx on skill_relations (related_id);
    call audit_table('skill_relations', 'skills', 'skill_id');
"""

ASSISTANTS = f"""
    create function valid_week(week jsonb) returns boolean language sql immutable parallel safe
        return jsonb_typeof(week) = 'object' and not exists (
            select from jsonb_each(week) d
             where d.key not in ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun') or jsonb_typeof(d.value) <> 'array'
                or exists (select from jsonb_array_elements(case jsonb_typeof(d.value) when 'array' then d.value else '[]' end) s
                            where case when jsonb_typeof(s) = 'array' then jsonb_array_length(s) end is distinct from 2
                               or s ->> 0 !~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'
                               or s ->> 1 !~ '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$'));
    comment on function valid_week is
        'Whether these are hours by day of the week, as in {{"mon": [["09:00", "17:00"]]}}. One that ends no later than it begins ends the next day.';

    create table assistants (
        id uuid primary key,
        user_id uuid constraint assistants_user_id_key unique
            constraint assistants_user_id_fkey references users (id) on delete restrict,
        name text not null,
        headline text not null default '',
        about text not null default '',
        hourly_rate numeric(8, 2) not null,
        currency text not null default 'USD',
        timezone text not null default 'UTC',
        weekly_hours numeric(5, 2) not null default 40,
        weekly jsonb not null default '{{}}',
        available_from date,
        skill_words text not null default '',
        reserved_hours numeric(5, 2) not null default 0,
        available_hours numeric(5, 2) not null generated always as (greatest(weekly_hours - reserved_hours, 0)) stored,
        rating_sum bigint not null default 0,
        reviews_count bigint not null default 0,
        rating numeric(3, 2) generated always as (round(rating_sum / nullif(reviews_count, 0)::numeric, 2)) stored,
        projects_completed bigint not null default 0,
        archived_at timestamptz,{RECORD},
        constraint assistants_name_length_check check (length(name) between 1 and 120),
        constraint assistants_headline_length_check check (length(headline) <= 160),
        constraint assistants_about_length_check check (length(about) <= 5000),
        constraint assistants_hourly_rate_range_check check (hourly_rate >= 0 and hourly_rate < 'Infinity'),
        constraint assistants_currency_known_check check ({CURRENCY}),
        constraint assistants_timezone_length_check check (length(timezone) between 1 and 60),
        constraint assistants_weekly_hours_range_check check (weekly_hours >= 0 and weekly_hours <= 168),
        constraint assistants_weekly_form_check check (valid_week(weekly)),
        constraint assistants_reserved_hours_range_check check (reserved_hours >= 0)
    );
    call audit_table('assistants', hidden => array['skill_words', 'reserved_hours', 'available_hours', 'rating_sum',
                                                 'reviews_count', 'rating', 'projects_completed']);
    -- Their names teach nobody's search anything: the column comes after the triggers that would.
    alter table assistants add column search tsvector generated always as (
        setweight(to_tsvector('diglit', words_of(name)), 'A')
        || setweight(to_tsvector('diglit', words_of(headline || ' ' || skill_words)), 'B')
        || setweight(to_tsvector('diglit', words_of(about)), 'C')) stored;
    create index assistants_created_idx on assistants (created_at, id, archived_at);
    create index assistants_updated_idx on assistants (updated_at, id, archived_at);
    create index assistants_name_idx on assistants (plain(name) collate "C", id, archived_at);
    create index assistants_rate_idx on assistants (hourly_rate, id, archived_at);
    create index assistants_rating_idx on assistants (coalesce(rating, 0), id, archived_at);
    create index assistants_hours_idx on assistants (available_hours, id, archived_at);
    create index assistants_search_idx on assistants using gin (search) with (gin_pending_list_limit = 256);

    create table assistant_skills (
        id uuid primary key,
        assistant_id uuid not null constraint assistant_skills_assistant_id_fkey references assistants (id) on delete cascade,
        skill_id uuid not null constraint assistant_skills_skill_id_fkey references skills (id) on delete restrict,
        level bigint not null default 3,
        position bigint not null,{RECORD},
        constraint assistant_skills_assistant_id_skill_id_key unique (assistant_id, skill_id),
        constraint assistant_skills_level_range_check check (level between 1 and 5)
    );
    create index assistant_skills_skill_id_idx on assistant_skills (skill_id, assistant_id);
    call audit_table('assistant_skills', 'assistants', 'assistant_id');

    create table time_off (
        id uuid primary key,
        assistant_id uuid not null constraint time_off_assistant_id_fkey references assistants (id) on delete cascade,
        starts_on date not null,
        ends_on date not null,
        reason text not null default '',{RECORD},
        constraint time_off_ends_after_start_check check (ends_on >= starts_on),
        constraint time_off_reason_length_check check (length(reason) <= 200),
        constraint time_off_no_overlap_excl exclude using gist (
            assistant_id with =, daterange(starts_on, ends_on, '[]') with &&)
    );
    call audit_table('time_off', 'assistants', 'assistant_id');

    -- What has to be read again of the assistants: `xact` is the transaction that last changed anything a match rests on.
    create table assistant_changes (
        assistant_id uuid primary key constraint assistant_changes_assistant_id_fkey references assistants (id) on delete cascade,
        xact xid8 not null
    );
    create index assistant_changes_xact_idx on assistant_changes (xact);

    create function note_assistants() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        execute format('insert into assistant_changes (assistant_id, xact) '
                       'select distinct %I, pg_current_xact_id() from rows order by 1 '
                       'on conflict (assistant_id) do update set xact = excluded.xact '
                       'where assistant_changes.xact <> excluded.xact', tg_argv[0]);
        return null;
    end $$;
    comment on function note_assistants is 'Note whose matching may have changed. The argument is the column with the assistant.';
"""

# The numbers that an assistant's row carries are worked out from single rows, for readers that can't see those rows.
FIGURES = """
    create function name_skills() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        update assistants a set skill_words = w.words
          from (select x.id, coalesce(string_agg(s.name || ' ' || text_of(s.aliases), ' ' order by k.position, s.id), '') as words
                  from (select distinct assistant_id as id from rows) x
                  left join assistant_skills k on k.assistant_id = x.id
                  left join skills s on s.id = k.skill_id
                 group by x.id) w
         where a.id = w.id and a.skill_words <> w.words;
        return null;
    end $$;

    create function sum_reviews() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        update assistants a set rating_sum = r.stars, reviews_count = r.many
          from (select x.id, coalesce(sum(v.stars), 0) as stars, count(v.id) as many
                  from (select distinct assistant_id as id from rows) x left join reviews v on v.assistant_id = x.id
                 group by x.id) r
         where a.id = r.id and (a.rating_sum, a.reviews_count) is distinct from (r.stars, r.many);
        return null;
    end $$;

    create function count_completed() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        update assistants a set projects_completed = m.many
          from (select x.id, count(c.id) filter (where c.status = 'completed') as many
                  from (select distinct assistant_id as id from rows) x left join matches c on c.assistant_id = x.id
                 group by x.id) m
         where a.id = m.id and a.projects_completed <> m.many;
        return null;
    end $$;

    create function peak_of_reserved(whose uuid, first_day date, last_day date default null, without uuid default null)
        returns numeric language sql stable security definer set search_path = public, pg_temp
        return coalesce((
            select max((select sum(r.hours_per_week) from reservations r
                         where r.assistant_id = whose and r.id is distinct from without
                           and r.starts_on <= p.day and coalesce(r.ends_on, 'infinity') >= p.day))
              from (select first_day as day
                    union select s.starts_on from reservations s
                     where s.assistant_id = whose and s.starts_on > first_day
                       and s.starts_on <= coalesce(last_day, 'infinity')) p), 0);
    comment on function peak_of_reserved is
        'The most hours a week that are reserved of somebody on any day from first_day to last_day (null: for ever).';

    create function last_today() returns date language sql stable
        return (now() at time zone 'UTC' + interval '14 hours')::date;
    comment on function last_today() is
        'The latest day that is today anywhere: what was before it may be over for somebody.';

    create function sum_reserved() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        update assistants a set reserved_hours = r.peak
          from (select x.id, peak_of_reserved(x.id, current_date, current_date + 27) as peak
                  from (select distinct assistant_id as id from rows) x) r
         where a.id = r.id and a.reserved_hours <> r.peak;
        return null;
    end $$;

    -- Whoever reserves waits here for whoever was faster, then counts what that one left.
    create function keep_within_weekly_hours() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    declare
        of record;
        peak numeric;
    begin
        select weekly_hours, available_from, archived_at, name into of from assistants where id = new.assistant_id for no key update;
        if tg_op = 'UPDATE' then
            if new.assistant_id = old.assistant_id and new.hours_per_week <= old.hours_per_week and new.starts_on >= old.starts_on
               and coalesce(new.ends_on, 'infinity') <= coalesce(old.ends_on, 'infinity') then
                return new;
            end if;
        elsif of.archived_at is not null then
            raise exception '% takes no more work.', of.name
                using errcode = 'DL409', constraint = 'reservations_assistant_is_active';
        end if;
        if of.available_from > new.starts_on then
            raise exception '% is not available before %.', of.name, of.available_from
                using errcode = 'DL409', constraint = 'reservations_after_available_from';
        end if;
        peak := peak_of_reserved(new.assistant_id, new.starts_on, new.ends_on, new.id);
        if peak + new.hours_per_week > of.weekly_hours then
            raise exception '% has % of % hours a week left in that time.', of.name,
                trim_scale(greatest(of.weekly_hours - peak, 0)), trim_scale(of.weekly_hours)
                using errcode = 'DL409', constraint = 'reservations_within_weekly_hours';
        end if;
        return new;
    end $$;

    create function keep_what_is_reserved() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        if new.weekly_hours < old.weekly_hours and peak_of_reserved(new.id, last_today()) > new.weekly_hours then
            raise exception '% hours a week of % are reserved.', trim_scale(peak_of_reserved(new.id, last_today())), new.name
                using errcode = 'DL409', constraint = 'assistants_keep_reserved_hours';
        end if;
        if new.available_from is distinct from old.available_from and new.available_from > last_today() and exists (
            select from reservations r where r.assistant_id = new.id and coalesce(r.ends_on, 'infinity') >= last_today()
               and r.starts_on < new.available_from) then
            raise exception 'Hours of % before % are reserved.', new.name, new.available_from
                using errcode = 'DL409', constraint = 'assistants_keep_reserved_days';
        end if;
        return new;
    end $$;
    create trigger keep_within_weekly_hours before insert or update on reservations
        for each row execute function keep_within_weekly_hours();
    create trigger keep_what_is_reserved before update of weekly_hours, available_from on assistants
        for each row execute function keep_what_is_reserved();
"""

MATCHES = f"""
    create table match_requests (
        id uuid primary key,
        client_id uuid not null constraint match_requests_client_id_fkey references clients (id) on delete restrict,
        user_id uuid constraint match_requests_user_id_fkey references users (id) on delete restrict,
        skills jsonb not null,
        hours_per_week numeric(5, 2) not null,
        start_date date not null,
        end_date date,
        max_hourly_rate numeric(8, 2),
        currency text,
        timezone text,
        time_from text,
        time_to text,
        weekdays text[] not null default '{{mon,tue,wed,thu,fri}}',
        description text not null default '',
        most bigint not null default 5,
        status text not null default 'open',
        considered bigint not null default 0,{RECORD},
        constraint match_requests_hours_range_check check (hours_per_week > 0 and hours_per_week <= 168),
        constraint match_requests_ends_after_start_check check (end_date >= start_date),
        constraint match_requests_max_hourly_rate_range_check check (max_hourly_rate >= 0 and max_hourly_rate < 'Infinity'),
        constraint match_requests_currency_known_check check ({CURRENCY}),
        constraint match_requests_description_length_check check (length(description) <= 5000),
        constraint match_requests_most_range_check check (most between 1 and 50),
        constraint match_requests_id_client_id_key unique (id, client_id),
        constraint match_requests_status_check check (status in ('open', 'filled', 'closed'))
    );
    create index match_requests_client_id_idx on match_requests (client_id, created_at, id);
    create index match_requests_status_idx on match_requests (status, created_at, id);
    create index match_requests_created_idx on match_requests (created_at, id);
    create index match_requests_user_id_idx on match_requests (user_id);
    call audit_table('match_requests');

    create table matches (
        id uuid primary key,
        request_id uuid not null,
        client_id uuid not null constraint matches_client_id_fkey references clients (id) on delete restrict,
        assistant_id uuid not null constraint matches_assistant_id_fkey references assistants (id) on delete restrict,
        place bigint not null,
        score double precision not null,
        explanation jsonb not null,
        status text not null default 'proposed',
        hours_per_week numeric(5, 2) not null,
        hourly_rate numeric(8, 2) not null,
        currency text not null,
        starts_on date not null,
        ends_on date,
        decided_at timestamptz,
        decided_by_id uuid constraint matches_decided_by_id_fkey references users (id) on delete restrict,
        ended_on date,
        note text not null default '',{RECORD},
        constraint matches_id_client_id_key unique (id, client_id),
        constraint matches_request_id_assistant_id_key unique (request_id, assistant_id),
        constraint matches_currency_known_check check ({CURRENCY}),
        constraint matches_score_range_check check (score between 0 and 1),
        constraint matches_status_check check (status in ('proposed', 'accepted', 'declined', 'completed', 'ended', 'withdrawn')),
        constraint matches_hours_range_check check (hours_per_week > 0 and hours_per_week <= 168),
        constraint matches_ends_after_start_check check (ends_on >= starts_on),
        constraint matches_decided_check check (status in ('proposed', 'withdrawn') or decided_at is not null),
        constraint matches_ended_check check ((status in ('completed', 'ended')) = (ended_on is not null)),
        constraint matches_note_length_check check (length(note) <= 1000)
    );
    create index matches_client_id_idx on matches (client_id, created_at, id);
    create index matches_client_id_status_idx on matches (client_id, status, created_at, id);
    create index matches_assistant_id_idx on matches (assistant_id, created_at, id);
    create index matches_status_idx on matches (status, created_at, id);
    create index matches_created_idx on matches (created_at, id);
    create index matches_updated_idx on matches (updated_at, id);
    create index matches_starts_on_idx on matches (starts_on, id);
    create index matches_decided_by_id_idx on matches (decided_by_id);
    call part_of('matches', 'request_id', 'match_requests');
    call audit_table('matches', hidden => array['explanation']);

    create table reservations (
        id uuid primary key,
        assistant_id uuid not null constraint reservations_assistant_id_fkey references assistants (id) on delete restrict,
        client_id uuid not null constraint reservations_client_id_fkey references clients (id) on delete restrict,
        match_id uuid constraint reservations_match_id_key unique,
        project_id uuid,
        hours_per_week numeric(5, 2) not null,
        starts_on date not null,
        ends_on date,{RECORD},
        constraint reservations_project_id_assistant_id_key unique (project_id, assistant_id),
        constraint reservations_one_source_check check (num_nonnulls(match_id, project_id) = 1),
        constraint reservations_hours_range_check check (hours_per_week > 0 and hours_per_week <= 168),
        constraint reservations_ends_after_start_check check (ends_on >= starts_on)
    );
    create index reservations_assistant_id_idx on reservations (assistant_id, starts_on);
    create index reservations_client_id_idx on reservations (client_id);
    create index reservations_ends_on_idx on reservations (ends_on);
    call part_of('reservations', 'match_id', 'matches');
    call audit_table('reservations', 'assistants', 'assistant_id');
    create table reviews (
        id uuid primary key,
        match_id uuid not null constraint reviews_match_id_key unique,
        assistant_id uuid not null constraint reviews_assistant_id_fkey references assistants (id) on delete restrict,
        client_id uuid not null constraint reviews_client_id_fkey references clients (id) on delete restrict,
        user_id uuid constraint reviews_user_id_fkey references users (id) on delete restrict,
        stars bigint not null,
        comment text not null default '',{RECORD},
        constraint reviews_stars_range_check check (stars between 1 and 5),
        constraint reviews_comment_length_check check (length(comment) <= 2000)
    );
    create index reviews_assistant_id_idx on reviews (assistant_id, created_at, id);
    create index reviews_client_id_idx on reviews (client_id);
    create index reviews_user_id_idx on reviews (user_id);
    call part_of('reviews', 'match_id', 'matches');
    call audit_table('reviews', 'assistants', 'assistant_id');

    create table batch_assignments (
        id uuid primary key,
        made_by_id uuid constraint batch_assignments_made_by_id_fkey references users (id) on delete restrict,
        fairness numeric(3, 2) not null,
        status text not null default 'previewed',
        params jsonb not null,
        figures jsonb not null,
        pairs jsonb not null,
        decided_at timestamptz,{RECORD},
        constraint batch_assignments_fairness_range_check check (fairness between 0 and 1),
        constraint batch_assignments_status_check check (status in ('previewed', 'applied', 'discarded'))
    );
    create index batch_assignments_created_idx on batch_assignments (created_at, id);
    create index batch_assignments_made_by_id_idx on batch_assignments (made_by_id);
    call audit_table('batch_assignments');
"""

_ON = {
    "assistant_skills": ("name_skills", "note_assistants('assistant_id')"),
    "reviews": ("sum_reviews",),
    "matches": ("count_completed",),
    "reservations": ("sum_reserved", "note_assistants('assistant_id')"),
    "time_off": ("note_assistants('assistant_id')",),
    "assistants": ("note_assistants('id')",),
}


def _follow(table: str, function: str) -> str:
    call = function if "(" in function else f"{function}()"
    name = function.partition("(")[0]
    made = []
    for verb, transition in (("insert", "new"), ("update", "new"), ("delete", "old")):
        if (table, verb) in {("assistants", "delete"), ("matches", "insert")}:
            continue
        made.append(f"""
            create trigger {name}_{verb} after {verb} on {table} referencing {transition} table as rows
                for each statement execute function {call};""")
    return "".join(made)


RLS = """
    create procedure enable_rls_shown(secured regclass, own text) language plpgsql as $$
    begin
        execute format('grant select, insert, update, delete on %s to diglit_staff', secured);
        execute format('grant select, insert, update, delete on %s to diglit_tenant', secured);
        execute format('alter table %s enable row level security', secured);
        execute format('create policy staff on %s to diglit_staff using (true) with check (true)', secured);
        execute format('create policy shown on %s for select to diglit_tenant using (true)', secured);
        execute format('create policy adding on %s for insert to diglit_tenant with check (%s)', secured, own);
        execute format('create policy changing on %s for update to diglit_tenant using (%s) with check (%s)', secured, own, own);
        execute format('create policy deleting on %s for delete to diglit_tenant using (%s)', secured, own);
    end $$;
    comment on procedure enable_rls_shown is
        'Give the application its rights on a table that everybody reads, and in which a tenant writes what is its own.';

    create function current_assistant_id() returns uuid language sql stable security definer set search_path = public, pg_temp
        as $$ select id from assistants where user_id = current_user_id() $$;
    comment on function current_assistant_id is 'The assistant whose account the present transaction is for.';

    create function own_request_ids() returns uuid[] language sql stable security definer set search_path = public, pg_temp
        as $$ select case when current_company_id() is null
                  then array(select request_id from matches where assistant_id = current_assistant_id()) else '{}' end $$;
    comment on function own_request_ids is 'The requests that the present expert is proposed for. A company needs none of it.';

    call enable_rls('skills', 'everyone');
    call enable_rls('skill_terms', 'everyone', staff_rights => 'select');
    call enable_rls('skill_relations', 'everyone');
    call enable_rls_shown('assistants', 'user_id = (select current_user_id())');
    revoke insert, delete on assistants from diglit_tenant;
    call enable_rls_shown('assistant_skills', 'assistant_id = (select current_assistant_id())');
    call enable_rls('assistant_changes', staff_rights => 'select');
    call enable_rls('time_off', 'assistant_id = (select current_assistant_id())');
    call enable_rls('matches', 'client_id = (select current_company_id())
        or assistant_id = (select current_assistant_id())');
    call enable_rls('match_requests', 'client_id = (select current_company_id()) or id = any ((select own_request_ids())::uuid[])',
                    'client_id = (select current_company_id())');
    call enable_rls('reservations', 'client_id = (select current_company_id())
        or assistant_id = (select current_assistant_id())');
    call enable_rls('reviews', 'client_id = (select current_company_id())
        or assistant_id = (select current_assistant_id())', 'client_id = (select current_company_id())');
    call enable_rls('batch_assignments');
"""


def upgrade() -> None:
    op.execute("create extension if not exists btree_gist with schema public")
    op.execute(SKILLS)
    op.execute(ASSISTANTS)
    op.execute(MATCHES)
    op.execute(FIGURES)
    for table, functions in _ON.items():
        for function in functions:
            op.execute(_follow(table, function))
    op.execute(RLS)


def downgrade() -> None:
    op.execute("""
        drop function peak_of_reserved(uuid, date, date, uuid);
        drop table batch_assignments, reviews, reservations, matches, match_requests;
        drop table assistant_changes, time_off, assistant_skills, assistants, skill_relations, skill_terms, skills;
        drop procedure enable_rls_shown;
        drop function own_request_ids(), current_assistant_id();
        drop function keep_what_is_reserved(), keep_within_weekly_hours(), sum_reserved(), last_today(),
            count_completed(), sum_reviews(), name_skills(), note_assistants(), learn_skill_terms(),
            valid_week(jsonb), skill_key(text);
        delete from data_versions where table_name in (
            'batch_assignments', 'reviews', 'reservations', 'matches', 'match_requests', 'time_off', 'assistant_skills',
            'assistants', 'skill_relations', 'skills');
        drop extension btree_gist;
    """)
