"""Hours that are reserved count from the coming four weeks, and today is the latest day on earth where hours are kept."""

from alembic import op

revision = "20261130_1520"
down_revision = "20261130_1510"
branch_labels = None
depends_on = None

NEW = """
    create function last_today() returns date language sql stable
        return (now() at time zone 'UTC' + interval '14 hours')::date;
    comment on function last_today() is
        'The latest day that is today anywhere: what was before it may be over for somebody.';

    create or replace function sum_reserved() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        update assistants a set reserved_hours = r.peak
          from (select x.id, peak_of_reserved(x.id, current_date, current_date + 27) as peak
                  from (select distinct assistant_id as id from rows) x) r
         where a.id = r.id and a.reserved_hours <> r.peak;
        return null;
    end $$;

    create or replace function keep_what_is_reserved() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        if new.weekly_hours < old.weekly_hours and peak_of_reserved(new.id, last_today()) > new.weekly_hours then
            raise exception '% hours a week of % are reserved.', trim_scale(peak_of_reserved(new.id, last_today())), new.name
                using errcode = 'DL409', constraint = 'assistants_keep_reserved_hours';
        end if;
        if new.available_from is distinct from old.available_from and new.available_from > last_today() and exists (
            select from reservations r where r.assistant_id = new.id and coalesce(r.ends_on, 'infinity') >= last_today()
               and r.starts_on < new.available_from) then
            raise exception 'Hours of % before % are reserved.', new.name, new.available_from
                using errcode = 'DL409', constraint = 'assistants_keep_reserved_days';
        end if;
        return new;
    end $$;
"""

OLD = """
    create or replace function sum_reserved() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        update assistants a set reserved_hours = r.peak
          from (select x.id, peak_of_reserved(x.id, current_date) as peak
                  from (select distinct assistant_id as id from rows) x) r
         where a.id = r.id and a.reserved_hours <> r.peak;
        return null;
    end $$;

    create or replace function keep_what_is_reserved() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        if new.weekly_hours < old.weekly_hours and peak_of_reserved(new.id, current_date) > new.weekly_hours then
            raise exception '% hours a week of % are reserved.', trim_scale(peak_of_reserved(new.id, current_date)), new.name
                using errcode = 'DL409', constraint = 'assistants_keep_reserved_hours';
        end if;
        if new.available_from is distinct from old.available_from and new.available_from > current_date and exists (
            select from reservations r where r.assistant_id = new.id and coalesce(r.ends_on, 'infinity') >= current_date
               and r.starts_on < new.available_from) then
            raise exception 'Hours of % before % are reserved.', new.name, new.available_from
                using errcode = 'DL409', constraint = 'assistants_keep_reserved_days';
        end if;
        return new;
    end $$;
    drop function last_today();
"""

COUNT = """
    update assistants a set reserved_hours = r.peak
      from (select x.id, peak_of_reserved(x.id, {days}) as peak
              from (select distinct assistant_id as id from reservations) x) r
     where a.id = r.id and a.reserved_hours <> r.peak
"""


def upgrade() -> None:
    op.execute(NEW)
    op.execute(COUNT.format(days="current_date, current_date + 27"))


def downgrade() -> None:
    op.execute(OLD)
    op.execute(COUNT.format(days="current_date"))
