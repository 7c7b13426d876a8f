"""Events: the run of an automation that led to them, so that workflows that set each other off are stopped."""

from alembic import op

revision = "20261130_6142"
down_revision = "20261130_6141"
branch_labels = None
depends_on = None

COLUMNS = """type, at, table_name, record_id, record_label, parent_table, parent_id, client_id, user_id, actor_id, actor_name,
                                acting_as_id, acting_as_name, change_id, request_id, data, sealed"""


def sequence(columns: str) -> str:
    return f"""
    create or replace function sequence_events(most int) returns table (name text, many bigint) language plpgsql
        security definer set search_path = public, pg_temp as $$
    begin
        if not pg_try_advisory_xact_lock(hashtext('sequence_events')) then
            return;
        end if;
        return query
        with moved as (
            delete from event_outbox where key in (select key from event_outbox order by key limit most) returning *)
        , placed as (
            insert into events ({columns})
            select {columns} from moved order by key
            returning type)
        select placed.type, count(*) from placed group by placed.type;
    end $$;
"""


def upgrade() -> None:
    op.execute("""
        alter table event_outbox add column caused_by uuid;
        alter table events add column caused_by uuid;
        create index events_caused_by_idx on events (caused_by, id) where caused_by is not null;
    """)
    op.execute(sequence(f"{COLUMNS}, caused_by"))


def downgrade() -> None:
    op.execute(sequence(COLUMNS))
    op.execute("""
        alter table events drop column caused_by;
        alter table event_outbox drop column caused_by;
    """)
