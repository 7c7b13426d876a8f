"""The lists at 1,000 and at 1,000,000 products, side by side.

    python -m benchmarks.scale [--url postgresql://…] [--rows 1000,1000000] [--only TEXT] [--plans] [--refill]

Fills a database `diglit_scale_ROWS` for each size, on the server of --url or DATABASE_URL, else on one of its own under
DATA_DIR, and keeps it for the next time. Measures the median time of each list in the server, as the API and as the
staff page, the slowest query of it, and the export: in process and signed in, so that no answer comes from the cache of
public reads, and with the memory of pages emptied each time. --plans prints how PostgreSQL reads each list of the
largest size.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import psutil
import psycopg
from psycopg import sql
from sqlalchemy import event

from app.catalog.kinds import PRODUCTS
from app.cli.embedded import EmbeddedPostgres
from app.core.lists import query_schema
from app.core.lists.cursor import Place, write_cursor
from app.core.lists.paging import forget_all
from app.core.tenancy import as_system
from app.extensions import db
from benchmarks.portal import Portal
from config import ROOT

WORK = Path(os.environ.get("DATA_DIR", ROOT / "var")).resolve() / "bench-scale"
DATA = Path(__file__).with_name("scale_data.sql")
ROUNDS = 11
PAGE = 50


@dataclass
class Store:
    """A filled database, the portal on it, and somebody signed in."""

    rows: int
    url: str
    portal: Portal = field(init=False)
    headers: list[tuple[str, str]] = field(init=False)
    words: dict[str, str] = field(init=False)
    queries: list[tuple[float, str, Any]] = field(default_factory=list)

    def open(self, *, refill: bool) -> None:
        self.portal = Portal(self.url, WORK)
        self.portal.migrate()
        with psycopg.connect(self.url, autocommit=True) as connection:
            if refill or _count(connection) != self.rows:
                fill(connection, self.rows)
            self.words = _words(connection)
            self.place = _thousandth_page(connection, self.rows)
        given = (line.partition(": ") for line in self.portal.credentials())
        self.headers = [(name, value) for name, _, value in given]
        self._note_queries()

    def _note_queries(self) -> None:
        with self.portal.app.app_context(), as_system("a benchmark"):
            engine = db.engine

        @event.listens_for(engine, "before_cursor_execute")
        def begin(connection: Any, *_: Any) -> None:
            connection.info["began"] = time.perf_counter()

        @event.listens_for(engine, "after_cursor_execute")
        def end(connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
            self.queries.append((time.perf_counter() - connection.info["began"], statement, values))

    def asked(self, asked: Mapping[str, str]) -> str:
        """The query string, with this store's words and places."""
        values = {name: self.words.get(value, value) for name, value in asked.items()}
        if "cursor" in values:
            step, name = values.pop("cursor").split(":")
            query = query_schema(PRODUCTS)(**values)
            key, id_ = self.place[name]
            values["cursor"] = write_cursor(PRODUCTS, query, Place(step, key, id_))  # type: ignore[arg-type]
        return urlencode(values)

    def get(self, path: str) -> float:
        """Seconds that the server takes to answer."""
        kind = "Authorization" if path.startswith("/api") else "Cookie"
        forget_all()
        client = self.portal.app.test_client(use_cookies=False)
        headers = [pair for pair in self.headers if pair[0] == kind]
        began = time.perf_counter()
        answer = client.get(path, headers=headers, base_url="https://localhost")
        taken = time.perf_counter() - began
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status}")
        return taken


