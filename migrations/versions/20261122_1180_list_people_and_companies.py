"""Indexes for the lists of users and companies: their sorts, their filters, their search."""

from alembic import op

revision = "20261122_1180"
down_revision = "20261122_1100"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create index users_created_idx on users (created_at, id);
        create index users_updated_idx on users (updated_at, id);
        create index users_name_idx on users (plain(username) collate "C", id);
        create index users_address_idx on users (lower(email) collate "C", id);
        create index users_role_idx on users (role, created_at, id);
        create index users_status_idx on users (status, created_at, id);
        create index users_company_idx on users (client_id, created_at, id) where client_id is not null;
        create index users_search_idx on users using gin (search) with (gin_pending_list_limit = 256);
        create index clients_created_idx on clients (created_at, id);
        create index clients_updated_idx on clients (updated_at, id);
        create index clients_name_idx on clients (plain(name) collate "C", id);
        create index clients_status_idx on clients (status, created_at, id);
        create index clients_search_idx on clients using gin (search) with (gin_pending_list_limit = 256);
    """)


def downgrade() -> None:
    op.execute("""
        drop index clients_search_idx;
        drop index clients_status_idx;
        drop index clients_name_idx;
        drop index clients_updated_idx;
        drop index clients_created_idx;
        drop index users_search_idx;
        drop index users_company_idx;
        drop index users_status_idx;
        drop index users_role_idx;
        drop index users_address_idx;
        drop index users_name_idx;
        drop index users_updated_idx;
        drop index users_created_idx;
    """)
