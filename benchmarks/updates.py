"""What a transaction of many single-row statements costs, with its triggers: audit, chain, versions, counters.

    python -m benchmarks.updates [--url postgresql://…] [--rows 3000]

Prints the time by the clock and the processor time of PostgreSQL for each thousand: where a statement passes what those
before it left, the last thousand costs more than the first. On a server of its own the processor time is the figure to
compare.
"""

import argparse
import os
import time
from itertools import pairwise

import psutil
import psycopg

from benchmarks.portal import Portal
from benchmarks.scale import WORK, database, server

UPDATE = "update products set price = price + 1 where id = %s"
INSERT = """
    insert into products (id, name, slug, category, price, created_at, updated_at)
    values (gen_random_uuid(), %(slug)s, %(slug)s, 'updates', 1, now(), now())
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default=os.environ.get("DATABASE_URL"), help="any database on the server to use")
    parser.add_argument("--rows", type=int, default=3000)
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    with server(options.url) as url:
        address = database(url, 0)
        Portal(address, WORK).migrate()
        with psycopg.connect(address) as connection:
            slugs = [{"slug": f"updates-{number}"} for number in range(options.rows)]
            measure(connection, "inserts", INSERT, slugs)
            found = connection.execute("select id from products where category = 'updates'").fetchall()
            connection.commit()
            measure(connection, "updates", UPDATE, found)
            connection.execute("delete from products where category = 'updates'")


def measure(connection: psycopg.Connection, what: str, statement: str, rows: list) -> None:
    backend = psutil.Process(connection.info.backend_pid)
    marks, began = [_spent(backend)], time.perf_counter()
    for number, row in enumerate(rows, 1):
        connection.execute(statement, row)
        if number % 1000 == 0:
            marks.append(_spent(backend))
    connection.commit()
    whole = time.perf_counter() - began
    each = ", ".join(f"{after - before:.2f}" for before, after in pairwise(marks))
    print(f"{len(rows):,} {what}: {whole:.2f} s, of PostgreSQL's processor {_spent(backend) - marks[0]:.2f} s ({each})")


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    main()