CASES: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("list", {}),
    ("list by name", {"sort": "name"}),
    ("list by price, downward", {"sort": "-price"}),
    ("list by change", {"sort": "-updated_at"}),
    ("1,000th page", {"cursor": "after:created_at"}),
    ("1,000th page by name", {"sort": "name", "cursor": "after:name"}),
    ("page before it", {"cursor": "before:created_at"}),
    ("archived ones", {"archived": "archived"}),
    ("all of them", {"include_archived": "true"}),
    ("large category", {"category": "Software"}),
    ("small category", {"category": "Print"}),
    ("small category by name", {"category": "Print", "sort": "name"}),
    ("category, old rows only", {"category": "Legacy"}),
    ("narrow price range", {"min_price": "100", "max_price": "110"}),
    ("price range by price", {"min_price": "100", "sort": "price"}),
    ("category and price, none", {"category": "Training", "min_price": "5000"}),
    ("common feature", {"feature": "Audit log"}),
    ("feature, old rows only", {"feature": "Fax gateway"}),
    ("search, common word", {"q": "common"}),
    ("search, common, newest", {"q": "common", "sort": "-created_at"}),
    ("search, common text word", {"q": "customer"}),
    ("search, text word, newest", {"q": "customer", "sort": "-created_at"}),
    ("search, word in 1 %", {"q": "middle"}),
    ("search, 1 %, newest", {"q": "middle", "sort": "-created_at"}),
    ("search, rare word", {"q": "rare"}),
    ("search, rare, newest", {"q": "rare", "sort": "-created_at"}),
    ("search, misspelt", {"q": "analitycs"}),
    ("search, nothing like it", {"q": "zzzzqqq"}),
    ("search, two words", {"q": "invoice reports"}),
    ("search, two words, newest", {"q": "invoice reports", "sort": "-created_at"}),
    ("search, common by name", {"q": "common", "sort": "name"}),
    ("search, 1 % by name", {"q": "middle", "sort": "name"}),
    ("search and filters", {"q": "reports", "category": "Software", "feature": "Audit log"}),
)


def fill(connection: psycopg.Connection[Any], rows: int) -> None:
    """Replace the products by so many made-up ones, and what triggers keep of them by what they would have kept."""
    began = time.perf_counter()
    print(f"filling {rows:,} products …", file=sys.stderr, flush=True)
    execute = connection.execute
    execute("set maintenance_work_mem = '512MB'")
    execute("set session_replication_role = replica")
    execute("truncate products, solution_products, search_words")
    secondary = execute(
        "select indexname, indexdef from pg_indexes where tablename = 'products' and indexname !~ '_(pkey|key)$'"
    ).fetchall()
    for name, _ in secondary:
        execute(sql.SQL("drop index {}").format(sql.Identifier(name)))
    execute(DATA.read_text().replace(":rows", str(rows)))  # type: ignore[arg-type]
    for _, definition in secondary:
        execute(definition)
    execute("delete from data_versions where table_name in ('products', 'solution_products')")
    execute("insert into data_versions (table_name, version, total, live, xid) select 'products', 1, count(*), "
            "count(*) filter (where archived_at is null), pg_current_xact_id() from products")  # fmt: skip
    execute("insert into search_words select word from ts_stat('select search from products') "
            "where word ~ '^[[:alpha:]]{3,40}$' on conflict do nothing")  # fmt: skip
    execute("set session_replication_role = origin")
    for table in ("products", "search_words", "data_versions"):
        execute(sql.SQL("vacuum analyze {}").format(sql.Identifier(table)))
    print(f"filled in {time.perf_counter() - began:.0f} s", file=sys.stderr)


