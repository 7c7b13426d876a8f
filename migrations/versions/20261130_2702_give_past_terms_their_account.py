"""Give the times that somebody was in a team to the account that the person's profile gets afterwards."""

from alembic import op

revision = "20261130_2702"
down_revision = "20261130_2201"
branch_labels = None
depends_on = None

GIVE = """
    create function give_terms_their_account() returns trigger
        language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        update team_terms set user_id = new.user_id where assistant_id = new.id and user_id is null;
        return null;
    end $$;
    comment on function give_terms_their_account is
        'Whoever left a team before they had an account logs time of those days once they have one.';
    create trigger give_terms_their_account after update of user_id on assistants
        for each row when (new.user_id is not null and old.user_id is distinct from new.user_id)
        execute function give_terms_their_account();

    update team_terms t set user_id = a.user_id from assistants a
     where a.id = t.assistant_id and t.user_id is null and a.user_id is not null;
"""


def upgrade() -> None:
    op.execute(GIVE)


def downgrade() -> None:
    op.execute("drop trigger give_terms_their_account on assistants")
    op.execute("drop function give_terms_their_account()")
