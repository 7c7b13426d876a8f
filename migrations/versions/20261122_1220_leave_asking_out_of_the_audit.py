"""How often a term was asked for is no change of the skill: leave it out of the audit."""

from alembic import op

revision = "20261122_1220"
down_revision = "20261122_1270"
branch_labels = None
depends_on = None


def _audit(hidden: str) -> None:
    op.execute(f"""
        drop trigger audit_insert on skills;
        drop trigger audit_update on skills;
        drop trigger audit_delete on skills;
        create trigger audit_insert after insert on skills referencing new table as rows
            for each statement execute function audit_changes('', ''{hidden});
        create trigger audit_update after update on skills referencing old table as old_rows new table as rows
            for each statement execute function audit_changes('', ''{hidden});
        create trigger audit_delete after delete on skills referencing old table as rows
            for each statement execute function audit_changes('', ''{hidden});
    """)


def upgrade() -> None:
    _audit(", 'asked'")


def downgrade() -> None:
    _audit("")
