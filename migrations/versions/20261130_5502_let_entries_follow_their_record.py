"""Entries that are parts of a record follow it to another company, as all parts do; nothing else of them ever changes."""

from alembic import op

revision = "20261130_5502"
down_revision = "20261130_5501"
branch_labels = None
depends_on = None

UP = """
    create function refuse_change_of_entry() returns trigger language plpgsql as $$
    begin
        -- Whoever gives a record to another company changes its parts by their foreign key, so within a trigger.
        if tg_op = 'UPDATE' and pg_trigger_depth() > 1 then
            if tg_level = 'STATEMENT' then
                return null;
            elsif to_jsonb(new) - 'client_id' = to_jsonb(old) - 'client_id' then
                return new;
            end if;
        end if;
        raise exception 'What is in % is written once, and never changed or deleted.', replace(tg_table_name, '_', ' ')
            using errcode = 'DL409', constraint = tg_table_name || '_are_final';
    end $$;

    create or replace procedure final_table(final regclass, counted boolean default true) language plpgsql as $$
    begin
        execute format('create trigger %I before update or delete or truncate on %s for each statement '
                       'execute function refuse_change_of_entry()', final || '_are_final', final);
        execute format('create trigger %I before update on %s for each row '
                       'execute function refuse_change_of_entry()', final || '_stay_as_they_are', final);
        if counted then
            execute format('create trigger count_entries after insert on %s referencing new table as rows '
                           'for each statement execute function count_entries()', final);
        end if;
    end $$;
"""

DOWN = """
    create or replace procedure final_table(final regclass, counted boolean default true) language plpgsql as $$
    begin
        execute format('create trigger %I before update or delete or truncate on %s for each statement '
                       'execute function refuse_change()', final || '_are_final', final);
        if counted then
            execute format('create trigger count_entries after insert on %s referencing new table as rows '
                           'for each statement execute function count_entries()', final);
        end if;
    end $$;
    drop function refuse_change_of_entry();
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
