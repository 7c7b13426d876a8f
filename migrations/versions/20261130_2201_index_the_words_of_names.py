"""Index the words of names by themselves, so that a search finds the best matches first, however many there are."""

from alembic import op

revision = "20261130_2201"
down_revision = "20261130_1530"
branch_labels = None
depends_on = None

TABLES = (
    "products", "solutions", "service_categories", "clients", "users", "skills", "assistants", "teams", "projects",
)  # fmt: skip


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"""
            create index {table}_name_words_idx on {table}
             using gin (ts_filter(search, '{{a}}')) with (gin_pending_list_limit = 256)
        """)
        op.execute(f"analyze {table}")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"drop index {table}_name_words_idx")