def _count(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute(
        "select coalesce(sum(total), 0) from data_versions where table_name = 'products'"
    ).fetchone()
    assert row is not None
    return int(row[0])


def _words(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """A word that a third of the rows have, one that a hundredth have (a full page in any case), and a rare one."""
    total = _count(connection)
    part = 1 if total < 100_000 else 20
    counted = connection.execute(
        f"select word, ndoc * {part} from ts_stat('select search from products where hashtext(slug) % {part} = 0') "  # type: ignore[arg-type]
        "where word ~ '^[[:alpha:]]{5,}$'"
    ).fetchall()
    wanted = {"common": total * 0.3, "middle": max(total * 0.01, 1.2 * PAGE), "rare": 20}
    return {kind: min(counted, key=lambda row: abs(row[1] - aim))[0] for kind, aim in wanted.items()}


def _thousandth_page(connection: psycopg.Connection[Any], rows: int) -> dict[str, tuple[Any, Any]]:
    """The last rows before the 1,000th page of two sorts; before the last page, where there are fewer."""
    offset = min(999 * PAGE, rows * 9 // 10) - 1
    found = {}
    for sort, key, order in (
        ("created_at", "created_at", "created_at desc, id desc"),
        ("name", "plain(name)", 'plain(name) collate "C", id'),
    ):
        statement = f"select {key}, id from products where archived_at is null order by {order} offset {offset} limit 1"
        row = connection.execute(statement).fetchone()  # type: ignore[arg-type]
        assert row is not None
        found[sort] = (row[0], row[1])
    return found


def measure(stores: list[Store], only: str) -> None:
    sizes = "".join(f"{f'{store.rows:,}':>11}" for store in stores)
    print(f"{'median ms':26}{'API' + sizes:>25}  ratio{'page' + sizes:>25}  ratio  slowest query")
    for name, asked in CASES:
        if only not in name:
            continue
        times: dict[tuple[str, int], list[float]] = {}
        slowest: list[float] = []
        for number in range(ROUNDS + 2):
            for store in stores:
                for path in ("/api/products", "/admin/products"):
                    store.queries.clear()
                    taken = store.get(f"{path}?{store.asked(asked)}")
                    if number >= 2:
                        times.setdefault((path, store.rows), []).append(taken)
                        if store is stores[-1]:
                            slowest.append(max(query[0] for query in store.queries))
        print(_line(name, stores, times, slowest), flush=True)


def _line(name: str, stores: list[Store], times: dict[tuple[str, int], list[float]], slowest: list[float]) -> str:
    line = f"{name:26}"
    for path in ("/api/products", "/admin/products"):
        medians = [1_000 * median(times[path, store.rows]) for store in stores]
        line += "   " + "".join(f"{value:11.1f}" for value in medians) + f"{medians[-1] / medians[0]:7.2f}"
    return f"{line}{1_000 * median(slowest):13.1f}"


def show_plans(store: Store, only: str) -> None:
    for name, asked in CASES:
        if only not in name:
            continue
        store.queries.clear()
        store.get(f"/api/products?{store.asked(asked)}")
        print(f"\n== {name}: {dict(asked)}")
        with store.portal.app.app_context(), as_system("a benchmark"):
            for _, statement, values in [q for q in store.queries if "products" in q[1] and "explain" not in q[1]]:
                db.session.execute(db.text("set local random_page_cost = 1.1"))
                db.session.execute(db.text("set local jit = off"))
                plan = db.session.connection().exec_driver_sql(f"explain (analyze, buffers) {statement}", values)
                print("\n".join(row[0] for row in plan))
                db.session.rollback()


def measure_export(store: Store) -> None:
    """The export of everything: time to the first byte, in all, and how much memory grows by it."""
    process = psutil.Process()
    for _ in range(2):
        store.get("/admin/products?limit=1")
    client = store.portal.app.test_client(use_cookies=False)
    headers = [pair for pair in store.headers if pair[0] == "Cookie"]
    highest = before = process.memory_info().rss
    began = time.perf_counter()
    answer = client.get("/admin/products/export.csv", headers=headers, base_url="https://localhost", buffered=False)
    first = size = 0
    for number, chunk in enumerate(answer.iter_encoded()):
        first = first or time.perf_counter() - began
        size += len(chunk)
        if number % 100 == 0:
            highest = max(highest, process.memory_info().rss)
    answer.close()
    taken = time.perf_counter() - began
    print(
        f"export of {store.rows:,} rows: first byte after {1_000 * first:.0f} ms, "
        f"{size / 1e6:,.0f} MB in {taken:.1f} s, memory grew by {(highest - before) / 1e6:.1f} MB\n"
    )


@contextmanager
def server(url: str | None) -> Iterator[str]:
    """The address of a server's database: the given one's, or that of an embedded server that stops afterwards."""
    if url:
        yield url
        return
    embedded = EmbeddedPostgres(WORK)
    embedded.start()
    try:
        yield embedded.url
    finally:
        embedded.stop()


def database(url: str, rows: int, of: str = "diglit_scale") -> str:
    """The address of the database for so many rows, which is created when it isn't there."""
    name = f"{of}_{rows}"
    with psycopg.connect(url, autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default=os.environ.get("DATABASE_URL"), help="any database on the server to use")
    parser.add_argument("--rows", default="1000,1000000")
    parser.add_argument("--only", default="", help="measure the lists whose name has this text")
    parser.add_argument("--plans", action="store_true", help="print the plans instead of measuring")
    parser.add_argument("--refill", action="store_true", help="fill the databases anew")
    options, _ = parser.parse_known_args(arguments)
    WORK.mkdir(parents=True, exist_ok=True)
    with server(options.url) as url:
        stores = [Store(int(rows), database(url, int(rows))) for rows in options.rows.split(",")]
        for store in stores:
            store.open(refill=options.refill)
        if options.plans:
            show_plans(stores[-1], options.only)
            return 0
        if not options.only:
            measure_export(stores[-1])
        measure(stores, options.only)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
