"""Call a team's limit what the API calls it; keep its members' accounts those of their profiles."""

from alembic import op

revision = "20261122_1270"
down_revision = "20261122_1260"
branch_labels = None
depends_on = None

ACCOUNTS = """
    create function keep_members_accounts() returns trigger
        language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        update team_members m set user_id = new.user_id, updated_at = now()
         where m.assistant_id = new.id and m.user_id is distinct from new.user_id
           and not exists (select from team_members o
                            where o.team_id = m.team_id and o.user_id = new.user_id and o.id <> m.id);
        update team_members m set assistant_id = new.id, updated_at = now()
         where m.user_id = new.user_id and m.assistant_id is null
           and not exists (select from team_members o where o.team_id = m.team_id and o.assistant_id = new.id);
        return null;
    end $$;
    comment on function keep_members_accounts is
        'A member has the account of the profile; who was there by the account alone gets the profile once there is one.';
    create trigger keep_members_accounts_insert after insert on assistants
        for each row when (new.user_id is not null) execute function keep_members_accounts();
    create trigger keep_members_accounts_update after update of user_id on assistants
        for each row when (old.user_id is distinct from new.user_id) execute function keep_members_accounts();
"""


def upgrade() -> None:
    op.execute("alter table teams rename column capacity_limit to capacity")
    op.execute("alter table teams rename constraint teams_capacity_limit_range_check to teams_capacity_range_check")
    op.execute(ACCOUNTS)


def downgrade() -> None:
    op.execute("""
        drop trigger keep_members_accounts_insert on assistants;
        drop trigger keep_members_accounts_update on assistants;
        drop function keep_members_accounts();
        alter table teams rename constraint teams_capacity_range_check to teams_capacity_limit_range_check;
        alter table teams rename column capacity to capacity_limit;
    """)
