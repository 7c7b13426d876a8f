"""Keep user names that can be told apart: what looks alike has one skeleton, and a skeleton is somebody's alone.

Of names that looked alike before, the older keeps the skeleton; the others go without.
"""

import sqlalchemy as sa
from alembic import op

from app.identity.confusables import skeleton_of

revision = "20261130_1510"
down_revision = "20261130_1500"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table users add column name_skeleton text")
    op.execute("call audit_table('users', label => 'username', hidden => array['password_hash', 'name_skeleton'])")
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
    op.execute("call audit_table('users', label => 'username', hidden => array['password_hash'])")
    op.execute("alter table users drop column name_skeleton")
