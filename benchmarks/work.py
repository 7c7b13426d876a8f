"""The start page of a client and the timeline of staff, with 100,000 assistants, 300 teams and 50,000 projects.

    python -m benchmarks.work [--url postgresql://…] [--seconds 10]

Uses the database of `benchmarks.matching`, and adds teams and projects to it once (half a minute). Starts the web
server as production does, with two processes, and loads each page with wrk, at one connection and at more, in a closed
loop.
"""

import argparse
import os
from typing import Any
from uuid import UUID

import psycopg

from app.auth.accounts.operations import create_user
from app.auth.passwords.hashing import password_hasher
from app.core.audit import SYSTEM
from app.core.permissions import Role
from app.core.tenancy import as_system
from app.extensions import db
from benchmarks import people
from benchmarks.matching import CONNECTIONS, database, prepare, running, wrk
from benchmarks.portal import Portal
from benchmarks.scale import WORK, server
from config import ROOT

DATA = ROOT / "benchmarks" / "work_data.sql"
TEAMS, PROJECTS = 300, 50_000
TABLES = (
    "teams", "team_members", "projects", "milestones", "deliverables", "deliverable_dependencies", "time_entries",
    "clients",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default=os.environ.get("DATABASE_URL"), help="any database on the server to use")
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    with server(options.url) as url:
        portal = Portal(database(url, people.ROWS), WORK)
        prepare(portal, people.ROWS)
        with psycopg.connect(portal.database_url, autocommit=True) as connection:
            if _count(connection) != PROJECTS:
                _fill(connection)
            company = _busiest(connection)
        staff, client = portal.credentials()[1], _client(portal, company)
        pages = {
            "a client's start page": ("/dashboard/", client),
            "a client's projects": ("/dashboard/projects", client),
            "the timeline by team": ("/admin/timeline", staff),
            "the timeline by client": ("/admin/timeline?by=client", staff),
            "capacity of teams": ("/admin/teams/capacity", staff),
            "the list of projects": ("/admin/projects", staff),
        }
        with running(portal):
            for name, (path, cookie) in pages.items():
                print(name, flush=True)
                _load(portal, path, cookie, options.seconds)


def _load(portal: Portal, path: str, cookie: str, seconds: int) -> None:
    script = WORK / "work_page.lua"
    name, _, value = cookie.partition(": ")
    script.write_text(
        f'return {{method = "GET", path = "{path}", headers = {{["{name}"] = "{value}"}}, bodies = {{""}}}}'
    )
    wrk(portal, script, 8, 2)
    for connections in CONNECTIONS:
        told: dict[str, Any] = wrk(portal, script, connections, seconds)
        each = told["requests"] / told["seconds"]
        print(
            f"  {connections:>3} connections: p50 {told['p50']:.1f} ms, p99 {told['p99']:.1f} ms, "
            f"{each:.0f} a second, {told['errors']} errors",
            flush=True,
        )


def _client(portal: Portal, company: UUID) -> str:
    """The cookie of somebody of that company."""
    name, password = f"bench-{os.urandom(4).hex()}", os.urandom(12).hex()
    with portal.app.app_context(), as_system("a benchmark"):
        create_user(
            username=name, email=f"{name}@example.com", password=password, role=Role.CLIENT, hashing=password_hasher(),
            actor=SYSTEM, client_id=company,
        )  # fmt: skip
        db.session.commit()
    return f"Cookie: {portal.portal_cookie({'username': name, 'password': password})}"


def _fill(connection: psycopg.Connection[Any]) -> None:
    """Teams and projects, and what triggers keep of them by what they would have kept."""
    execute = connection.execute
    execute("set session_replication_role = replica")
    execute("truncate teams, projects, project_alerts, project_reviews, change_orders cascade")
    execute(DATA.read_text().replace(":teams", str(TEAMS)).replace(":projects", str(PROJECTS)))  # type: ignore[arg-type]
    for table in TABLES:
        live = "count(*) filter (where archived_at is null)" if table == "teams" else "count(*)"
        execute("delete from data_versions where table_name = %s", [table])
        execute(f"insert into data_versions (table_name, version, total, live, xid) "  # type: ignore[arg-type]
                f"select '{table}', 1, count(*), {live}, pg_current_xact_id() from {table}")  # fmt: skip
    execute("set session_replication_role = origin")
    for table in TABLES:
        execute(f"vacuum analyze {table}")  # type: ignore[arg-type]


def _count(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("select count(*) from projects").fetchone()
    return int(row[0]) if row else 0


def _busiest(connection: psycopg.Connection[Any]) -> UUID:
    """The company with the most projects that run."""
    row = connection.execute(
        "select client_id from projects where status = 'active' group by 1 order by count(*) desc, 1 limit 1"
    ).fetchone()
    assert row is not None
    found: UUID = row[0]
    return found


if __name__ == "__main__":
    main()
