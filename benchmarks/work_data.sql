-- Fill empty tables of teams and projects with :teams teams of four to nine of the assistants that are there, and
-- :projects projects of 1,000 companies, with milestones, deliverables that wait for each other, and time entries. Most
-- projects are over, about one in twelve runs. The same numbers and assistants always give the same data.

create function pg_temp.chance(i bigint, salt bigint) returns double precision language sql immutable
    return (hashint8extended(i, salt) & 1073741823) / 1073741824.0;
create function pg_temp.one_of(items text[], u double precision) returns text language sql immutable
    return items[1 + floor(u * cardinality(items))::int];

create temp table lists as
    select array['Cloud migration', 'Data platform', 'Web shop', 'ERP introduction', 'Security review', 'Brand design',
                 'Support desk', 'Payroll outsourcing', 'Process automation', 'Mobile app', 'Reporting', 'Marketing campaign'] as kinds,
           array['North', 'Harbour', 'Cedar', 'Lumen', 'Granite', 'Willow', 'Atlas', 'Delta', 'Orchid', 'Summit', 'River',
                 'Copper', 'Falcon', 'Meadow', 'Quartz', 'Beacon', 'Juniper', 'Marble', 'Nimbus', 'Poppy'] as words,
           array['Inventory', 'Concept', 'Prototype', 'Data model', 'Interfaces', 'Pilot', 'Training', 'Move', 'Tests',
                 'Documentation', 'Handover'] as parts;

insert into clients (id, name, created_at, updated_at)
select gen_random_uuid(), initcap(pg_temp.one_of(words, pg_temp.chance(i, 1))) || ' ' || pg_temp.one_of(words, pg_temp.chance(i, 2))
           || ' ' || pg_temp.one_of(array['Ltd', 'GmbH', 'SAS', 'BV', 'Inc'], pg_temp.chance(i, 3)) || ' ' || i, now(), now()
  from generate_series(1, greatest(0, 1000 - (select count(*) from clients)::int)) i, lists;

create temp table companies as select row_number() over (order by created_at, id) - 1 as n, id from clients;
create temp table people as
    select row_number() over (order by id) - 1 as n, id, user_id, name, hourly_rate
      from (select * from assistants where archived_at is null order by id limit :teams * 9) a;

insert into teams (id, name, slug, specialization, description, created_at, updated_at)
select gen_random_uuid(), w || ' ' || i, lower(w) || '-' || i, k, 'Does ' || lower(k) || ' for companies of every size.',
       now() - make_interval(hours => (:teams - i)::int), now()
  from generate_series(1, :teams) i, lists,
       lateral (select pg_temp.one_of(words, pg_temp.chance(i, 4)) as w, pg_temp.one_of(kinds, pg_temp.chance(i, 5)) as k) x;
create temp table squads as select row_number() over (order by created_at, id) - 1 as n, id, specialization from teams;

insert into team_members (id, team_id, assistant_id, user_id, name, role, share, position, created_at, updated_at)
select gen_random_uuid(), t.id, p.id, p.user_id, p.name,
       pg_temp.one_of(array['Lead', 'Engineer', 'Analyst', 'Designer', 'Consultant'], pg_temp.chance(p.n, 6)),
       (array[0.5, 0.8, 1])[1 + floor(pg_temp.chance(p.n, 7) * 3)::int], p.n / :teams, now(), now()
  from people p join squads t on t.n = p.n % :teams
 where p.n / :teams < 4 + floor(pg_temp.chance(t.n, 8) * 6);

create temp table plans as
select gen_random_uuid() as id, i, c.id as client_id, t.id as team_id, t.specialization,
       pg_temp.one_of(words, pg_temp.chance(i, 9)) as word, s as start_date, s + 30 + floor(pg_temp.chance(i, 10) * 150)::int as end_date,
       round((5000 + 115000 * pow(pg_temp.chance(i, 11), 2))::numeric, -2) as budget, 2 + floor(pg_temp.chance(i, 12) * 6)::int as parts
  from generate_series(1, :projects) i cross join lists
 cross join lateral (select current_date - 1300 + floor(pg_temp.chance(i, 13) * 1400)::int as s) d
  join companies c on c.n = floor(pow(pg_temp.chance(i, 14), 1.5) * (select count(*) from companies))::int
  join squads t on t.n = floor(pg_temp.chance(i, 15) * :teams)::int;
