"""Let lists of matches be sorted by change and by first day."""

from alembic import op

revision = "20261122_1260"
down_revision = "20261122_1210"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create index matches_updated_idx on matches (updated_at, id)")
    op.execute("create index matches_starts_on_idx on matches (starts_on, id)")


def downgrade() -> None:
    op.execute("drop index matches_starts_on_idx, matches_updated_idx")
