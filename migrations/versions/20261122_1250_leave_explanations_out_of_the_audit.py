"""An explanation is worked out when a proposal is made, stays with it and is never changed: the audit of matches, which
says who did what to them, does without a second copy of it."""

from alembic import op

revision = "20261122_1250"
down_revision = "20261122_1290"
branch_labels = None
depends_on = None


def _audit(hidden: str) -> None:
    op.execute(f"""
        drop trigger audit_insert on matches;
        drop trigger audit_update on matches;
        drop trigger audit_delete on matches;
        create trigger audit_insert after insert on matches referencing new table as rows
            for each statement execute function audit_changes('', ''{hidden});
        create trigger audit_update after update on matches referencing old table as old_rows new table as rows
            for each statement execute function audit_changes('', ''{hidden});
        create trigger audit_delete after delete on matches referencing old table as rows
            for each statement execute function audit_changes('', ''{hidden});
    """)


def upgrade() -> None:
    _audit(", 'explanation'")


def downgrade() -> None:
    _audit("")
