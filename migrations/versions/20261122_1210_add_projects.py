"""Teams, projects with their plans, time entries, change orders, alerts, reviews."""

from alembic import op

from migrations.helpers import CURRENCY, RECORD, SLUG

revision = "20261122_1210"
down_revision = "20261122_1200"
branch_labels = None
depends_on = None

TEAMS = f"""
    create table teams (
        id uuid primary key,
        name text not null,
        slug text not null constraint teams_slug_key unique,
        specialization text not null,
        description text not null default '',
        icon text not null default '',
        capacity numeric(7, 2),
        active_projects bigint not null default 0,
        finished_projects bigint not null default 0,
        successful_projects bigint not null default 0,
        rating_sum bigint not null default 0,
        reviews_count bigint not null default 0,
        rating numeric(3, 2) generated always as (round(rating_sum / nullif(reviews_count, 0)::numeric, 2)) stored,
        success_rate numeric(4, 3) generated always as (
            round(successful_projects / nullif(finished_projects, 0)::numeric, 3)) stored,
        archived_at timestamptz,{RECORD},
        constraint teams_name_length_check check (length(name) between 1 and 120),
        constraint teams_slug_form_check check ({SLUG}),
        constraint teams_specialization_length_check check (length(specialization) between 1 and 120),
        constraint teams_description_length_check check (length(description) <= 5000),
        constraint teams_icon_length_check check (length(icon) <= 60),
        constraint teams_capacity_range_check check (capacity >= 0 and capacity < 'Infinity')
    );
    call audit_table('teams', teaches => true, hidden => array['active_projects', 'finished_projects', 'successful_projects', 'rating_sum',
                                            'reviews_count', 'rating', 'success_rate']);
    alter table teams add column search tsvector generated always as (
        setweight(to_tsvector('diglit', words_of(name)), 'A')
        || setweight(to_tsvector('diglit', words_of(specialization)), 'B')
        || setweight(to_tsvector('diglit', words_of(description)), 'C')) stored;
    create index teams_created_idx on teams (created_at, id, archived_at);
    create index teams_updated_idx on teams (updated_at, id, archived_at);
    create index teams_name_idx on teams (plain(name) collate "C", id, archived_at);
    create index teams_specialization_idx on teams (specialization, created_at, id, archived_at);
    create index teams_rating_idx on teams (coalesce(rating, 0), id, archived_at);
    create index teams_search_idx on teams using gin (search) with (gin_pending_list_limit = 256);

    create table team_members (
        id uuid primary key,
        team_id uuid not null constraint team_members_team_id_fkey references teams (id) on delete cascade,
        assistant_id uuid constraint team_members_assistant_id_fkey references assistants (id) on delete restrict,
        user_id uuid constraint team_members_user_id_fkey references users (id) on delete restrict,
        name text not null,
        role text not null default '',
        share numeric(3, 2) not null default 1,
        position bigint not null,{RECORD},
        constraint team_members_team_id_assistant_id_key unique (team_id, assistant_id),
        constraint team_members_team_id_user_id_key unique (team_id, user_id),
        constraint team_members_is_somebody_check check (num_nonnulls(assistant_id, user_id) > 0),
        constraint team_members_name_length_check check (length(name) between 1 and 120),
        constraint team_members_role_length_check check (length(role) <= 60),
        constraint team_members_share_range_check check (share > 0 and share <= 1)
    );
    create index team_members_assistant_id_idx on team_members (assistant_id);
    create index team_members_user_id_idx on team_members (user_id);
    call audit_table('team_members', 'teams', 'team_id');

    create function keep_members_accounts() returns trigger
        language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        update team_members m set user_id = new.user_id, updated_at = now()
         where m.assistant_id = new.id and m.user_id is distinct from new.user_id
           and not exists (select from team_members o
                            where o.team_id = m.team_id and o.user_id = new.user_id and o.id <> m.id);
        update team_members m set assistant_id = new.id, updated_at = now()
         where m.user_id = new.user_id and m.assistant_id is null
           and not exists (select from team_members o where o.team_id = m.team_id and o.assistant_id = new.id);
        return null;
    end $$;
    comment on function keep_members_accounts is
        'A member has the account of the profile; who was there by the account alone gets the profile once there is one.';
    create trigger keep_members_accounts_insert after insert on assistants
        for each row when (new.user_id is not null) execute function keep_members_accounts();
    create trigger keep_members_accounts_update after update of user_id on assistants
        for each row when (old.user_id is distinct from new.user_id) execute function keep_members_accounts();
"""

