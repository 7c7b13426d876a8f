-- Fill empty tables with :rows assistants that look like a real crowd: a few skills that many have and many that few
-- have, people in thirty zones who mostly keep office hours, three in five with hours reserved, one in seven away for a
-- while, ratings from single reviews of engagements. The same number of rows on the same day always gives the same data.

create function pg_temp.chance(i bigint, salt bigint) returns double precision language sql immutable
    return (hashint8extended(i, salt) & 1073741823) / 1073741824.0;

create function pg_temp.favourite(items text[], u double precision) returns text language sql immutable
    return items[least(floor(power(cardinality(items) + 1, u))::int, cardinality(items))];

create function pg_temp.key(kind text, i bigint) returns uuid language sql immutable
    return (lpad(to_hex(1767225600000 + i), 12, '0') || '7' || substr(md5(kind || i), 1, 3) || 'a'
            || substr(md5(kind || i), 4, 15))::uuid;

create temp table lists as
    select array['Ana', 'Omar', 'Mei', 'Jonas', 'Priya', 'Lena', 'Kofi', 'Sara', 'Ivan', 'Chloé', 'Noor', 'Pedro', 'Aiko', 'Tariq',
                 'Olga', 'Marta', 'Samir', 'Grace', 'Hugo', 'Fatima', 'Erik', 'Lucía', 'Arjun', 'Zoë', 'Paolo'] as first,
           array['Pérez', 'Haddad', 'Tanaka', 'Keller', 'Sharma', 'Novak', 'Mensah', 'Lindqvist', 'Petrov', 'Dubois', 'Rahman',
                 'Silva', 'Ito', 'Khan', 'Kowalska', 'Rossi', 'Nasser', 'Okafor', 'Moreau', 'Yılmaz', 'Berg', 'García',
                 'Patel', 'van Dijk', 'Conti', 'Santos', 'Reyes', 'Weber', 'Horvat', 'Murphy'] as last,
           array['Europe/Berlin', 'Asia/Manila', 'America/New_York', 'Europe/London', 'Asia/Kolkata', 'Europe/Warsaw',
                 'Europe/Madrid', 'America/Sao_Paulo', 'Africa/Nairobi', 'America/Bogota', 'Europe/Bucharest',
                 'America/Chicago', 'Europe/Paris', 'Africa/Lagos', 'Asia/Karachi', 'Asia/Jakarta', 'Europe/Lisbon',
                 'America/Los_Angeles', 'Asia/Dhaka', 'Africa/Cairo', 'America/Mexico_City', 'Australia/Sydney',
                 'Europe/Athens', 'Asia/Kathmandu', 'Asia/Tokyo', 'America/Argentina/Buenos_Aires', 'Pacific/Auckland',
                 'America/Toronto', 'Asia/Dubai', 'UTC'] as zones,
           array['09:00-17:00', '08:00-16:00', '09:00-12:00,13:00-18:00', '10:00-18:00', '08:00-12:00', '13:00-17:00',
                 '07:00-15:00', '17:00-22:00', '22:00-06:00', '06:00-14:00', '09:30-17:30', '14:00-20:00'] as hours,
           array['mon,tue,wed,thu,fri', 'mon,tue,wed,thu', 'tue,wed,thu,fri', 'mon,wed,fri', 'mon,tue,wed,thu,fri,sat',
                 'sat,sun', 'mon,tue,wed'] as days;

create temp table known_skills as
    select row_number() over (order by md5(slug)) as n, id, name from skills where status = 'approved';

create temp table plan as
    select i, pg_temp.key('assistant', i) as id,
           l.first[1 + floor(25 * pg_temp.chance(i, 1))::int] || ' ' || l.last[1 + floor(30 * pg_temp.chance(i, 2))::int] as name,
           pg_temp.favourite(l.zones, pg_temp.chance(i, 3)) as zone,
           case when pg_temp.chance(i, 4) < 0.9 then pg_temp.favourite(l.hours, pg_temp.chance(i, 5)) end as hours,
           pg_temp.favourite(l.days, power(pg_temp.chance(i, 6), 1.5)) as days,
           (array[40, 30, 20, 25, 35, 10])[1 + floor(6 * power(pg_temp.chance(i, 7), 1.5))::int] as weekly_hours,
           round((12 + 90 * power(pg_temp.chance(i, 8), 2.2) + 6 * pg_temp.chance(i, 9))::numeric * 2) / 2 as rate,
           (array['USD', 'EUR', 'GBP', 'CHF'])[1 + floor(4 * power(pg_temp.chance(i, 10), 1.7))::int] as currency,
           floor(power(40, pg_temp.chance(i, 11)))::int - 1 as reviews
      from lists l cross join generate_series(1, :rows) i;

insert into assistants (id, name, headline, about, hourly_rate, currency, timezone, weekly_hours, weekly, available_from,
                        created_at, updated_at)
