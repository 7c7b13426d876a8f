"""People, companies, second factors, keys, third parties, mail and notifications."""

from alembic import op

revision = "20261122_1100"
down_revision = "20261122_1050"
branch_labels = None
depends_on = None

PEOPLE = """
    alter table clients
        add column require_second_factor boolean not null default false,
        add column merged_into_id uuid references clients (id) on delete restrict,
        add column search tsvector generated always as (setweight(to_tsvector('diglit', words_of(name)), 'A')) stored,
        add constraint clients_merged_is_suspended_check check (merged_into_id is null or status = 'suspended');
    create index clients_created_idx on clients (created_at, id);
    create index clients_updated_idx on clients (updated_at, id);
    create index clients_name_idx on clients (plain(name) collate "C", id);
    create index clients_status_idx on clients (status, created_at, id);
    create index clients_search_idx on clients using gin (search) with (gin_pending_list_limit = 256);
    create index clients_merged_into_id_idx on clients (merged_into_id) where merged_into_id is not null;

    alter table users
        add column company_role text,
        add column limits text[],
        add column email_confirmed_at timestamptz,
        add column merged_into_id uuid references users (id) on delete restrict,
        add column search tsvector generated always as (
            setweight(to_tsvector('diglit', words_of(username)), 'A')
            || setweight(to_tsvector('diglit', words_of(email)), 'B')) stored,
        add constraint users_merged_is_suspended_check check (merged_into_id is null or status = 'suspended'),
        add constraint users_company_role_check check (company_role in ('owner', 'member'));
    create index users_created_idx on users (created_at, id);
    create index users_updated_idx on users (updated_at, id);
    create index users_name_idx on users (plain(username) collate "C", id);
    create index users_address_idx on users (lower(email) collate "C", id);
    create index users_role_idx on users (role, created_at, id);
    create index users_status_idx on users (status, created_at, id);
    create index users_company_idx on users (client_id, created_at, id) where client_id is not null;
    create index users_search_idx on users using gin (search) with (gin_pending_list_limit = 256);
    create index users_merged_into_id_idx on users (merged_into_id) where merged_into_id is not null;

    set local audit.context = '(,,,,,,,cli,,upgrade)';
    update users u
       set email_confirmed_at = case when status = 'active' then created_at end,
           company_role = case when role <> 'client' then null
                               when exists (select from users o where o.client_id = u.client_id
                                             and (o.created_at, o.id) < (u.created_at, u.id)) then 'member'
                               else 'owner' end;
    set local audit.context = '';
    alter table users add constraint users_company_role_of_client_check
        check ((role = 'client') = (company_role is not null));
"""

TICKETS = """
    create table tickets (
        token_hash bytea primary key,
        purpose text not null,
        user_id uuid references users (id) on delete cascade,
        state bytea,
        data jsonb not null default '{}',
        created_at timestamptz not null,
        expires_at timestamptz not null,
        used_at timestamptz,
        constraint tickets_purpose_length_check check (length(purpose) between 1 and 40)
    );
    create index tickets_user_id_idx on tickets (user_id, purpose);
    create index tickets_expires_at_idx on tickets (expires_at);
    comment on table tickets is
        'What is good for one use within a short time: mailed links, half-done sign-ins, challenges. The SHA-256 alone.';
"""

