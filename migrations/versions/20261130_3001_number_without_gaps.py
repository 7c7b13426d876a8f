"""Series of numbers without gaps; change orders take theirs from one per project."""

from alembic import op

revision = "20261130_3001"
down_revision = "20261130_2703"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table number_series (
            id uuid primary key,
            client_id uuid not null constraint number_series_client_id_fkey references clients (id) on delete restrict,
            kind text not null,
            scope text not null default '',
            last bigint not null,
            constraint number_series_client_id_kind_scope_key unique (client_id, kind, scope)
        );
        comment on table number_series is
            'The last number given in each series. A writer holds its row to the end of the transaction, so there are no gaps.';
        call enable_rls('number_series', 'company', rights => 'select, insert, update');

        insert into number_series (id, client_id, kind, scope, last)
        select gen_random_uuid(), client_id, 'change-order', project_id::text, max(number)
          from change_orders group by client_id, project_id;
    """)


def downgrade() -> None:
    op.execute("drop table number_series")