PROJECTS = f"""
    create table projects (
        id uuid primary key,
        client_id uuid not null constraint projects_client_id_fkey references clients (id) on delete restrict,
        team_id uuid constraint projects_team_id_fkey references teams (id) on delete restrict,
        requested_by_id uuid constraint projects_requested_by_id_fkey references users (id) on delete restrict,
        name text not null,
        description text not null default '',
        specialization text not null default '',
        skills text[] not null default '{{}}',
        status text not null default 'requested',
        start_date date,
        end_date date,
        budget numeric(12, 2),
        currency text not null default 'USD',
        spent numeric(12, 2) not null default 0,
        hours_per_week numeric(6, 2),
        workdays text[] not null default '{{mon,tue,wed,thu,fri}}',
        closed_dates date[] not null default '{{}}',
        planned_start date,
        planned_end date,
        planned_budget numeric(12, 2),
        started_on date,
        completed_on date,
        succeeded boolean generated always as (
            case status when 'completed' then (planned_end is null or completed_on <= planned_end)
                                          and (budget is null or spent <= budget)
                        when 'cancelled' then false end) stored,{RECORD},
        constraint projects_id_client_id_key unique (id, client_id),
        constraint projects_name_length_check check (length(name) between 1 and 160),
        constraint projects_description_length_check check (length(description) <= 10000),
        constraint projects_specialization_length_check check (length(specialization) <= 120),
        constraint projects_skills_count_check check (cardinality(skills) <= 50),
        constraint projects_status_check check (
            status in ('requested', 'planned', 'active', 'on_hold', 'completed', 'cancelled')),
        constraint projects_ends_after_start_check check (end_date >= start_date),
        constraint projects_budget_range_check check (budget >= 0 and budget < 'Infinity'),
        constraint projects_spent_range_check check (spent >= 0 and spent < 'Infinity'),
        constraint projects_currency_known_check check ({CURRENCY}),
        constraint projects_hours_range_check check (hours_per_week > 0 and hours_per_week < 'Infinity'),
        constraint projects_workdays_check check (cardinality(workdays) between 1 and 7
            and workdays <@ array['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']),
        constraint projects_closed_dates_count_check check (cardinality(closed_dates) <= 400),
        constraint projects_planned_is_complete_check check (status not in ('planned', 'active', 'on_hold', 'completed')
            or num_nulls(team_id, start_date, end_date) = 0),
        constraint projects_completed_on_check check ((status = 'completed') = (completed_on is not null))
    );
    call audit_table('projects', hidden => array['spent', 'succeeded']);
    -- A company's own words: the column comes after the triggers that would teach them to everybody's search.
    alter table projects add column search tsvector generated always as (
        setweight(to_tsvector('diglit', words_of(name)), 'A')
        || setweight(to_tsvector('diglit', words_of(specialization || ' ' || text_of(skills))), 'B')
        || setweight(to_tsvector('diglit', words_of(description)), 'C')) stored;
    create index projects_created_idx on projects (created_at, id);
    create index projects_updated_idx on projects (updated_at, id);
    create index projects_name_idx on projects (plain(name) collate "C", id);
    create index projects_client_id_idx on projects (client_id, created_at, id);
    create index projects_team_id_idx on projects (team_id, status, start_date);
    create index projects_status_idx on projects (status, created_at, id);
    create index projects_client_id_status_idx on projects (client_id, status, created_at, id);
    create index projects_start_idx on projects (coalesce(start_date, '-infinity'), id);
    create index projects_end_idx on projects (coalesce(end_date, 'infinity'), id);
    create index projects_budget_idx on projects (coalesce(budget, 0), id);
    create index projects_running_idx on projects (start_date, end_date)
        where status in ('planned', 'active', 'on_hold');
    create index projects_requested_by_id_idx on projects (requested_by_id);
    create index projects_search_idx on projects using gin (search) with (gin_pending_list_limit = 256);

    call part_of('reservations', 'project_id', 'projects');

    create table milestones (
        id uuid primary key,
        project_id uuid not null,
        client_id uuid not null,
        position bigint not null,
        title text not null,
        due_date date,{RECORD},
        constraint milestones_title_length_check check (length(title) between 1 and 160)
    );
    create index milestones_project_id_idx on milestones (project_id, position);
    create index milestones_client_id_idx on milestones (client_id);
    call part_of('milestones', 'project_id', 'projects');
    call audit_table('milestones', 'projects', 'project_id', array['client_id'], label => 'title');

    create table deliverables (
        id uuid primary key,
        project_id uuid not null,
        client_id uuid not null,
        milestone_id uuid constraint deliverables_milestone_id_fkey references milestones (id) on delete set null,
        assistant_id uuid constraint deliverables_assistant_id_fkey references assistants (id) on delete restrict,
        position bigint not null,
        title text not null,
        description text not null default '',
        status text not null default 'planned',
        start_date date,
        due_date date,
        duration_days bigint,
        estimate_hours numeric(7, 2),
        budget numeric(12, 2),
        planned_start date,
        planned_due date,
        finished_on date,
        decided_at timestamptz,
        decided_by_id uuid constraint deliverables_decided_by_id_fkey references users (id) on delete restrict,
        note text not null default '',{RECORD},
        constraint deliverables_title_length_check check (length(title) between 1 and 160),
        constraint deliverables_description_length_check check (length(description) <= 5000),
        constraint deliverables_status_check check (
            status in ('planned', 'in_progress', 'submitted', 'changes_requested', 'approved', 'cancelled')),
        constraint deliverables_due_after_start_check check (due_date >= start_date),
        constraint deliverables_duration_range_check check (duration_days between 1 and 1000),
        constraint deliverables_estimate_range_check check (estimate_hours >= 0 and estimate_hours < 'Infinity'),
        constraint deliverables_budget_range_check check (budget >= 0 and budget < 'Infinity'),
        constraint deliverables_finished_check check (
            (status in ('submitted', 'approved')) = (finished_on is not null)),
        constraint deliverables_note_length_check check (length(note) <= 2000)
    );
    create index deliverables_project_id_idx on deliverables (project_id, position);
    create index deliverables_milestone_id_idx on deliverables (milestone_id);
    create index deliverables_assistant_id_idx on deliverables (assistant_id, status);
    create index deliverables_waiting_idx on deliverables (project_id) where status = 'submitted';
    create index deliverables_due_idx on deliverables (due_date)
        where status in ('planned', 'in_progress', 'changes_requested');
    create index deliverables_decided_by_id_idx on deliverables (decided_by_id);
    create index deliverables_client_id_idx on deliverables (client_id);
    call part_of('deliverables', 'project_id', 'projects');
    call audit_table('deliverables', 'projects', 'project_id', array['client_id'], label => 'title');

    create table deliverable_dependencies (
        id uuid primary key,
        project_id uuid not null,
        client_id uuid not null,
        predecessor_id uuid not null
            constraint deliverable_dependencies_predecessor_id_fkey references deliverables (id) on delete cascade,
        successor_id uuid not null
            constraint deliverable_dependencies_successor_id_fkey references deliverables (id) on delete cascade,
        lag_days bigint not null default 0,{RECORD},
        constraint deliverable_dependencies_predecessor_id_successor_id_key unique (predecessor_id, successor_id),
        constraint deliverable_dependencies_not_itself_check check (predecessor_id <> successor_id),
        constraint deliverable_dependencies_lag_range_check check (lag_days between 0 and 365)
    );
    create index deliverable_dependencies_project_id_idx on deliverable_dependencies (project_id);
    create index deliverable_dependencies_successor_id_idx on deliverable_dependencies (successor_id);
    create index deliverable_dependencies_client_id_idx on deliverable_dependencies (client_id);
    call part_of('deliverable_dependencies', 'project_id', 'projects');
    call audit_table('deliverable_dependencies', 'projects', 'project_id', array['client_id']);

    create function refuse_cycle() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        perform from projects where id = new.project_id for no key update;
        if exists (
            with recursive after (id) as (
                select new.successor_id
                union
                select d.successor_id from after a join deliverable_dependencies d on d.predecessor_id = a.id)
            select from after where id = new.predecessor_id) then
            raise exception 'A deliverable would have to wait for itself.'
                using errcode = 'DL422', constraint = 'deliverable_dependencies_no_cycle';
        end if;
        if (select count(*) from deliverables where id in (new.predecessor_id, new.successor_id)
               and project_id = new.project_id) < 2 then
            raise exception 'A deliverable can only wait for one of the same project.'
                using errcode = 'DL422', constraint = 'deliverable_dependencies_same_project';
        end if;
        return new;
    end $$;
    create trigger refuse_cycle before insert or update on deliverable_dependencies
        for each row execute function refuse_cycle();

    create table time_entries (
        id uuid primary key,
        project_id uuid not null,
        client_id uuid not null constraint time_entries_client_id_fkey references clients (id) on delete restrict,
        deliverable_id uuid constraint time_entries_deliverable_id_fkey references deliverables (id) on delete set null,
        assistant_id uuid constraint time_entries_assistant_id_fkey references assistants (id) on delete restrict,
        user_id uuid not null constraint time_entries_user_id_fkey references users (id) on delete restrict,
        worked_on date not null,
        minutes bigint not null,
        note text not null default '',
        hourly_rate numeric(8, 2) not null,
        currency text not null,
        amount numeric(12, 2) generated always as (round(minutes * hourly_rate / 60, 2)) stored,
        status text not null default 'submitted',
        decided_at timestamptz,
        decided_by_id uuid constraint time_entries_decided_by_id_fkey references users (id) on delete restrict,
        decision_note text not null default '',{RECORD},
        constraint time_entries_minutes_range_check check (minutes between 1 and 1440),
        constraint time_entries_note_length_check check (length(note) <= 1000),
        constraint time_entries_decision_note_length_check check (length(decision_note) <= 1000),
        constraint time_entries_hourly_rate_range_check check (hourly_rate >= 0 and hourly_rate < 'Infinity'),
        constraint time_entries_currency_known_check check ({CURRENCY}),
        constraint time_entries_status_check check (status in ('submitted', 'approved', 'rejected')),
        constraint time_entries_decided_check check ((status = 'submitted') = (decided_at is null))
    );
    create index time_entries_project_id_idx on time_entries (project_id, worked_on);
    create index time_entries_client_id_idx on time_entries (client_id);
    create index time_entries_user_id_idx on time_entries (user_id, worked_on);
    create index time_entries_status_idx on time_entries (status, created_at, id);
    create index time_entries_worked_on_idx on time_entries (worked_on, id);
    create index time_entries_created_idx on time_entries (created_at, id);
    create index time_entries_waiting_idx on time_entries (worked_on, id) where status = 'submitted';
    create index time_entries_deliverable_id_idx on time_entries (deliverable_id);
    create index time_entries_assistant_id_idx on time_entries (assistant_id);
    create index time_entries_decided_by_id_idx on time_entries (decided_by_id);
    call part_of('time_entries', 'project_id', 'projects', 'restrict');
    call audit_table('time_entries', 'projects', 'project_id');

    create function keep_days_to_24_hours() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        perform from users where id = new.user_id for no key update;
        if new.status <> 'rejected' and new.minutes + coalesce((
               select sum(minutes) from time_entries
                where user_id = new.user_id and worked_on = new.worked_on and status <> 'rejected' and id <> new.id), 0) > 1440 then
            raise exception 'A day has 24 hours.'
                using errcode = 'DL422', constraint = 'time_entries_day_has_24_hours', column = 'minutes';
        end if;
        return new;
    end $$;
    create trigger keep_days_to_24_hours before insert or update of user_id, worked_on, minutes, status on time_entries
        for each row execute function keep_days_to_24_hours();

    -- Approved time stays as it is, and waits again only by an undo within 30 days.
    create function guard_decided_time() returns trigger language plpgsql set search_path = public, pg_temp as $$
    begin
        if old.status = 'approved' and new.status = 'submitted' then
            if (audit_context()).action is distinct from 'undo'
               or old.decided_at < coalesce((audit_context()).at, now()) - interval '30 days' then
                raise exception 'Approved time waits again only by an undo, within 30 days.'
                    using errcode = 'DL409', constraint = 'time_entries_approved';
            end if;
        elsif old.status <> 'submitted' and new.status <> 'submitted' and new.status <> old.status then
            raise exception 'A decision on time has to be undone before there is another.'
                using errcode = 'DL409', constraint = 'time_entries_steps';
        elsif old.status = 'approved'
          and (old.project_id, old.worked_on, old.minutes, old.hourly_rate, old.currency)
              is distinct from (new.project_id, new.worked_on, new.minutes, new.hourly_rate, new.currency) then
            raise exception 'Approved time no longer changes.'
                using errcode = 'DL409', constraint = 'time_entries_approved';
        end if;
        return new;
    end $$;
    create trigger guard_decided_time before update on time_entries
        for each row execute function guard_decided_time();

    create table change_orders (
        id uuid primary key,
        project_id uuid not null,
        client_id uuid not null constraint change_orders_client_id_fkey references clients (id) on delete restrict,
        number bigint not null,
        title text not null,
        reason text not null default '',
        status text not null default 'draft',
        budget_change numeric(12, 2) not null default 0,
        new_end_date date,
        changes jsonb not null default '[]',
        before jsonb,
        proposed_by_id uuid constraint change_orders_proposed_by_id_fkey references users (id) on delete restrict,
        proposed_at timestamptz,
        decided_at timestamptz,
        decided_by_id uuid constraint change_orders_decided_by_id_fkey references users (id) on delete restrict,
        note text not null default '',{RECORD},
        constraint change_orders_project_id_number_key unique (project_id, number),
        constraint change_orders_title_length_check check (length(title) between 1 and 160),
        constraint change_orders_reason_length_check check (length(reason) <= 5000),
        constraint change_orders_status_check check (status in ('draft', 'proposed', 'approved', 'declined', 'withdrawn')),
        constraint change_orders_budget_change_range_check check (
            budget_change > '-Infinity' and budget_change < 'Infinity'),
        constraint change_orders_decided_check check ((status in ('approved', 'declined')) = (decided_at is not null)),
        constraint change_orders_note_length_check check (length(note) <= 2000)
    );
    create index change_orders_client_id_idx on change_orders (client_id) where status = 'proposed';
    create index change_orders_proposed_by_id_idx on change_orders (proposed_by_id);
    create index change_orders_decided_by_id_idx on change_orders (decided_by_id);
    call part_of('change_orders', 'project_id', 'projects');
    call audit_table('change_orders', 'projects', 'project_id', label => 'title');

    create table project_alerts (
        id uuid primary key,
        project_id uuid not null,
        client_id uuid not null,
        threshold bigint not null,
        spent numeric(12, 2) not null,
        budget numeric(12, 2) not null,{RECORD},
        constraint project_alerts_project_id_threshold_key unique (project_id, threshold),
        constraint project_alerts_threshold_check check (threshold in (50, 80, 100))
    );
    create index project_alerts_client_id_idx on project_alerts (client_id);
    call part_of('project_alerts', 'project_id', 'projects');
    call audit_table('project_alerts', 'projects', 'project_id', array['client_id']);

    create table project_reviews (
        id uuid primary key,
        project_id uuid not null constraint project_reviews_project_id_key unique,
        team_id uuid not null constraint project_reviews_team_id_fkey references teams (id) on delete restrict,
        client_id uuid not null constraint project_reviews_client_id_fkey references clients (id) on delete restrict,
        user_id uuid constraint project_reviews_user_id_fkey references users (id) on delete restrict,
        stars bigint not null,
        comment text not null default '',{RECORD},
        constraint project_reviews_stars_range_check check (stars between 1 and 5),
        constraint project_reviews_comment_length_check check (length(comment) <= 2000)
    );
    create index project_reviews_team_id_idx on project_reviews (team_id);
    create index project_reviews_client_id_idx on project_reviews (client_id);
    create index project_reviews_user_id_idx on project_reviews (user_id);
    call part_of('project_reviews', 'project_id', 'projects');
    call audit_table('project_reviews', 'projects', 'project_id');
"""

