"""Keep user names that can be told apart: what looks alike has one skeleton, and a skeleton is somebody's alone.

Of names that looked alike before, the older keeps the skeleton; the others go without.
"""

import sqlalchemy as sa
from alembic import op

from app.identity.confusables import skeleton_of

revision = "20261130_1410"
down_revision = "20261130_1510"
branch_labels = None
depends_on = None


def _audit(hidden: str) -> None:
    op.execute(f"""
        drop trigger audit_insert on users;
        drop trigger audit_update on users;
        drop trigger audit_delete on users;
        create trigger audit_insert after insert on users referencing new table as rows
            for each statement execute function audit_changes('', '', {hidden});
        create trigger audit_update after update on users referencing old table as old_rows new table as rows
            for each statement execute function audit_changes('', '', {hidden});
        create trigger audit_delete after delete on users referencing old table as rows
            for each statement execute function audit_changes('', '', {hidden});
    """)


def upgrade() -> None:
    op.execute("alter table users add column name_skeleton text")
    _audit("'password_hash', 'name_skeleton'")
    users = sa.table("users", sa.column("id"), sa.column("username"), sa.column("name_skeleton"))
    connection = op.get_bind()
    known: set[str] = set()
    for key, username in connection.execute(sa.select(users.c.id, users.c.username).order_by(users.c.id)).all():
        skeleton = skeleton_of(username)
        if skeleton not in known:
            known.add(skeleton)
            connection.execute(sa.update(users).where(users.c.id == key).values(name_skeleton=skeleton))
    op.execute("create unique index users_name_skeleton_key on users (name_skeleton)")


def downgrade() -> None:
    _audit("'password_hash'")
    op.execute("alter table users drop column name_skeleton")
