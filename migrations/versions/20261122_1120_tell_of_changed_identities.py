"""Tell listening processes when somebody's identity has changed, whoever changed it."""

from alembic import op

revision = "20261122_1120"
down_revision = "20261122_1110"
branch_labels = None
depends_on = None

TABLES = (
    "users", "clients", "user_sessions", "api_keys", "oauth_applications", "oauth_grants", "two_factors", "passkeys",
    "signing_keys",
)  # fmt: skip
INSERTED = ("two_factors", "passkeys", "signing_keys")
FUNCTIONS = """
    create function tell_of_identity() returns trigger language plpgsql as $$
    declare
        untold constant text[] := '{last_used_at,updated_at,version,last_step,sign_count}';
        changed constant jsonb := case tg_op when 'INSERT' then to_jsonb(new) else to_jsonb(old) end;
    begin
        if tg_op <> 'UPDATE' or (to_jsonb(old) - untold) is distinct from (to_jsonb(new) - untold) then
            perform pg_notify('identity', case
                when tg_table_name = 'signing_keys' then 'signing-keys'
                when tg_table_name in ('oauth_grants', 'two_factors', 'passkeys') then changed ->> 'user_id'
                else changed ->> 'id' end);
        end if;
        return null;
    end $$;

    create function tell_of_all_identities() returns trigger language plpgsql as $$
    begin
        perform pg_notify('identity', 'everything');
        return null;
    end $$;
"""


def upgrade() -> None:
    op.execute(FUNCTIONS)
    for table in TABLES:
        op.execute(f"""
            create trigger tell_of_changed_identity after update on {table}
                for each row when (old.* is distinct from new.*) execute function tell_of_identity();
            create trigger tell_of_deleted_identity after delete on {table}
                for each row execute function tell_of_identity();
            create trigger tell_of_emptied_identities after truncate on {table}
                for each statement execute function tell_of_all_identities();
        """)
    for table in INSERTED:
        op.execute(f"""
            create trigger tell_of_new_identity after insert on {table}
                for each row execute function tell_of_identity()
        """)


def downgrade() -> None:
    for table in INSERTED:
        op.execute(f"drop trigger tell_of_new_identity on {table}")
    for table in TABLES:
        for kind in ("changed_identity", "deleted_identity", "emptied_identities"):
            op.execute(f"drop trigger tell_of_{kind} on {table}")
    op.execute("drop function tell_of_all_identities()")
    op.execute("drop function tell_of_identity()")
