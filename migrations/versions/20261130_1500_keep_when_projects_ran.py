"""When projects ran, by which team, and who was in a team when: what may be logged of a day is decided by that day."""

from alembic import op

revision = "20261130_1500"
down_revision = "20261130_1400"
branch_labels = None
depends_on = None

TABLES = """
    create table project_runs (
        id bigint generated always as identity primary key,
        project_id uuid not null,
        client_id uuid not null,
        team_id uuid not null constraint project_runs_team_id_fkey references teams (id) on delete cascade,
        began_at timestamptz not null,
        ended_at timestamptz
    );
    create index project_runs_client_id_idx on project_runs (client_id);
    call part_of('project_runs', 'project_id', 'projects');
    create index project_runs_project_id_idx on project_runs (project_id, began_at);
    create index project_runs_team_id_idx on project_runs (team_id);

    create table team_terms (
        id bigint generated always as identity primary key,
        team_id uuid not null constraint team_terms_team_id_fkey references teams (id) on delete cascade,
        member_id uuid not null,
        assistant_id uuid constraint team_terms_assistant_id_fkey references assistants (id) on delete cascade,
        user_id uuid constraint team_terms_user_id_fkey references users (id) on delete cascade,
        name text not null,
        began_at timestamptz not null,
        ended_at timestamptz
    );
    create index team_terms_team_id_idx on team_terms (team_id, began_at);
    create index team_terms_member_id_idx on team_terms (member_id) where ended_at is null;
    create index team_terms_user_id_idx on team_terms (user_id);
    create index team_terms_assistant_id_idx on team_terms (assistant_id);

    call enable_rls('project_runs', 'project', rights => 'select', staff_rights => 'select');
    call enable_rls('team_terms', 'user', rights => 'select', staff_rights => 'select, update');
"""

# Whoever was in a team while it worked for a project, or logged time on it, goes on seeing it for that time.
EXPERTS = """
    create or replace function own_project_ids() returns uuid[] language sql stable security definer
        set search_path = public, pg_temp
        as $$ select case when current_company_id() is null then array(
                  select p.id from team_members m join projects p on p.team_id = m.team_id
                   where m.user_id = current_user_id()
                  union
                  select r.project_id from team_terms t join project_runs r on r.team_id = t.team_id
                    join projects p on p.id = r.project_id
                   where t.user_id = current_user_id()
                     and (t.ended_at is null or t.ended_at > r.began_at or t.ended_at > p.start_date)
                  union
                  select project_id from time_entries where user_id = current_user_id()) else '{}' end $$;
"""

TRIGGERS = """
    create function moment_of_change() returns timestamptz language sql stable
        return coalesce((audit_context()).at, now());

    create function note_project_run() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        if tg_op = 'UPDATE' and old.status = 'active' then
            update project_runs set ended_at = greatest(moment_of_change(), began_at)
             where project_id = new.id and ended_at is null;
        end if;
        if new.status = 'active' and new.team_id is not null then
            insert into project_runs (project_id, team_id, began_at) values (new.id, new.team_id, moment_of_change());
        end if;
        return null;
    end $$;
    create trigger note_project_run_insert after insert on projects
        for each row when (new.status = 'active') execute function note_project_run();
    create trigger note_project_run_update after update of status, team_id on projects
        for each row when (new.status is distinct from old.status or new.team_id is distinct from old.team_id)
        execute function note_project_run();

    create function note_team_term() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        if tg_op = 'UPDATE' and old.user_id is null and new.assistant_id is not distinct from old.assistant_id then
            update team_terms set user_id = new.user_id, name = new.name where member_id = new.id and ended_at is null;
            return null;
        end if;
        if tg_op <> 'INSERT' then
            update team_terms set ended_at = greatest(moment_of_change(), began_at)
             where member_id = old.id and ended_at is null;
        end if;
        if tg_op <> 'DELETE' then
            insert into team_terms (team_id, member_id, assistant_id, user_id, name, began_at)
            values (new.team_id, new.id, new.assistant_id, new.user_id, new.name, moment_of_change());
        end if;
        return null;
    end $$;
    create trigger note_team_term_insert after insert on team_members
        for each row execute function note_team_term();
    create trigger note_team_term_update after update of team_id, assistant_id, user_id on team_members
        for each row when (new.team_id <> old.team_id or new.user_id is distinct from old.user_id
                           or new.assistant_id is distinct from old.assistant_id) execute function note_team_term();
    create trigger note_team_term_delete after delete on team_members
        for each row execute function note_team_term();
"""

