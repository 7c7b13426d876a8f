"""The application's own role, and row-level security on every table with rows of a company or a person."""

from alembic import op

revision = "20261122_1110"
down_revision = "20261122_1100"
branch_labels = None
depends_on = None

# Roles belong to the whole server: another database of it may have made them already, or be making them now.
ROLES = """
    do $$
    declare
        wanted record;
        standing constant text := case when current_setting('server_version_num')::int < 160000 then 'member' else 'set' end;
    begin
        for wanted in select * from (values
            ('diglit_staff', 'nologin'), ('diglit_tenant', 'nologin'), ('diglit_app', 'login noinherit')) r (name, kind)
        loop
            if not exists (select from pg_roles where rolname = wanted.name) then
                begin
                    execute format('create role %I %s', wanted.name, wanted.kind);
                exception when duplicate_object or unique_violation then null;
                end;
            end if;
        end loop;
        if exists (select from pg_roles where rolname like 'diglit\\_%' and (rolsuper or rolbypassrls)
                      and rolname in ('diglit_app', 'diglit_staff', 'diglit_tenant')) then
            raise exception 'The roles diglit_app, diglit_staff and diglit_tenant must be neither superuser nor bypassrls.';
        end if;
        if not (pg_has_role('diglit_app', 'diglit_staff', 'member')
                and pg_has_role('diglit_app', 'diglit_tenant', 'member')) then
            grant diglit_staff, diglit_tenant to diglit_app;
        end if;
        -- Who migrates may stand for them too, for where nobody can come in as diglit_app. Since PostgreSQL 16, whoever
        -- made a role is a member that may not.
        if not (pg_has_role('diglit_staff', standing) and pg_has_role('diglit_tenant', standing)) then
            execute format('grant diglit_staff, diglit_tenant to %I', current_user);
        end if;
    end $$;
"""

RLS = """
    create function current_company_id() returns uuid language sql stable parallel safe
        return nullif(current_setting('diglit.company', true), '')::uuid;
    comment on function current_company_id is 'The company that this connection stands for; null for nobody and for staff.';

    create function current_user_id() returns uuid language sql stable parallel safe
        return nullif(current_setting('diglit.user', true), '')::uuid;
    comment on function current_user_id is 'The user whom this connection stands for; null for nobody and for staff.';

    create procedure enable_rls(secured regclass, visible text default null, written text default null,
                                rights text default 'select, insert, update, delete',
                                staff_rights text default 'select, insert, update, delete') language plpgsql as $$
    declare
        shown constant text := case visible when 'company' then 'client_id = (select current_company_id())'
                                         when 'user' then 'user_id = (select current_user_id())'
                                         when 'project' then 'client_id = (select current_company_id())'
                                              ' or project_id = any ((select own_project_ids())::uuid[])'
                                         else visible end;
        sequence regclass;
    begin
        execute format('grant %s on %s to diglit_staff', staff_rights, secured);
        for sequence in select d.objid::regclass from pg_depend d join pg_class c on c.oid = d.objid
                         where d.refobjid = secured and c.relkind = 'S' loop
            execute format('grant usage on sequence %s to diglit_staff', sequence);
        end loop;
        if shown = 'everyone' then
            execute format('grant select on %s to diglit_tenant', secured);
        elsif shown is not null then
            execute format('alter table %s enable row level security', secured);
            -- A constant costs the planner nothing, and leaves every index of a search usable.
            execute format('create policy staff on %s to diglit_staff using (true) with check (true)', secured);
            execute format('grant %s on %s to diglit_tenant', rights, secured);
            execute format('create policy tenant on %s to diglit_tenant using (%s) with check (%s)',
                           secured, shown, coalesce(written, shown));
        end if;
    end $$;
    comment on procedure enable_rls is
        'Give the application its rights on a table, staff on all rows and a tenant on those that are visible to it: company '
        '(by client_id), user (by user_id), project (by client_id, or by project_id for an expert), a condition, everyone (reads all), or null for staff alone.';

    create function take_client_id() returns trigger language plpgsql as $$
    begin
        execute format('select client_id from %I where id = $1', tg_argv[0])
           into new.client_id using (to_jsonb(new) ->> tg_argv[1])::uuid;
        return new;
    end $$;

    create procedure part_of(part regclass, pointer text, parent regclass, on_delete text default 'cascade')
        language plpgsql as $$
    begin
        execute format('alter table %s add constraint %I foreign key (%I, client_id) references %s (id, client_id) '
                       'on update cascade on delete %s', part, part || '_' || pointer || '_client_id_fkey', pointer,
                       parent, on_delete);
        execute format('create trigger %I before insert on %s for each row '
                       'when (new.client_id is null and new.%I is not null) execute function take_client_id(%L, %L)',
                       'take_client_id_by_' || pointer, part, pointer, parent, pointer);
    end $$;
    comment on procedure part_of is
        'Make the rows of a table parts of a company''s record: of the same company, which they take from it.';

    do $$ begin
        execute format('grant connect on database %I to diglit_app', current_database());
        execute format('grant usage on schema %I to diglit_staff, diglit_tenant', current_schema());
    end $$;
"""