FIGURES = """
    create function sum_spent() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        update projects p set spent = t.spent
          from (select x.id, coalesce(sum(e.amount) filter (where e.status = 'approved'), 0) as spent
                  from (select distinct project_id as id from rows) x left join time_entries e on e.project_id = x.id
                 group by x.id) t
         where p.id = t.id and p.spent <> t.spent;
        return null;
    end $$;

    create function count_projects_of(those uuid[]) returns void language sql security definer set search_path = public, pg_temp as $$
        update teams t set active_projects = c.active, finished_projects = c.finished, successful_projects = c.succeeded
          from (select x.id, count(p.id) filter (where p.status = 'active') as active,
                       count(p.id) filter (where p.status in ('completed', 'cancelled')) as finished,
                       count(p.id) filter (where p.succeeded) as succeeded
                  from (select distinct unnest(those) as id) x left join projects p on p.team_id = x.id
                 group by x.id) c
         where t.id = c.id and (t.active_projects, t.finished_projects, t.successful_projects)
                               is distinct from (c.active, c.finished, c.succeeded)
    $$;

    create function count_projects() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        if tg_op = 'UPDATE' then
            perform count_projects_of(array(
                select unnest(array[o.team_id, n.team_id]) from old_rows o join rows n using (id)
                 where (o.team_id, o.status, o.succeeded) is distinct from (n.team_id, n.status, n.succeeded)));
        else
            perform count_projects_of(array(select distinct team_id from rows where team_id is not null));
        end if;
        return null;
    end $$;
    create trigger count_projects_insert after insert on projects referencing new table as rows
        for each statement execute function count_projects();
    create trigger count_projects_update after update on projects referencing old table as old_rows new table as rows
        for each statement execute function count_projects();
    create trigger count_projects_delete after delete on projects referencing old table as rows
        for each statement execute function count_projects();

    create function sum_project_reviews() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        update teams t set rating_sum = r.stars, reviews_count = r.many
          from (select x.id, coalesce(sum(v.stars), 0) as stars, count(v.id) as many
                  from (select distinct team_id as id from rows) x left join project_reviews v on v.team_id = x.id
                 group by x.id) r
         where t.id = r.id and (t.rating_sum, t.reviews_count) is distinct from (r.stars, r.many);
        return null;
    end $$;
"""