PAST = """
    -- What was is in the audit: each change with the fields that it touched, the first with all of them.
    insert into project_runs (project_id, team_id, began_at, ended_at)
    select id, team, at, until from (
        select id, status, team, at, lead(at) over (partition by id order by entry) as until
          from (select p.id, e.id as entry, e.at,
                       (array_agg(e.after ->> 'status') filter (where e.after ? 'status') over so_far)[
                           count(*) filter (where e.after ? 'status') over so_far] as status,
                       ((array_agg(e.after ->> 'team_id') filter (where e.after ? 'team_id') over so_far)[
                           count(*) filter (where e.after ? 'team_id') over so_far])::uuid as team
                  from projects p
                  join audit_entries e on e.table_name = 'projects' and e.record_id = p.id
                   and (e.after ? 'status' or e.after ? 'team_id')
                window so_far as (partition by p.id order by e.id)) states) spells
     where status = 'active' and team in (select t.id from teams t);

    insert into project_runs (project_id, team_id, began_at, ended_at)
    select p.id, p.team_id, p.started_on, case when p.status <> 'active' then greatest(p.updated_at, p.started_on) end
      from projects p
     where p.started_on is not null and p.team_id is not null
       and not exists (select from project_runs r where r.project_id = p.id);

    insert into team_terms (team_id, member_id, assistant_id, user_id, name, began_at, ended_at)
    select joined.parent_id, joined.record_id, a.id, coalesce(m.user_id, u.id), coalesce(m.name, joined.after ->> 'name'),
           joined.at, case when m.id is null then greatest(gone.at, joined.at) end
      from audit_entries joined
      join teams t on t.id = joined.parent_id
      left join team_members m on m.id = joined.record_id
      left join assistants a on a.id = coalesce(m.assistant_id, (joined.after ->> 'assistant_id')::uuid)
      left join users u on u.id = coalesce((joined.after ->> 'user_id')::uuid, a.user_id)
      left join lateral (select e.at from audit_entries e
                          where e.table_name = 'team_members' and e.record_id = joined.record_id
                            and e.after is null and e.id > joined.id order by e.id limit 1) gone on true
     where joined.table_name = 'team_members' and joined.before is null and joined.after ? 'name';

    insert into team_terms (team_id, member_id, assistant_id, user_id, name, began_at)
    select m.team_id, m.id, m.assistant_id, m.user_id, m.name, m.created_at from team_members m
     where not exists (select from team_terms t where t.member_id = m.id);
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(PAST)
    op.execute(TRIGGERS)
    op.execute(EXPERTS)


def downgrade() -> None:
    op.execute("""
        drop trigger note_project_run_insert on projects;
        drop trigger note_project_run_update on projects;
        drop trigger note_team_term_insert on team_members;
        drop trigger note_team_term_update on team_members;
        drop trigger note_team_term_delete on team_members;
        drop function note_project_run(), note_team_term(), moment_of_change();
        create or replace function own_project_ids() returns uuid[] language sql stable security definer
            set search_path = public, pg_temp
            as $$ select case when current_company_id() is null
                      then array(select p.id from team_members m join projects p on p.team_id = m.team_id
                                  where m.user_id = current_user_id()) else '{}' end $$;
        drop table team_terms, project_runs;
    """)
