"""Proposals of requests that somebody else has filled are withdrawn, as they are from now on at once."""

from alembic import op

revision = "20261130_1510"
down_revision = "20261130_1210"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        update matches m set status = 'withdrawn', updated_at = now()
          from match_requests r
         where r.id = m.request_id and r.status in ('filled', 'closed') and m.status = 'proposed'
    """)


def downgrade() -> None:
    """What was withdrawn is not proposed again."""