APPLICATIONS = """
    create table oauth_applications (
        id uuid primary key,
        client_id uuid references clients (id) on delete restrict,
        identifier text not null constraint oauth_applications_identifier_key unique,
        secret_hash bytea,
        name text not null,
        redirect_uris text[] not null default '{}',
        grant_types text[] not null,
        scopes text[] not null default '{}',
        public boolean not null default false,
        created_by_id uuid references users (id) on delete set null,
        revoked_at timestamptz,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        version bigint not null default 1,
        constraint oauth_applications_name_length_check check (length(name) between 1 and 120),
        constraint oauth_applications_public_check check (public = (secret_hash is null)),
        constraint oauth_applications_redirect_uris_check check (cardinality(redirect_uris) <= 20)
    );
    create index oauth_applications_client_id_idx on oauth_applications (client_id, created_at, id);
    create index oauth_applications_created_by_id_idx on oauth_applications (created_by_id);
    call audit_table('oauth_applications', hidden => array['secret_hash']);

    create table oauth_grants (
        id uuid primary key,
        user_id uuid not null references users (id) on delete cascade,
        application_id uuid not null references oauth_applications (id) on delete cascade,
        scopes text[] not null,
        revoked_at timestamptz,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        version bigint not null default 1
    );
    create unique index oauth_grants_open_key on oauth_grants (user_id, application_id) where revoked_at is null;
    create index oauth_grants_application_id_idx on oauth_grants (application_id);
    call audit_table('oauth_grants');
"""

SIGN_INS = """
    alter table user_sessions
        alter column user_id drop not null,
        add column application_id uuid references oauth_applications (id) on delete cascade,
        add column scopes text[],
        add column methods text[] not null default '{}',
        add column confirmed_at timestamptz,
        add column impersonator_id uuid references users (id) on delete cascade,
        add column end_reason text,
        drop constraint user_sessions_kind_check,
        add constraint user_sessions_kind_check check (kind in ('portal', 'api', 'oauth')),
        add constraint user_sessions_application_check check ((kind = 'oauth') = (application_id is not null)),
        add constraint user_sessions_somebody_check check (user_id is not null or application_id is not null);
    create index user_sessions_application_id_idx on user_sessions (application_id) where application_id is not null;
    create index user_sessions_impersonator_id_idx on user_sessions (impersonator_id) where impersonator_id is not null;
"""

FACTORS = """
    create table two_factors (
        user_id uuid primary key references users (id) on delete cascade,
        secret bytea not null,
        confirmed_at timestamptz,
        last_step bigint,
        created_at timestamptz not null
    );

    create table recovery_codes (
        id uuid primary key,
        user_id uuid not null references users (id) on delete cascade,
        code_hash bytea not null,
        used_at timestamptz,
        constraint recovery_codes_code_key unique (user_id, code_hash)
    );

    create table passkeys (
        id uuid primary key,
        user_id uuid not null references users (id) on delete cascade,
        credential_id bytea not null constraint passkeys_credential_id_key unique,
        public_key bytea not null,
        sign_count bigint not null default 0,
        transports text[] not null default '{}',
        name text not null,
        backed_up boolean not null default false,
        created_at timestamptz not null,
        last_used_at timestamptz,
        constraint passkeys_name_length_check check (length(name) between 1 and 60)
    );
    create index passkeys_user_id_idx on passkeys (user_id);

    create table known_browsers (
        token_hash bytea not null,
        user_id uuid not null references users (id) on delete cascade,
        device text not null default '',
        created_at timestamptz not null,
        last_used_at timestamptz not null,
        primary key (token_hash, user_id)
    );
    create index known_browsers_user_id_idx on known_browsers (user_id);

    create table linked_identities (
        id uuid primary key,
        user_id uuid not null references users (id) on delete cascade,
        issuer text not null,
        subject text not null,
        email text not null default '',
        created_at timestamptz not null,
        last_used_at timestamptz,
        constraint linked_identities_subject_key unique (issuer, subject)
    );
    create index linked_identities_user_id_idx on linked_identities (user_id);
"""

