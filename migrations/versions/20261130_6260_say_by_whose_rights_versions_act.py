"""By whose rights versions of automations act: the scopes and the application that deployed them, and who took them over."""

from alembic import op

revision = "20261130_6260"
down_revision = "20261130_6256"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        alter table automation_versions add column author_scopes text[], add column application_id uuid;
        alter table automations add column taken_over_by_id uuid
            constraint automations_taken_over_by_id_fkey references users (id) on delete restrict;
        alter table automations add column taken_over_until bigint;
        alter table automations add constraint automations_taken_over_check
            check ((taken_over_by_id is null) = (taken_over_until is null));
        create index automations_taken_over_by_id_idx on automations (taken_over_by_id);
    """)


def downgrade() -> None:
    op.execute("""
        alter table automations drop column taken_over_by_id, drop column taken_over_until;
        alter table automation_versions drop column author_scopes, drop column application_id;
    """)