alter table plans add status text;
update plans set status = case when end_date < current_date then case when pg_temp.chance(i, 16) < 0.06 then 'cancelled' else 'completed' end
                               when start_date > current_date then case when pg_temp.chance(i, 16) < 0.3 then 'requested' else 'planned' end
                               when pg_temp.chance(i, 16) < 0.08 then 'on_hold' else 'active' end;

insert into projects (id, client_id, team_id, name, description, specialization, status, start_date, end_date, budget, currency,
                      planned_start, planned_end, planned_budget, started_on, completed_on, created_at, updated_at)
select id, client_id, case when status <> 'requested' then team_id end, word || ' ' || lower(specialization),
       'What was agreed for ' || lower(specialization) || '.', lower(specialization), status, start_date, end_date, budget, 'EUR',
       start_date, end_date, budget, case when status not in ('requested', 'planned') then start_date end,
       case when status = 'completed' then end_date - 10 + floor(pg_temp.chance(i, 17) * 16)::int end,
       start_date - 20 + make_interval(secs => i % 86400), now()
  from plans;

insert into milestones (id, project_id, position, title, due_date, created_at, updated_at)
select gen_random_uuid(), p.id, m, (array['Pilot', 'Handover'])[m + 1], p.start_date + (p.end_date - p.start_date) * (m + 1) / 2, now(), now()
  from plans p, generate_series(0, 1) m;

create temp table works as
select gen_random_uuid() as id, p.id as project_id, p.i, p.status, p.budget, p.parts, n, p.client_id, p.team_id,
       p.start_date + (p.end_date - p.start_date) * n / p.parts as starts,
       p.start_date + (p.end_date - p.start_date) * (n + 1) / p.parts - 1 as ends,
       pg_temp.one_of(l.parts, ((n + pg_temp.chance(p.i, 18)) / p.parts)) as title
  from plans p, lists l, lateral generate_series(0, p.parts - 1) n;
insert into deliverables (id, project_id, position, title, status, start_date, due_date, duration_days, estimate_hours, budget,
                          planned_start, planned_due, finished_on, decided_at, created_at, updated_at)
select id, project_id, n, title, state, starts, ends, greatest(1, (ends - starts) * 5 / 7), round(budget / parts / 60, 1), round(budget / parts, 2),
       starts, ends, case when state in ('approved', 'submitted') then ends end, case when state = 'approved' then ends + interval '1 day' end, now(), now()
  from works, lateral (select case when status = 'completed' then 'approved' when status = 'cancelled' then 'cancelled'
                                   when status in ('requested', 'planned') or starts > current_date then 'planned'
                                   when ends < current_date - 15 then 'approved'
                                   when ends < current_date then pg_temp.one_of(array['approved', 'submitted', 'in_progress'], pg_temp.chance(i * 10 + n, 19))
                                   else 'in_progress' end as state) s;
insert into deliverable_dependencies (id, project_id, predecessor_id, successor_id, created_at, updated_at)
select gen_random_uuid(), a.project_id, a.id, b.id, now(), now()
  from works a join works b on b.project_id = a.project_id and b.n = a.n + 1;

insert into time_entries (id, project_id, client_id, assistant_id, user_id, worked_on, minutes, note, hourly_rate, currency, status,
                          decided_at, created_at, updated_at)
select gen_random_uuid(), w.project_id, w.client_id, null, u.id, w.starts, 480, 'Worked on ' || lower(w.title),
       round(w.budget / w.parts / 8 * (0.6 + 0.5 * pg_temp.chance(w.i, 20))::numeric, 2), 'EUR', 'approved', w.starts + interval '1 day', now(), now()
  from works w, (select id from users order by id limit 1) u
 where w.status in ('completed', 'active', 'on_hold') and w.starts < current_date and w.budget / w.parts / 8 < 900000;

update projects p set spent = t.spent from (select project_id, sum(amount) as spent from time_entries group by 1) t where t.project_id = p.id;
update teams t set active_projects = c.active, finished_projects = c.finished, successful_projects = c.good
  from (select team_id, count(*) filter (where status = 'active') as active, count(*) filter (where status in ('completed', 'cancelled')) as finished,
               count(*) filter (where succeeded) as good from projects where team_id is not null group by 1) c
 where c.team_id = t.id;
