"""What is shown and kept of runs of automations, at 1,000 and at 1,000,000 of them, side by side.

    python -m benchmarks.runs [--url postgresql://…] [--rows 1000,1000000] [--only TEXT] [--plans] [--refill]

Fills a database `diglit_runs_ROWS` for each size (some minutes for the large one, once), on the server of --url or
DATABASE_URL, else on one of its own under DATA_DIR. Measures the median time of each page and path in the server, in
process and signed in, in alternation. --plans prints how PostgreSQL answers each query of those, for the largest size.
--retention then removes the data of 10,000 old runs, and deletes 10,000, and says what a batch takes.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median
from typing import Any

import psycopg
from psycopg import sql

from app.automations.monitoring import retention
from app.core.clock import now
from app.core.tenancy import as_system
from app.extensions import db
from benchmarks import scale
from benchmarks.portal import Portal
from benchmarks.scale import WORK, database, server
from config import ROOT

DATA = ROOT / "benchmarks" / "runs_data.sql"
ROUNDS = 9
TABLES = (
    "clients", "automations", "automation_versions", "automation_runs", "automation_steps", "automation_attempts",
    "automation_months",
)  # fmt: skip
BATCHES = 20
MEANING = {
    "automation": "select automation_id from automation_runs group by 1 order by count(*) desc limit 1",
    "company": "select client_id from automation_runs group by 1 order by count(*) desc limit 1",
    "run": "select max(id::text) from automation_runs where status = 'succeeded'",
    "old": "select min(id::text) from automation_runs where status = 'succeeded'",
    "of run": "select automation_id from automation_runs where id = (select max(id::text)::uuid "
    "from automation_runs where status = 'succeeded')",
    "group": "select client_id || '/' || fingerprint from automation_runs where fingerprint is not null "
    "and settled_as is null group by client_id, fingerprint order by count(*) desc limit 1",
    "month": "select to_char(now() - interval '40 days', 'YYYY-MM')",
}
"""What stands for a word in braces in the paths: a query of each database."""
CASES = (
    ("list of runs", "/admin/automations/runs"),
    ("runs that failed", "/admin/automations/runs?status=failed"),
    ("runs that wait", "/admin/automations/runs?status=waiting"),
    ("runs of a company", "/admin/automations/runs?client_id={company}"),
    ("runs of a month", "/admin/automations/runs?month={month}"),
    ("runs of an automation", "/admin/automations/{automation}/runs"),
    ("its failed ones", "/admin/automations/{automation}/runs?status=failed"),
    ("a run", "/admin/automations/{of run}/runs/{run}"),
    ("an automation", "/admin/automations/{automation}"),
    ("automations", "/admin/automations"),
    ("failures", "/admin/automations/failures"),
    ("a failure", "/admin/automations/failures/{group}"),
    ("approvals", "/admin/automations/approvals"),
    ("due", "/admin/automations/due"),
    ("savings", "/admin/automations/savings"),
    ("savings of one", "/admin/automations/{automation}/savings"),
    ("API: run", "/api/ai-automation/runs/{run}"),
    ("API: oldest run", "/api/ai-automation/runs/{old}"),
    ("API: runs", "/api/ai-automation/runs?limit=50"),
    ("API: runs of one", "/api/ai-automation/workflows/{automation}/runs?limit=50"),
    ("API: automation", "/api/ai-automation/workflows/{automation}"),
    ("API: failures", "/api/ai-automation/failures"),
    ("start page of staff", "/admin/"),
)


class Store(scale.Store):
    """A filled database, the portal on it, and somebody signed in."""

    def open(self, *, refill: bool) -> None:
        self.portal = Portal(self.url, WORK)
        self.portal.migrate()
        with psycopg.connect(self.url, autocommit=True) as connection:
            if refill or one(connection, "select count(*) from automation_runs") != self.rows:
                fill(connection, self.rows)
            self.words = {word: str(one(connection, query)) for word, query in MEANING.items()}
        given = (line.partition(": ") for line in self.portal.credentials())
        self.headers = [(name, value) for name, _, value in given]
        self._note_queries()

    def path(self, path: str) -> str:
        for word, value in self.words.items():
            path = path.replace(f"{{{word}}}", value)
        return path


def one(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(query).fetchone()  # type: ignore[arg-type]
    return None if row is None else row[0]


def fill(connection: psycopg.Connection[Any], rows: int) -> None:
    """Replace the runs by so many made-up ones, as one transaction."""
    began = time.perf_counter()
    print(f"filling {rows:,} runs …", file=sys.stderr, flush=True)
    with connection.transaction():
        connection.execute("set local session_replication_role = replica")
        connection.execute("set local work_mem = '256MB'")
        names = sql.SQL(", ").join(map(sql.Identifier, TABLES[1:]))
        connection.execute(sql.SQL("truncate {} cascade").format(names))
        connection.execute("delete from clients where name like 'Runs %'")
        connection.execute(DATA.read_text().replace(":rows", str(rows)))  # type: ignore[arg-type]
        connection.execute("delete from data_versions where table_name in ('clients', 'automations')")
        for table in ("clients", "automations"):
            connection.execute(
                sql.SQL(
                    "insert into data_versions (table_name, version, total, live, xid) "
                    "select {}, 1, count(*), count(*), pg_current_xact_id() from {}"
                ).format(table, sql.Identifier(table))
            )
    for table in TABLES:
        connection.execute(sql.SQL("vacuum analyze {}").format(sql.Identifier(table)))
    print(f"filled in {time.perf_counter() - began:.0f} s", file=sys.stderr)


def measure(stores: list[Store], only: str) -> None:
    print(f"{'median ms':26}" + "".join(f"{f'{store.rows:,}':>12}" for store in stores) + "   ratio   slowest query")
    for name, path in CASES:
        if only not in name:
            continue
        times: dict[int, list[float]] = {store.rows: [] for store in stores}
        slowest: list[float] = []
        for number in range(ROUNDS + 2):
            for store in stores:
                store.queries.clear()
                taken = store.get(store.path(path))
                if number >= 2:
                    times[store.rows].append(taken)
                    if store is stores[-1]:
                        slowest.append(max(query[0] for query in store.queries))
        medians = [1_000 * median(taken) for taken in times.values()]
        figures = "".join(f"{value:12.1f}" for value in medians)
        print(f"{name:26}{figures}{medians[-1] / medians[0]:8.2f}{1_000 * median(slowest):16.1f}", flush=True)


def show_plans(store: Store, only: str) -> None:
    for name, path in CASES:
        if only not in name:
            continue
        store.queries.clear()
        store.get(store.path(path))
        print(f"\n== {name}")
        with store.portal.app.app_context(), as_system("a benchmark"):
            for _, statement, values in [q for q in store.queries if "automation_" in q[1] and "explain" not in q[1]]:
                plan = db.session.connection().exec_driver_sql(f"explain (analyze, buffers) {statement}", values)
                print("\n".join(row[0] for row in plan), "\n")
                db.session.rollback()


def measure_retention(store: Store) -> None:
    """What a batch of each job takes, and whether the last one takes longer than the first. What is old is put forward,
    so that both have enough to do."""
    before = {"remove data": now() - timedelta(days=3), "delete": now() - timedelta(days=200)}
    acts: dict[str, tuple[Callable[..., int], Callable[..., int]]] = {
        "remove data": (retention.remove_data, retention.count_with_data),
        "delete": (retention.delete_runs, retention.count_old),
    }
    with store.portal.app.app_context(), as_system("a benchmark"):
        for name, (act, count) in acts.items():
            began = time.perf_counter()
            total = count(before[name])
            counted = time.perf_counter() - began
            removed, times = retention.Removed(), []
            for _ in range(BATCHES):
                began = time.perf_counter()
                act(before[name], removed)
                db.session.commit()
                times.append(1_000 * (time.perf_counter() - began))
            print(
                f"{name}: {total:,} runs are due (counted in {1_000 * counted:.0f} ms); {removed.runs:,} runs with "
                f"{removed.steps:,} steps in batches of {retention.BATCH}: {median(times):.0f} ms each, the first "
                f"{times[0]:.0f}, the last {times[-1]:.0f}, the longest {max(times):.0f}"
            )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default=os.environ.get("DATABASE_URL"), help="any database on the server to use")
    parser.add_argument("--rows", default="1000,1000000")
    parser.add_argument("--only", default="", help="measure the pages whose name has this text")
    parser.add_argument("--plans", action="store_true", help="print the plans instead of measuring")
    parser.add_argument("--refill", action="store_true", help="fill the databases anew")
    parser.add_argument("--retention", action="store_true", help="then remove and delete old runs of the largest size")
    options = parser.parse_args(arguments)
    WORK.mkdir(parents=True, exist_ok=True)
    with server(options.url) as url:
        stores = [Store(int(rows), database(url, int(rows), "diglit_runs")) for rows in options.rows.split(",")]
        for store in stores:
            store.open(refill=options.refill)
        if options.plans:
            show_plans(stores[-1], options.only)
            return 0
        measure(stores, options.only)
        if options.retention:
            measure_retention(stores[-1])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
