"""Audit: rows of one statement can be changes of their own, each with its id and where it comes from."""

from alembic import op

revision = "20261130_6255"
down_revision = "20261130_6250"
branch_labels = None
depends_on = None

EACH = {
    "declares": """
    -- Of some records the id of their change and their request, as {record: [change, request]}: a statement that writes
    -- rows for several runs at once says so (`audit_each`).
    sources constant jsonb := nullif(current_setting('audit.each', true), '')::jsonb;
    source jsonb;
    change uuid;
    request text;
    changes uuid[];
    requests text[];""",
    "looks": """
        source := sources -> draft.record_id::text;
        change := coalesce((source ->> 0)::uuid, said.change_id);
        request := coalesce(source ->> 1, said.request_id);
        changes := array_append(changes, change);
        requests := array_append(requests, request);""",
    "hashed": ("change", "request"),
    "inserted": ("d.change", "d.request"),
    "unnested": ("drafts, numbers, hashes, changes, requests", "hash, change, request, place"),
}
ONE = {
    "declares": "",
    "looks": "",
    "hashed": ("said.change_id", "said.request_id"),
    "inserted": ("said.change_id", "said.request_id"),
    "unnested": ("drafts, numbers, hashes", "hash, place"),
}


def append_entries(of: dict[str, object]) -> str:
    hashed, inserted, unnested = of["hashed"], of["inserted"], of["unnested"]
    return f"""
create or replace function append_entries(said audit_context, of_table text, of_parent text, drafts audit_draft[])
    returns text language plpgsql as $$
declare
    head record;
    -- Where this transaction's chain lies: by its key, each look would pass all versions that it has made of it.
    held tid := nullif(current_setting('audit.chain', true), '')::tid;
    moment constant timestamptz := coalesce(said.at, clock_timestamp());
    microseconds constant bigint := extract(epoch from moment) * 1000000;
    kept audit_context;
    draft audit_draft;
    place bigint;
    newest bytea;
    numbers bigint[];
    hashes bytea[];{of["declares"]}
begin
    if said.change_id is null then
        -- Nobody gave the transaction one (plain SQL): the first entry makes it for all that follow.
        kept := audit_context();
        kept.change_id := gen_random_uuid();
        said.change_id := kept.change_id;
        perform set_config('audit.context', kept::text, true);
    end if;
    said.actor_name := coalesce(said.actor_name, session_user);
    said.via := coalesce(said.via, 'sql');
    if held is not null then
        select ctid, chain, length, hash into head from audit_chains where ctid = held and xid = pg_current_xact_id();
    end if;
    if held is null or not found then
        -- Held to the end of the transaction, so that the next one to take it finds it complete.
        select ctid, chain, length, hash into head from audit_chains order by chain limit 1 for update skip locked;
        if not found then
            insert into audit_chains (length, hash, xid)
            values (0, decode(repeat('00', 32), 'hex'), pg_current_xact_id())
            returning ctid, chain, length, hash into head;
        end if;
    end if;
    place := head.length;
    newest := head.hash;
    foreach draft in array drafts loop
        place := place + 1;
        numbers := numbers || nextval('audit_entries_id_seq');{of["looks"]}
        newest := sha256(newest || convert_to(
            row(head.chain, place, numbers[place - head.length], microseconds, {hashed[0]}, said.change_set_id,
                said.actor_id, said.actor_name, said.via, {hashed[1]}, said.acting_as_id, said.acting_as_name,
                said.action, of_table, draft.record_id, draft.record_label, of_parent, draft.parent_id,
                draft.client_id, draft.version, draft.before, draft.after)::text, 'UTF8'));
        hashes := hashes || newest;
    end loop;
    insert into audit_entries (
        id, at, change_id, change_set_id, actor_id, actor_name, via, request_id, acting_as_id, acting_as_name,
        action, table_name, record_id, record_label, parent_table, parent_id, client_id, version, before, after,
        chain, position, hash)
    overriding system value
    select number, moment, {inserted[0]}, said.change_set_id, said.actor_id, said.actor_name, said.via,
           {inserted[1]}, said.acting_as_id, said.acting_as_name, said.action, of_table, d.record_id, d.record_label,
           of_parent, d.parent_id, d.client_id, d.version, d.before, d.after, head.chain, head.length + d.place, d.hash
      from unnest({unnested[0]}) with ordinality
           d (record_id, record_label, parent_id, client_id, version, before, after, number, {unnested[1]});
    update audit_chains set length = place, hash = newest, xid = pg_current_xact_id()
     where ctid = head.ctid returning ctid into held;
    return set_config('audit.chain', held::text, true);
end $$;
"""


def upgrade() -> None:
    op.execute(append_entries(EACH))


def downgrade() -> None:
    op.execute(append_entries(ONE))
