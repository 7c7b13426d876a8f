"""Approved time stays as it is, and waits again only by an undo within 30 days."""

from alembic import op

revision = "20261130_2310"
down_revision = "20261130_2201"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create function guard_decided_time() returns trigger language plpgsql set search_path = public, pg_temp as $$
        begin
            if old.status = 'approved' and new.status = 'submitted' then
                if audit_setting('action') is distinct from 'undo'
                   or old.decided_at < coalesce(audit_setting('at')::timestamptz, now()) - interval '30 days' then
                    raise exception 'Approved time waits again only by an undo, within 30 days.'
                        using errcode = 'DL409', constraint = 'time_entries_approved';
                end if;
            elsif old.status <> 'submitted' and new.status <> 'submitted' and new.status <> old.status then
                raise exception 'A decision on time has to be undone before there is another.'
                    using errcode = 'DL409', constraint = 'time_entries_steps';
            elsif old.status = 'approved'
              and (old.project_id, old.worked_on, old.minutes, old.hourly_rate, old.currency)
                  is distinct from (new.project_id, new.worked_on, new.minutes, new.hourly_rate, new.currency) then
                raise exception 'Approved time no longer changes.'
                    using errcode = 'DL409', constraint = 'time_entries_approved';
            end if;
            return new;
        end $$;
        create trigger guard_decided_time before update on time_entries
            for each row execute function guard_decided_time();
    """)


def downgrade() -> None:
    op.execute("""
        drop trigger guard_decided_time on time_entries;
        drop function guard_decided_time();
    """)
