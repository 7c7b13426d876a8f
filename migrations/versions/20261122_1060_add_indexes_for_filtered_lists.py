"""Indexes for lists that are filtered and sorted at once, and finer statistics of words."""

from alembic import op

revision = "20261122_1060"
down_revision = "20261122_1050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create index products_category_price_idx on products (category, price, id, archived_at);
        create index products_category_name_idx on products (category, plain(name) collate "C", id, archived_at);
        create index products_archived_idx on products (created_at, id) where archived_at is not null;
        create index solutions_archived_idx on solutions (created_at, id) where archived_at is not null;
        create index service_categories_archived_idx on service_categories (created_at, id)
            where archived_at is not null;
        alter table products alter column search set statistics 500;
        alter table products alter column features set statistics 500;
    """)


def downgrade() -> None:
    op.execute("""
        alter table products alter column features set statistics -1;
        alter table products alter column search set statistics -1;
        drop index service_categories_archived_idx;
        drop index solutions_archived_idx;
        drop index products_archived_idx;
        drop index products_category_name_idx;
        drop index products_category_price_idx;
    """)
