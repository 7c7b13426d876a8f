"""Count no hours of somebody who is away, or not there yet, on all working days of the coming four weeks."""

from alembic import op

revision = "20261130_2703"
down_revision = "20261130_2702"
branch_labels = None
depends_on = None

AWAY = """
    create function is_away_for_weeks(whose uuid, available_from date, weekly jsonb, first_day date) returns boolean
        language sql stable security definer set search_path = public, pg_temp
        return not exists (
            select from generate_series(greatest(first_day, available_from), first_day + 27, interval '1 day') d (day)
             where case when exists (select from jsonb_each(weekly) w where jsonb_array_length(w.value) > 0)
                        then coalesce(jsonb_array_length(weekly -> lower(to_char(d.day, 'dy'))), 0) > 0
                        else extract(isodow from d.day) < 6 end
               and not exists (select from time_off t
                                where t.assistant_id = whose and d.day between t.starts_on and t.ends_on));
    comment on function is_away_for_weeks is
        'Whether somebody works on none of the 28 days from first_day on: time off, or not available before.';

    create function mark_as_away() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        new.is_away := is_away_for_weeks(new.id, new.available_from, new.weekly, current_date);
        return new;
    end $$;
    create trigger mark_as_away_insert before insert on assistants
        for each row when (new.available_from is not null) execute function mark_as_away();
    create trigger mark_as_away_update before update of available_from, weekly on assistants
        for each row when (new.available_from is distinct from old.available_from or new.weekly <> old.weekly)
        execute function mark_as_away();

    create function mark_who_is_away() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        update assistants a set is_away = not a.is_away
         where a.id in (old.assistant_id, new.assistant_id)
           and a.is_away <> is_away_for_weeks(a.id, a.available_from, a.weekly, current_date);
        return null;
    end $$;
    create trigger mark_who_is_away after insert or update or delete on time_off
        for each row execute function mark_who_is_away();
"""
HIDDEN = "'skill_words', 'reserved_hours', 'available_hours', 'rating_sum', 'reviews_count', 'rating', 'projects_completed'"


def _hours(counted: str) -> str:
    return f"""
        alter table assistants drop column available_hours;
        alter table assistants add column available_hours numeric(5, 2) not null generated always as ({counted}) stored;
        create index assistants_hours_idx on assistants (available_hours, id, archived_at);
    """


def upgrade() -> None:
    op.execute("alter table assistants add column is_away boolean not null default false")
    op.execute(f"call audit_table('assistants', hidden => array[{HIDDEN}, 'is_away'])")
    op.execute(_hours("case when is_away then 0 else greatest(weekly_hours - reserved_hours, 0) end"))
    op.execute(AWAY)
    op.execute("""
        update assistants set is_away = true
         where (available_from > current_date or id in (select assistant_id from time_off where ends_on >= current_date))
           and is_away_for_weeks(id, available_from, weekly, current_date)
    """)


def downgrade() -> None:
    op.execute("""
        drop trigger mark_who_is_away on time_off;
        drop trigger mark_as_away_insert on assistants;
        drop trigger mark_as_away_update on assistants;
        drop function mark_who_is_away(), mark_as_away(), is_away_for_weeks(uuid, date, jsonb, date);
    """)
    op.execute(_hours("greatest(weekly_hours - reserved_hours, 0)"))
    op.execute(f"call audit_table('assistants', hidden => array[{HIDDEN}])")
    op.execute("alter table assistants drop column is_away")
