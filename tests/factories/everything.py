"""A row in every table, for tests of what happens to all of them."""

from sqlalchemy import text

from app.core.audit import SYSTEM, audit_as
from app.extensions import db
from tests.factories.accounts import make_user
from tests.factories.catalogue import make_offering, make_product, make_service_category, make_solution

# What no record's maker fills. `:user` is a user's id, `:key` a new one.
REST = """
    insert into user_sessions (id, user_id, kind, created_at, last_used_at, expires_at)
        values (:key, :user, 'api', now(), now(), now() + interval '1 day');
    insert into tickets (token_hash, purpose, user_id, created_at, expires_at)
        values ('\\x01', 'reset-password', :user, now(), now() + interval '1 hour');
    insert into oauth_applications
            (id, client_id, identifier, secret_hash, name, redirect_uris, grant_types, created_at, updated_at)
        select :key, client_id, 'app', '\\x02', 'Ledger sync', '{https://ledger.example/back}', '{authorization_code}',
               now(), now() from users where id = :user;
    insert into oauth_grants (id, user_id, application_id, scopes, created_at, updated_at)
        values (:key, :user, :key, '{products:read}', now(), now());
    insert into user_sessions (id, user_id, kind, application_id, scopes, created_at, last_used_at, expires_at)
        values (gen_random_uuid(), :user, 'oauth', :key, '{products:read}', now(), now(), now() + interval '1 day');
    insert into two_factors (user_id, secret, created_at) values (:user, '\\x03', now());
    insert into recovery_codes (id, user_id, code_hash) values (:key, :user, '\\x04');
    insert into passkeys (id, user_id, credential_id, public_key, name, created_at)
        values (:key, :user, '\\x05', '\\x06', 'Laptop', now());
    insert into known_browsers (token_hash, user_id, created_at, last_used_at) values ('\\x07', :user, now(), now());
    insert into linked_identities (id, user_id, issuer, subject, created_at)
        values (:key, :user, 'https://id.example', 'subject', now());
    insert into api_keys (id, user_id, client_id, name, prefix, secret_hash, scopes, created_at, updated_at)
        select :key, id, client_id, 'Shop', 'dlk_abc', '\\x08', '{products:read}', now(), now()
        from users where id = :user;
    insert into api_key_uses (api_key_id, last_used_at) values (:key, now());
    insert into signing_keys (kid, algorithm, private_key, public_key, created_at)
        values ('kid', 'ES256', '\\x09', '{}', now());
    insert into outgoing_mails (id, user_id, kind, address, subject, created_at)
        values (:key, :user, 'reset-password', 'a@example.com', 'A new password', now());
    insert into notifications (id, user_id, kind, title, created_at)
        values (:key, :user, 'security', 'A new sign-in', now());
    insert into event_outbox (type, table_name, record_id, client_id, user_id, actor_name, change_id, data)
        select 'an.event', 'users', id, client_id, id, 'somebody', :key, '{}' from users where id = :user;
    select sequence_events(1);
    insert into event_outbox (type, table_name, record_id, client_id, user_id, actor_name, change_id, data)
        select 'an.event', 'users', id, client_id, id, 'somebody', :key, '{}' from users where id = :user;
    insert into event_consumers (name, last_id, moved_at) values ('a-consumer', 0, now());
    insert into event_deliveries (event_id, consumer, state, attempts, at)
        select id, 'a-consumer', 'done', 1, now() from events;
    insert into refresh_tokens (token_hash, session_id, created_at)
        select '\\x00', id, now() from user_sessions limit 1;
    insert into idempotency_keys (scope, key, fingerprint, status, headers, body, created_at)
        values ('user', 'key', '\\x00', 201, '[]', '\\x7b7d', now());
    insert into change_sets (id, kind, state, title, params, actor_name, created_at, rows_new, rows_changed,
                             rows_unchanged, rows_wrong, rows_conflict, rows_total, rows_done)
        values (:key, 'import', 'previewed', 'prices.csv', '{}', 'manager', now(), 1, 0, 0, 0, 0, 1, 0);
    insert into change_rows (change_set_id, number, kind, label, cells, before, after, problems)
        values (:key, 1, 'new', 'Ledger', '{}', '{}', '{}', '[]');
    insert into change_parts (change_set_id, number, content) values (:key, 0, '\\x6e616d65');
    insert into column_choices (resource_key, fingerprint, chosen, updated_at)
        values ('products', 'f', '{"columns": {"0": "name"}}', now());
    insert into counters (key, expires_at, count) values ('\\x0b', now() + interval '1 hour', 1);
    insert into audit_checkpoints (id, at, entries, heads, signature) values (:key, now(), 0, '[]', '\\x0a');
    insert into procrastinate_workers default values;
    insert into procrastinate_jobs (queue_name, task_name, args) values ('default', 'a.task', '{}');
    insert into procrastinate_periodic_defers (task_name, defer_timestamp, job_id, periodic_id)
        select task_name, 1, id, 'p' from procrastinate_jobs;
    insert into job_reports (job_id, done, total) select id, 1, 2 from procrastinate_jobs;
    insert into skills (id, name, slug, category, aliases, created_at, updated_at)
        values (:key, 'Excel', 'excel', 'Office', '{spreadsheets}', now(), now()),
               (:user, 'Bookkeeping', 'bookkeeping', 'Finance', '{}', now(), now());
    insert into skill_relations (id, skill_id, related_id, weight, created_at, updated_at)
        values (:key, :key, :user, 0.4, now(), now());
    insert into assistants (id, name, hourly_rate, weekly_hours, weekly, created_at, updated_at)
        values (:key, 'Ana Pérez', 40, 30, '{"mon": [["09:00", "17:00"]]}', now(), now());
    insert into assistant_skills (id, assistant_id, skill_id, level, position, created_at, updated_at)
        values (:key, :key, :key, 4, 0, now(), now());
    insert into time_off (id, assistant_id, starts_on, ends_on, created_at, updated_at)
        values (:key, :key, '2026-12-24', '2026-12-31', now(), now());
    insert into match_requests (id, client_id, user_id, skills, hours_per_week, start_date, created_at, updated_at)
        select :key, client_id, id, '[]', 20, '2026-12-01', now(), now() from users where id = :user;
    insert into matches (id, request_id, client_id, assistant_id, place, score, explanation, hours_per_week,
                         hourly_rate, currency, starts_on, created_at, updated_at)
        select :key, id, client_id, :key, 1, 0.5, '{}', 20, 40, 'USD', '2026-12-01', now(), now() from match_requests;
    insert into reservations (id, assistant_id, client_id, match_id, hours_per_week, starts_on, created_at, updated_at)
        select id, assistant_id, client_id, id, 20, '2026-12-01', now(), now() from matches;
    insert into reviews (id, match_id, assistant_id, client_id, user_id, stars, created_at, updated_at)
        select id, id, assistant_id, client_id, :user, 4, now(), now() from matches;
    insert into batch_assignments (id, fairness, params, figures, pairs, created_at, updated_at)
        values (:key, 0.5, '{}', '{}', '[]', now(), now());
    insert into teams (id, name, slug, specialization, created_at, updated_at)
        values (:key, 'Cloud movers', 'cloud-movers', 'cloud migration', now(), now());
    insert into team_members (id, team_id, assistant_id, name, position, created_at, updated_at)
        values (:key, :key, :key, 'Ana Pérez', 0, now(), now());
    update team_terms set user_id = :user;
    insert into projects (id, client_id, team_id, name, status, start_date, end_date, budget, created_at, updated_at)
        select :key, client_id, :key, 'Migration', 'active', '2026-12-01', '2027-03-01', 50000, now(), now()
        from users where id = :user;
    insert into milestones (id, project_id, position, title, created_at, updated_at)
        values (:key, :key, 0, 'Pilot', now(), now());
    insert into deliverables (id, project_id, milestone_id, position, title, created_at, updated_at)
        values (:key, :key, :key, 0, 'Inventory', now(), now()), (:user, :key, null, 1, 'Move', now(), now());
    insert into deliverable_dependencies (id, project_id, predecessor_id, successor_id, created_at, updated_at)
        values (:key, :key, :key, :user, now(), now());
    insert into time_entries (id, project_id, client_id, user_id, worked_on, minutes, hourly_rate, currency, status,
                              decided_at, created_at, updated_at)
        select :key, id, client_id, :user, '2026-12-02', 90, 40, 'USD', 'approved', now(), now(), now() from projects;
    insert into change_orders (id, project_id, client_id, number, title, created_at, updated_at)
        select :key, id, client_id, 1, 'One more server', now(), now() from projects;
    insert into number_series (id, client_id, kind, scope, last)
        select :key, client_id, 'change-order', id::text, 1 from projects;
    insert into project_alerts (id, project_id, threshold, spent, budget, created_at, updated_at)
        values (:key, :key, 50, 60, 100, now(), now());
    insert into project_reviews (id, project_id, team_id, client_id, stars, created_at, updated_at)
        select id, id, team_id, client_id, 5, now(), now() from projects;
    insert into automations (id, client_id, owner_id, name, description, status, version_number, trigger_type,
                             max_concurrent, created_at, updated_at)
        select :key, client_id, id, 'Invoice intake', '', 'active', 1, 'manual', 10, now(), now()
        from users where id = :user;
    insert into automation_versions (id, automation_id, number, workflow, author_name, created_at)
        values (:key, :key, 1, '{"trigger": {"type": "manual"}, "steps": [{"id": "a", "type": "transform"}]}',
                'manager', now());
    insert into automation_drafts (id, client_id, user_id, automation_id, base_number, name, workflow, earlier,
                                   created_at, updated_at)
        select :key, client_id, id, :key, 1, 'A draft', '{"trigger": {"type": "manual"}, "steps": []}', '[]', now(),
               now() from users where id = :user;
    insert into automation_secrets (id, client_id, name, value_sealed, created_at, updated_at)
        select :key, client_id, 'SHOP_KEY', '\\x0c', now(), now() from users where id = :user;
    insert into automation_runs (id, client_id, automation_id, version_number, status, trigger, dry_run, depth,
                                 actor_name, created_at)
        select :key, client_id, :key, 1, 'running', 'manual', false, 0, 'manager', now() from users where id = :user;
    insert into automation_steps (run_id, position, item, client_id, step_id, type, status, attempts, key)
        select :key, 0, -1, client_id, 'a', 'http', 'running', 1, :key from users where id = :user;
    insert into automation_attempts (run_id, position, item, number, client_id, started_at)
        select :key, 0, -1, 1, client_id, now() from users where id = :user;
    insert into automation_work (run_id, position, item, client_id, automation_id, state, fence)
        select :key, 0, -1, client_id, :key, 'ready', 0 from users where id = :user;
    insert into automation_months (automation_id, month, client_id, runs, succeeded, failed, cancelled, minutes_saved,
                                   seconds, last_run_at)
        select :key, '2026-11-01', client_id, 1, 1, 0, 0, 5, 2.5, now() from users where id = :user;
    insert into outgoing_messages (id, client_id, automation_id, run_id, step_id, item, attempt, key, channel, provider,
                                   recipient, summary, status, answer, created_at)
        select :key, client_id, :key, :key, 'a', -1, 1, :key, 'http', 'direct', 'https://shop.example/orders', 'POST',
               'sending', '', now() from users where id = :user;
    insert into model_spendings (client_id, month, spent, tokens, calls)
        select client_id, '2026-11-01', 1.25, 4000, 2 from users where id = :user;
    insert into model_usages (id, client_id, month, automation_id, model, spent, tokens, calls)
        select :key, client_id, '2026-11-01', :key, 'gpt-5-mini', 1.25, 4000, 2 from users where id = :user;
    insert into model_budgets (id, client_id, amount, created_at, updated_at)
        select :key, client_id, 50, now(), now() from users where id = :user;
    insert into event_log_files (id, client_id, name, size, created_at)
        select :key, client_id, 'invoices.csv', 4, now() from users where id = :user;
    insert into event_log_parts (id, file_id, number, client_id, content)
        select id, id, 0, client_id, '\\x63617365' from event_log_files;
    insert into process_analyses (id, client_id, author_id, process, source, method, state, currency, input, error,
                                  file_id, created_at, updated_at)
        select :key, client_id, id, 'Invoice intake', 'event_log', 'rules', 'reading', 'EUR', '{}', '', :key, now(),
               now() from users where id = :user;
    insert into data_tables (id, client_id, name, description, columns, created_at, updated_at)
        select :key, client_id, 'invoices', '', '[]', now(), now() from users where id = :user;
    insert into data_rows (id, table_id, key, values, created_at, updated_at)
        values (:key, :key, '2026-1', '{"amount": 12.5}', now(), now())
"""


def fill_every_table() -> None:
    user = make_user(role="client")
    product = make_product(name="Crème brûlée", features=["a", "b"])
    make_product(archived=True)
    make_solution(products=[product])
    make_service_category(offerings=[make_offering()])
    audit_as(db.session, actor=SYSTEM, action="fill")
    for statement in REST.split(";"):
        names = {name: value for name, value in (("user", user.id), ("key", product.id)) if f":{name}" in statement}
        db.session.execute(text(statement), names)
    db.session.commit()