POLICIES = """
    call enable_rls('clients', 'id = (select current_company_id())', rights => 'select, update');
    -- Nobody becomes staff through a tenant's connection.
    call enable_rls('users', 'client_id = (select current_company_id()) or id = (select current_user_id())',
                    'role = ''client'' and client_id = (select current_company_id())
                     or role = ''expert'' and id = (select current_user_id()) and (select current_company_id()) is null', 'select, insert, update');

    call enable_rls('oauth_grants', 'user_id = (select current_user_id()) or user_id in (select id from users)');
    call enable_rls('oauth_applications', 'client_id = (select current_company_id())');
    create policy granted on oauth_applications for select to diglit_tenant
        using (id in (select application_id from oauth_grants where user_id = (select current_user_id())));

    call enable_rls('user_sessions',
        'user_id = (select current_user_id()) or user_id in (select id from users)
         or user_id is null and application_id in (
                select id from oauth_applications where client_id = (select current_company_id()))');
    call enable_rls('refresh_tokens', 'session_id in (select id from user_sessions)');
    call enable_rls('tickets', 'user_id = (select current_user_id()) or user_id in (select id from users)');

    call enable_rls('two_factors', 'user');
    call enable_rls('recovery_codes', 'user');
    call enable_rls('passkeys', 'user');
    call enable_rls('known_browsers', 'user');
    call enable_rls('linked_identities', 'user');
    call enable_rls('notifications', 'user');
    call enable_rls('outgoing_mails', 'user', rights => 'select');

    call enable_rls('api_keys',
        'client_id = (select current_company_id()) or client_id is null and user_id = (select current_user_id())');
    call enable_rls('api_key_uses', 'api_key_id in (select id from api_keys)');

    call enable_rls('audit_entries', 'company', rights => 'select', staff_rights => 'select');
    call enable_rls('audit_chains', staff_rights => 'select');
    call enable_rls('audit_checkpoints', staff_rights => 'select, insert');

    call enable_rls('products', 'everyone');
    call enable_rls('solutions', 'everyone');
    call enable_rls('solution_products', 'everyone');
    call enable_rls('service_categories', 'everyone');
    call enable_rls('offerings', 'everyone');
    call enable_rls('data_versions', 'everyone', staff_rights => 'select');
    call enable_rls('search_words', 'everyone', staff_rights => 'select');
    call enable_rls('alembic_version', 'everyone', staff_rights => 'select');

    call enable_rls('signing_keys');
    call enable_rls('idempotency_keys');
    call enable_rls('change_sets');
    call enable_rls('change_rows');
    call enable_rls('change_parts');
    call enable_rls('column_choices');
    call enable_rls('counters');
    call enable_rls('job_reports');
    call enable_rls('procrastinate_jobs');
    call enable_rls('procrastinate_events');
    call enable_rls('procrastinate_periodic_defers');
    call enable_rls('procrastinate_workers');
"""

# The triggers write what the application itself may not: they run with the rights of the tables' owner.
TRUSTED = "grant execute on function audit_event(text, uuid, text, uuid, jsonb) to diglit_staff, diglit_tenant"

DOWN = """
    revoke execute on function audit_event(text, uuid, text, uuid, jsonb) from diglit_staff, diglit_tenant;

    do $$
    declare
        found record;
    begin
        for found in select schemaname, tablename, policyname from pg_policies
                      where policyname in ('staff', 'tenant', 'granted') and schemaname = current_schema() loop
            execute format('drop policy %I on %I.%I', found.policyname, found.schemaname, found.tablename);
            execute format('alter table %I.%I disable row level security', found.schemaname, found.tablename);
        end loop;
        execute format('revoke all on all tables in schema %I from diglit_staff, diglit_tenant', current_schema());
        execute format('revoke all on all sequences in schema %I from diglit_staff, diglit_tenant', current_schema());
        execute format('revoke usage on schema %I from diglit_staff, diglit_tenant', current_schema());
        execute format('revoke connect on database %I from diglit_app', current_database());
    end $$;
    drop procedure part_of;
    drop function take_client_id();
    drop procedure enable_rls;
    drop function current_user_id();
    drop function current_company_id();
"""


def upgrade() -> None:
    for part in (ROLES, RLS, POLICIES, TRUSTED):
        op.execute(part)


def downgrade() -> None:
    # The roles stay: other databases of the server may use them.
    op.execute(DOWN)
