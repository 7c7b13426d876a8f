"""A crowd of made-up assistants for benchmarks: `fill(connection, 100_000)`.

    python -m benchmarks.people --url postgresql://… [--rows 100000]

The database must be migrated; the skills of the taxonomy are loaded if they aren't there.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from app.assistants.skills import loading
from app.core.audit import SYSTEM
from app.core.tenancy import as_system
from app.extensions import db
from benchmarks.portal import Portal
from benchmarks.scale import WORK

DATA = Path(__file__).with_name("people_data.sql")
ROWS = 100_000
FILLED = (
    "assistants", "assistant_skills", "assistant_changes", "match_requests", "matches", "reservations", "reviews",
    "time_off", "clients",
)  # fmt: skip
COUNTED = tuple(table for table in FILLED if table != "assistant_changes")


def fill(connection: psycopg.Connection[Any], rows: int = ROWS) -> None:
    """Replace assistants and all that hangs on them by so many made-up ones. `connection` is in autocommit."""
    began = time.perf_counter()
    print(f"filling {rows:,} assistants …", file=sys.stderr, flush=True)
    execute = connection.execute
    execute("set session_replication_role = replica")
    for table in FILLED:
        if table != "clients":
            execute(sql.SQL("delete from {}").format(sql.Identifier(table)))
    execute("delete from clients where name ~ '^Company [0-9]+$'")
    execute("drop table if exists pg_temp.lists, pg_temp.known_skills, pg_temp.plan, pg_temp.engaged")
    execute(DATA.read_text().replace(":rows", str(rows)))  # type: ignore[arg-type]
    for table in COUNTED:
        count_anew(connection, table)
    execute("set session_replication_role = origin")
    for table in (*FILLED, "data_versions"):
        execute(sql.SQL("vacuum analyze {}").format(sql.Identifier(table)))
    print(f"filled in {time.perf_counter() - began:.0f} s", file=sys.stderr)


def count_anew(connection: psycopg.Connection[Any], table: str) -> None:
    """Put right what `data_versions` says of a table that was filled past its triggers."""
    archived = "count(*)" if table != "assistants" else "count(*) filter (where archived_at is null)"
    connection.execute("delete from data_versions where table_name = %s", [table])
    connection.execute(
        f"insert into data_versions (table_name, version, total, live, xid) "  # type: ignore[arg-type]
        f"select '{table}', (extract(epoch from now()) * 1000)::bigint, count(*), {archived}, pg_current_xact_id() "
        f"from {table}"
    )


def how_many(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("select count(*) from assistants").fetchone()
    assert row is not None
    return int(row[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True, help="the database to fill")
    parser.add_argument("--rows", type=int, default=ROWS)
    options = parser.parse_args()
    portal = Portal(options.url, WORK)
    portal.migrate()
    load_skills(portal)
    with psycopg.connect(options.url, autocommit=True) as connection:
        fill(connection, options.rows)


def load_skills(portal: Portal) -> None:
    with portal.app.app_context(), as_system("a benchmark"):
        loading.load_skills(actor=SYSTEM)
        db.session.commit()


if __name__ == "__main__":
    main()
