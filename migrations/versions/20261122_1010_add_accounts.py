"""Client companies, users and their sign-ins."""

from alembic import op

revision = "20261122_1010"
down_revision = "20261122_1000"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table clients (
            id uuid primary key,
            name text not null,
            status text not null default 'active',
            created_at timestamptz not null,
            updated_at timestamptz not null,
            version bigint not null default 1,
            constraint clients_name_length_check check (length(name) between 1 and 120),
            constraint clients_status_check check (status in ('active', 'suspended'))
        );
        call audit_table('clients');

        create table users (
            id uuid primary key,
            username text not null,
            email text not null,
            password_hash text,
            role text not null,
            status text not null default 'active',
            client_id uuid references clients (id) on delete restrict,
            timezone text,
            theme text,
            created_at timestamptz not null,
            updated_at timestamptz not null,
            version bigint not null default 1,
            constraint users_username_length_check check (length(username) between 1 and 60),
            constraint users_role_check check (role in ('admin', 'manager', 'client', 'expert')),
            constraint users_status_check check (status in ('invited', 'active', 'suspended')),
            constraint users_client_has_company_check check ((role = 'client') = (client_id is not null))
        );
        create unique index users_username_key on users (lower(username));
        create unique index users_email_key on users (lower(email));
        create index users_client_id_idx on users (client_id);
        call audit_table('users', label => 'username', hidden => array['password_hash']);

        create table user_sessions (
            id uuid primary key,
            user_id uuid not null references users (id) on delete cascade,
            kind text not null,
            token_hash bytea unique,
            device text not null default '',
            address text not null default '',
            created_at timestamptz not null,
            last_used_at timestamptz not null,
            expires_at timestamptz not null,
            ended_at timestamptz,
            constraint user_sessions_kind_check check (kind in ('portal', 'api'))
        );
        create index user_sessions_user_id_idx on user_sessions (user_id);

        create table refresh_tokens (
            token_hash bytea primary key,
            session_id uuid not null references user_sessions (id) on delete cascade,
            created_at timestamptz not null,
            used_at timestamptz
        );
        create index refresh_tokens_session_id_idx on refresh_tokens (session_id);
    """)


def downgrade() -> None:
    op.execute("drop table refresh_tokens; drop table user_sessions; drop table users; drop table clients;")
    op.execute("delete from data_versions where table_name in ('users', 'clients')")
