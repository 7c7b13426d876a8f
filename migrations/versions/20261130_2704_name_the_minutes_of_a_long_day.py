"""Name the field that makes a day longer than 24 hours."""

from alembic import op

revision = "20261130_2704"
down_revision = "20261130_2703"
branch_labels = None
depends_on = None


def _keep_days(named: str) -> str:
    return f"""
        create or replace function keep_days_to_24_hours() returns trigger
            language plpgsql security definer set search_path = public, pg_temp as $$
        begin
            perform from users where id = new.user_id for no key update;
            if new.status <> 'rejected' and new.minutes + coalesce((
                   select sum(minutes) from time_entries
                    where user_id = new.user_id and worked_on = new.worked_on and status <> 'rejected'
                      and id <> new.id), 0) > 1440 then
                raise exception 'A day has 24 hours.'
                    using errcode = 'DL422', constraint = 'time_entries_day_has_24_hours'{named};
            end if;
            return new;
        end $$;
    """


def upgrade() -> None:
    op.execute(_keep_days(", column = 'minutes'"))


def downgrade() -> None:
    op.execute(_keep_days(""))