select p.id, p.name, 'Works ' || p.weekly_hours || ' hours a week', 'Careful, quick and easy to reach.', p.rate, p.currency,
       p.zone, p.weekly_hours,
       case when p.hours is null then '{}' else
            (select jsonb_object_agg(d, (select jsonb_agg(jsonb_build_array(split_part(h, '-', 1), split_part(h, '-', 2)))
                                           from unnest(string_to_array(p.hours, ',')) h))
               from unnest(string_to_array(p.days, ',')) d) end,
       case when pg_temp.chance(p.i, 12) < 0.08 then current_date + floor(90 * pg_temp.chance(p.i, 13))::int end,
       now() - interval '2 years' * pg_temp.chance(p.i, 14), now()
  from plan p;

insert into assistant_skills (id, assistant_id, skill_id, level, position, created_at, updated_at)
select gen_random_uuid(), x.assistant_id, k.id, x.level, x.position, now(), now()
  from (select p.id as assistant_id, min(j) as position, max(1 + floor(5 * power(pg_temp.chance(p.i, 100 + j), 0.8))::int) as level,
               least(floor(power((select count(*) from known_skills) + 1, power(pg_temp.chance(p.i, 200 + j), 0.8)))::int,
                     (select count(*) from known_skills)) as n
          from plan p cross join generate_series(0, 8) j
         where j < 3 + p.i % 7 group by p.id, n) x
  join known_skills k on k.n = x.n;

insert into clients (id, name, created_at, updated_at)
select pg_temp.key('client', i), 'Company ' || i, now(), now() from generate_series(1, 200) i;

-- Engagements of the past, each with its review, and those that go on, each with its hours.
create temp table engaged as
    select p.id as assistant_id, p.i * 64 + j as n, pg_temp.key('client', 1 + (p.i * 7 + j) % 200) as client_id, p.rate, p.currency,
           p.weekly_hours, j < p.reviews as is_past, pg_temp.chance(p.i, 300 + j) as chance
      from plan p cross join lateral generate_series(0, p.reviews + case when pg_temp.chance(p.i, 15) < 0.6 then 0 else -1 end) j;

insert into match_requests (id, client_id, skills, hours_per_week, start_date, status, created_at, updated_at)
select pg_temp.key('request', n), client_id, '[]', 10, current_date - 400, 'filled', now(), now() from engaged;

insert into matches (id, request_id, client_id, assistant_id, place, score, explanation, status, hours_per_week, hourly_rate,
                     currency, starts_on, ends_on, decided_at, ended_on, created_at, updated_at)
select pg_temp.key('match', n), pg_temp.key('request', n), client_id, assistant_id, 1, 0.8, '{}',
       case when is_past then 'completed' else 'accepted' end,
       case when is_past then 10 else weekly_hours * (array[0.25, 0.5, 0.75, 1])[1 + floor(4 * chance)::int] end, rate, currency,
       case when is_past then current_date - 400 else current_date - 30 end,
       case when is_past then current_date - 100 when n % 2 = 0 then current_date + 20 + floor(200 * chance)::int end,
       now() - interval '1 year', case when is_past then current_date - 100 end, now() - interval '1 year', now()
  from engaged;

insert into reservations (id, assistant_id, client_id, match_id, hours_per_week, starts_on, ends_on, created_at, updated_at)
select id, assistant_id, client_id, id, hours_per_week, starts_on, ends_on, now(), now() from matches where status = 'accepted';

insert into reviews (id, match_id, assistant_id, client_id, stars, created_at, updated_at)
select m.id, m.id, m.assistant_id, m.client_id, 5 - floor(3 * power(e.chance, 2.5))::int, now(), now()
  from engaged e join matches m on m.id = pg_temp.key('match', e.n) where e.is_past;

insert into time_off (id, assistant_id, starts_on, ends_on, created_at, updated_at)
select pg_temp.key('off', i), id, first, first + 4 + floor(14 * pg_temp.chance(i, 17))::int, now(), now()
  from (select *, current_date + floor(120 * pg_temp.chance(i, 18))::int as first from plan) p
 where pg_temp.chance(i, 16) < 0.15;

-- What triggers would have kept.
update assistants a set rating_sum = r.stars, reviews_count = r.many, projects_completed = r.many
  from (select assistant_id, sum(stars) as stars, count(*) as many from reviews group by 1) r where r.assistant_id = a.id;
update assistants a set reserved_hours = r.hours
  from (select assistant_id, max(hours_per_week) as hours from reservations group by 1) r where r.assistant_id = a.id;
update assistants a set skill_words = w.words
  from (select k.assistant_id, string_agg(s.name, ' ' order by k.position) as words
          from assistant_skills k join skills s on s.id = k.skill_id group by 1) w where w.assistant_id = a.id;
insert into assistant_changes (assistant_id, xact) select id, pg_current_xact_id() from assistants;
