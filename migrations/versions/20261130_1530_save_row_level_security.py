"""Row-level security as it was, saved for when it goes missing: a dump that is restored before its roles are there has none."""

from alembic import op

revision = "20261130_1530"
down_revision = "20261130_1510"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table rls_snapshot (key text primary key, statement text not null);
        comment on table rls_snapshot is
            'Policies, row-level security and rights as they stood after the last upgrade; `diglit_app`, `diglit_staff` and'
            ' `diglit_tenant` stand for the roles of this installation.';
        call enable_rls('rls_snapshot', staff_rights => 'select');
    """)


def downgrade() -> None:
    op.execute("drop table rls_snapshot")