def _follow(table: str, function: str) -> str:
    return "".join(
        f"""
        create trigger {function}_{verb} after {verb} on {table} referencing {transition} table as rows
            for each statement execute function {function}();"""
        for verb, transition in (("insert", "new"), ("update", "new"), ("delete", "old"))
    )


RLS = """
    create function own_project_ids() returns uuid[] language sql stable security definer set search_path = public, pg_temp
        as $$ select case when current_company_id() is null
                  then array(select p.id from team_members m join projects p on p.team_id = m.team_id
                                where m.user_id = current_user_id()) else '{}' end $$;
    comment on function own_project_ids is 'The projects that the present expert works on. A company needs none of it.';

    call enable_rls('teams', 'everyone');
    call enable_rls_shown('team_members', 'false');
    revoke insert, update, delete on team_members from diglit_tenant;
    call enable_rls('projects', 'client_id = (select current_company_id()) or id = any ((select own_project_ids())::uuid[])');
    call enable_rls('milestones', 'project');
    call enable_rls('deliverables', 'project');
    call enable_rls('deliverable_dependencies', 'project');
    call enable_rls('time_entries', 'client_id = (select current_company_id()) or user_id = (select current_user_id())');
    call enable_rls('change_orders', 'project');
    call enable_rls('project_alerts', 'project');
    call enable_rls('project_reviews', 'project', 'client_id = (select current_company_id())');
"""


def upgrade() -> None:
    for part in (TEAMS, PROJECTS, FIGURES, _follow("time_entries", "sum_spent")):
        op.execute(part)
    op.execute(_follow("project_reviews", "sum_project_reviews"))
    op.execute(RLS)


def downgrade() -> None:
    op.execute("""
        drop trigger keep_members_accounts_insert on assistants;
        drop trigger keep_members_accounts_update on assistants;
        drop function keep_members_accounts();
        delete from reservations where project_id is not null;
        alter table reservations drop constraint reservations_project_id_client_id_fkey;
        drop trigger take_client_id_by_project_id on reservations;
        drop table project_reviews, project_alerts, change_orders, time_entries, deliverable_dependencies, deliverables,
            milestones, projects, team_members, teams;
        drop function own_project_ids(), sum_project_reviews(), count_projects(), count_projects_of(uuid[]), sum_spent(),
            keep_days_to_24_hours(), guard_decided_time(), refuse_cycle();
        delete from data_versions where table_name in (
            'project_reviews', 'project_alerts', 'change_orders', 'time_entries', 'deliverable_dependencies', 'deliverables',
            'milestones', 'projects', 'team_members', 'teams');
    """)
