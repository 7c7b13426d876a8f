"""What language models cost by automation and model, and a budget of a company’s own."""

from alembic import op

from migrations.helpers import RECORD

revision = "20261130_6269"
down_revision = "20261130_6260"
branch_labels = None
depends_on = None

UP = f"""
    create table model_usages (
        id uuid primary key,
        client_id uuid not null,
        month date not null,
        automation_id uuid,
        model text not null,
        spent numeric(14, 6) not null,
        tokens bigint not null,
        calls bigint not null,
        constraint model_usages_client_id_month_automation_id_model_key
            unique nulls not distinct (client_id, month, automation_id, model),
        constraint model_usages_counts_check check (spent >= 0 and tokens >= 0 and calls >= 0)
    );
    create index model_usages_month_idx on model_usages (month);
    call enable_rls('model_usages', 'company', rights => 'select');

    create table model_budgets (
        id uuid primary key,{RECORD},
        client_id uuid not null constraint model_budgets_client_id_fkey references clients (id) on delete restrict,
        amount numeric(12, 2) not null,
        constraint model_budgets_client_id_key unique (client_id),
        constraint model_budgets_amount_check check (amount between 0 and 1000000)
    );
    call audit_table('model_budgets');
    call enable_rls('model_budgets', 'company', rights => 'select');

    create index outgoing_messages_models_idx on outgoing_messages (client_id, id) where channel = 'language_model';
    create index model_spendings_month_idx on model_spendings (month);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("""
        drop index model_spendings_month_idx;
        drop index outgoing_messages_models_idx;
        drop table model_budgets;
        drop table model_usages;
        delete from data_versions where table_name = 'model_budgets';
    """)