KEYS = """
    create table api_keys (
        id uuid primary key,
        user_id uuid not null references users (id) on delete cascade,
        client_id uuid references clients (id) on delete restrict,
        name text not null,
        prefix text not null,
        secret_hash bytea not null constraint api_keys_secret_hash_key unique,
        scopes text[] not null,
        allowed_addresses text[] not null default '{}',
        requests_per_minute bigint,
        expires_at timestamptz,
        revoked_at timestamptz,
        replaced_by_id uuid references api_keys (id) on delete set null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        version bigint not null default 1,
        constraint api_keys_name_length_check check (length(name) between 1 and 120),
        constraint api_keys_scopes_check check (cardinality(scopes) between 1 and 60),
        constraint api_keys_allowed_addresses_check check (cardinality(allowed_addresses) <= 50),
        constraint api_keys_requests_per_minute_check check (requests_per_minute between 1 and 100000)
    );
    create index api_keys_user_id_idx on api_keys (user_id, created_at, id);
    create index api_keys_client_id_idx on api_keys (client_id, created_at, id);
    create index api_keys_replaced_by_id_idx on api_keys (replaced_by_id) where replaced_by_id is not null;
    call audit_table('api_keys', hidden => array['secret_hash']);

    create table api_key_uses (
        api_key_id uuid primary key references api_keys (id) on delete cascade,
        last_used_at timestamptz not null,
        address text not null default ''
    );

    create table signing_keys (
        kid text primary key,
        algorithm text not null,
        private_key bytea not null,
        public_key jsonb not null,
        created_at timestamptz not null,
        retired_at timestamptz
    );
"""

NEWS = """
    create table outgoing_mails (
        id uuid primary key,
        user_id uuid references users (id) on delete set null,
        kind text not null,
        address text not null,
        subject text not null,
        sealed bytea,
        attempts bigint not null default 0,
        error text,
        created_at timestamptz not null,
        sent_at timestamptz,
        failed_at timestamptz
    );
    create index outgoing_mails_created_at_idx on outgoing_mails (created_at, id);
    create index outgoing_mails_user_id_idx on outgoing_mails (user_id);
    create index outgoing_mails_failed_idx on outgoing_mails (created_at, id)
        where failed_at is not null and sent_at is null;
    create index outgoing_mails_waiting_idx on outgoing_mails (created_at, id)
        where failed_at is null and sent_at is null;

    create table notifications (
        id uuid primary key,
        user_id uuid not null references users (id) on delete cascade,
        kind text not null,
        title text not null,
        body text not null default '',
        url text,
        created_at timestamptz not null,
        read_at timestamptz,
        constraint notifications_title_length_check check (length(title) between 1 and 200)
    );
    create index notifications_user_id_idx on notifications (user_id, created_at, id);
    create index notifications_created_at_idx on notifications (created_at);
    create index notifications_unread_idx on notifications (user_id) where read_at is null;
"""


def upgrade() -> None:
    for part in (PEOPLE, TICKETS, APPLICATIONS, SIGN_INS, FACTORS, KEYS, NEWS):
        op.execute(part)


def downgrade() -> None:
    op.execute("""
        drop table notifications;
        drop table outgoing_mails;
        drop table signing_keys;
        drop table api_key_uses;
        drop table api_keys;
        drop table linked_identities;
        drop table known_browsers;
        drop table passkeys;
        drop table recovery_codes;
        drop table two_factors;
        delete from user_sessions where user_id is null or kind = 'oauth';
        alter table user_sessions
            drop constraint user_sessions_somebody_check,
            drop constraint user_sessions_application_check,
            drop constraint user_sessions_kind_check,
            add constraint user_sessions_kind_check check (kind in ('portal', 'api')),
            drop column end_reason,
            drop column impersonator_id,
            drop column confirmed_at,
            drop column methods,
            drop column scopes,
            drop column application_id,
            alter column user_id set not null;
        drop table oauth_grants;
        drop table oauth_applications;
        drop table tickets;
        alter table users
            drop column search,
            drop column merged_into_id,
            drop column email_confirmed_at,
            drop column limits,
            drop column company_role;
        alter table clients
            drop column search,
            drop column merged_into_id,
            drop column require_second_factor;
    """)
    op.execute("delete from data_versions where table_name in ('oauth_applications', 'oauth_grants', 'api_keys')")
