-- Fill an empty `products` with :rows rows that look like a real catalogue: few words are in half of the rows, most are
-- in a handful; categories and prices depend on each other; some features were only sold long ago. The same number of
-- rows always gives the same data.

create function pg_temp.chance(i bigint, salt bigint) returns double precision language sql immutable
    return (hashint8extended(i, salt) & 1073741823) / 1073741824.0;

-- One of `items`, the first ones far more often than the last.
create function pg_temp.favourite(items text[], u double precision) returns text language sql immutable
    return items[least(floor(power(cardinality(items) + 1, u))::int, cardinality(items))];

-- One of 27,000 made-up words, the first one in every 15th place, the last ones in a handful.
create function pg_temp.made_up(u double precision) returns text language sql immutable
begin atomic
    select initcap((array['al', 'bri', 'cor', 'dax', 'en', 'fen', 'gra', 'hal', 'in', 'jor', 'kel', 'lum', 'mer', 'nov', 'or',
                          'pra', 'qui', 'ros', 'sel', 'tan', 'ur', 'vel', 'wex', 'xan', 'yor', 'zen', 'bal', 'cy', 'dra', 'ev'])[n % 30 + 1]
                   || (array['a', 'e', 'i', 'o', 'u', 'ara', 'eri', 'ilo', 'ona', 'umi', 'ax', 'ex', 'ix', 'ox', 'ux', 'am', 'em',
                             'im', 'om', 'um', 'an', 'el', 'il', 'or', 'ur', 'as', 'es', 'is', 'os', 'us'])[n / 30 % 30 + 1]
                   || (array['ba', 'co', 'dia', 'fo', 'go', 'ha', 'ja', 'ka', 'lis', 'max', 'net', 'po', 'qua', 'ris', 'sys',
                             'tec', 'va', 'wave', 'xis', 'zon', 'bit', 'cor', 'dex', 'fix', 'gen', 'lab', 'mar', 'nix', 'ply', 'tron'])[n / 900 % 30 + 1])
      from (select (floor(power(27001, u))::bigint * 7919 % 27000)::int as n);
end;

create temp table vocabulary as
    select array['Analytics', 'Report', 'Platform', 'Suite', 'Manager', 'Invoice', 'Automation', 'Assistant', 'Cloud',
                 'Workflow', 'Connector', 'Dashboard', 'Scanner', 'Ledger', 'Planner', 'Gateway', 'Archive', 'Monitor',
                 'Scheduler', 'Payroll', 'Forecast', 'Inventory', 'Signature', 'Translation', 'Café Register'] as nouns,
           array['Software', 'Consulting', 'Hardware', 'Training', 'Analytics', 'Finance', 'Marketing', 'Logistics',
                 'Support', 'Security', 'Integration', 'Staffing', 'Legal', 'Research', 'Design', 'Energy', 'Retail',
                 'Health', 'Travel', 'Catering', 'Insurance', 'Print', 'Facilities', 'Legacy'] as categories,
           array['Single sign-on', 'API access', 'Audit log', 'Mobile app', 'Email support', 'Phone support', 'CSV import',
                 'PDF export', 'Custom fields', 'Two-factor sign-in', 'Webhooks', 'Multi-currency', 'Offline mode',
                 'Data residency', 'Role management', 'White label', 'Barcode scanning', 'Approval chains', 'Reminders',
                 'Templates', 'Versioning', 'Time tracking', 'Shared calendar', 'Chat', 'Priority onboarding'] as features,
           array['Works with the tools that your team already has.', 'Set up within a day and paid by the month.',
                 'Reports are ready every morning before the first meeting.', 'Made for small teams that grow quickly.',
                 'Every change is recorded and can be taken back.', 'Includes training for up to ten people.',
                 'Connects to accounting systems and banks.', 'Data stays in the region of your choice.',
                 'Replaces spreadsheets by one shared source.', 'Support answers within two working hours.',
                 'Scales from one office to many countries.', 'Checks documents and asks when something is unclear.',
                 'Plans capacity weeks ahead.', 'Sends invoices and reminders by itself.',
                 'Finds duplicates before they cost money.', 'Certified according to current standards.',
                 'Can be tried for thirty days.', 'Shows margins by customer, project and month.',
                 'Runs on premises or as a service.', 'Comes with a personal contact.'] as sentences;

insert into products (id, name, slug, category, description, price, currency, features, icon, archived_at, created_at, updated_at)
select (lpad(to_hex((extract(epoch from p.created_at) * 1000)::bigint), 12, '0') || '7'
        || substr(md5(p.i::text), 1, 3) || 'a' || substr(md5(p.i::text), 4, 15))::uuid,
       p.name,
       trim(both '-' from regexp_replace(plain(p.name), '[^a-z0-9]+', '-', 'g')) || '-' || p.i,
       p.category,
       pg_temp.favourite(v.sentences, pg_temp.chance(p.i, 21)) || ' '
           || pg_temp.made_up(pg_temp.chance(p.i, 22)) || ' included. '
           || pg_temp.favourite(v.sentences, pg_temp.chance(p.i, 23)) || ' '
           || v.sentences[1 + floor(20 * pg_temp.chance(p.i, 24))::int],
       round(least((case p.category when 'Hardware' then 900 when 'Training' then 20 when 'Consulting' then 300 else 60 end
                    * exp(1.1 * (pg_temp.chance(p.i, 31) + pg_temp.chance(p.i, 32) + pg_temp.chance(p.i, 33) - 1.5) * 2))::numeric,
                   case p.category when 'Training' then 99 else 99999 end), 0)
           + (array[0, 0.5, 0.9, 0.95, 0.99])[1 + floor(5 * pg_temp.chance(p.i, 34))::int],
       (array['USD', 'EUR', 'GBP', 'CHF'])[1 + floor(4 * power(pg_temp.chance(p.i, 35), 3))::int],
       array(select distinct pg_temp.favourite(v.features, pg_temp.chance(p.i, 40 + k)) from generate_series(1, p.i % 6) k)
           || case when p.i < :rows * 0.01 then array['Fax gateway'] else '{}' end,
       '',
       case when pg_temp.chance(p.i, 51) < 0.05 then p.created_at + interval '30 days' end,
       p.created_at,
       p.created_at + interval '90 days' * pg_temp.chance(p.i, 52)
  from vocabulary v
 cross join lateral (
       select i,
              timestamptz '2023-01-01 00:00Z' + interval '3 years' * (i / :rows::double precision) as created_at,
              case when i < :rows * 0.02 then 'Legacy'
                   else pg_temp.favourite(v.categories[1:23], pg_temp.chance(i, 11)) end as category,
              pg_temp.made_up(pg_temp.chance(i, 1)) || ' '
                  || pg_temp.favourite(v.nouns, pg_temp.chance(i, 2))
                  || case when i % 3 = 0 then ' ' || pg_temp.favourite(v.nouns, pg_temp.chance(i, 3)) else '' end
                  || case when i % 4 = 0 then ' ' || (1 + floor(900 * pg_temp.chance(i, 4)))::int else '' end as name
         from generate_series(1, :rows) i) p;
