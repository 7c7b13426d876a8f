-- Fill empty tables of automations with :rows runs, of 20 companies with two automations each; the first automation has
-- half of them. Three steps and a try each; a twelfth failed, in 43 ways, one in a hundred waits for an answer. They were
-- made evenly over the last 390 days, and a twelfth still has its data, that of the last 30 days. The work in the queue
-- and the months are as the runner would have left them.

create function pg_temp.chance(i bigint, salt bigint) returns double precision language sql immutable
    return (hashint8extended(i, salt) & 1073741823) / 1073741824.0;
create function pg_temp.id_of(at timestamptz, i bigint) returns uuid language sql immutable
    return (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(i & 4095), 3, '0')
            || '8' || right(md5(i::text), 15))::uuid;

insert into clients (id, name, created_at, updated_at)
select gen_random_uuid(), 'Runs ' || n, now(), now() from generate_series(1, 20) n;
insert into automations (id, client_id, name, trigger_type, minutes_saved, promised_hours, created_at, updated_at, status,
                         description, version_number, version)
select gen_random_uuid(), id, 'Invoices of ' || name || ' ' || n, 'webhook', 10, 100, now() - interval '400 days', now(),
       'active', '', 1, 1
  from clients, generate_series(1, 2) n where name like 'Runs %';
insert into automation_versions (id, created_at, automation_id, client_id, number, workflow, author_name)
select gen_random_uuid(), created_at, id, client_id, 1, '{"trigger": {"type": "webhook"}, "steps": [
    {"id": "read", "type": "transform", "with": {"total": "{{ trigger.body.total }}"}},
    {"id": "ask", "type": "http", "needs": ["read"], "with": {"method": "GET", "url": "https://example.com/"}},
    {"id": "check", "type": "approval", "needs": ["ask"], "with": {"ask": "Pay it?"}}]}'::jsonb, 'system'
  from automations;

create temp table made as
    select n, made_at, pg_temp.id_of(made_at, n) as id, automation.id as automation_id, automation.client_id, status,
           case when status <> 'waiting' then made_at + interval '3 seconds' end as over,
           case when status = 'failed' then left(md5(automation.id::text || case whose when 0 then floor(pg_temp.chance(n, 2) * 4)::text else '' end), 16) end as kind
      from (select n, now() - interval '390 days' + interval '390 days' * n / (:rows + 1) as made_at,
                   case when pg_temp.chance(n, 1) < 0.5 then 0 else floor(pg_temp.chance(n, 3) * 40)::int end as whose,
                   case when n > :rows * 0.99 then 'waiting' when pg_temp.chance(n, 4) < 0.083 then 'failed'
                        else 'succeeded' end as status
              from generate_series(1, :rows) n) given
      join (select id, client_id, row_number() over (order by name) - 1 as number from automations) automation
        on automation.number = given.whose;

insert into automation_runs (id, client_id, automation_id, version_number, status, trigger, delivery, dry_run, depth, input,
                             output, error, fingerprint, actor_name, settled_as, data_removed_at, created_at, started_at,
                             finished_at)
select id, client_id, automation_id, 1, status, 'webhook', 'hook:' || n, false, 0,
       case when has then jsonb_build_object('body', jsonb_build_object('total', n)) end, case when has then '{}'::jsonb end,
       case when kind is not null then jsonb_build_object('step', 'ask')
                 || case when has then jsonb_build_object('message', 'It answered 500.') else '{}' end end,
       kind, 'webhook', null, case when not has then over end,
       made_at, made_at, over
  from (select *, over is null or over > now() - interval '32 days' as has from made) m;

insert into automation_steps (run_id, position, item, client_id, step_id, type, status, attempts, key, input, output, error,
                              started_at, finished_at)
select id, position, -1, client_id, step_id, type,
       case when position = 2 and over is null then 'waiting' when position = 1 and kind is not null then 'failed'
            when position = 2 and kind is not null then 'skipped' else 'succeeded' end,
       1, gen_random_uuid(), case when data then jsonb_build_object('of', 'company', 'ask', 'Pay it?', 'total', n) end,
       case when data and (position < 2 or over is not null) then jsonb_build_object('status', 200, 'text', repeat('x', 200)) end,
       null, made_at, case when position < 2 then made_at + interval '1 second' else over end
  from (select *, over is null or over > now() - interval '32 days' as data from made) m,
       (values (0, 'read', 'transform'), (1, 'ask', 'http'), (2, 'check', 'approval')) step (position, step_id, type);

insert into automation_attempts (run_id, position, item, number, client_id, started_at, finished_at)
select id, 1, -1, 1, client_id, made_at, made_at + interval '1 second' from made;

insert into automation_months (automation_id, month, client_id, runs, succeeded, failed, cancelled, minutes_saved, seconds,
                               last_run_at)
select automation_id, date_trunc('month', over at time zone 'UTC')::date, client_id, count(*),
       count(*) filter (where kind is null), count(*) filter (where kind is not null), 0,
       10 * count(*) filter (where kind is null), 3 * count(*), max(over)
  from made where over is not null group by 1, 2, 3;
