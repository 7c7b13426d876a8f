"""Where the time of `POST /api/products` goes.

    python -m benchmarks.creation [--url postgresql://…]

Prints the processor time of a request in this process, the share of each part of it (by a profile, whose own cost
weighs on what makes many calls), and what PostgreSQL says of the insert and its triggers.
"""

import argparse
import cProfile
import os
import pstats
import re
import time
from statistics import median
from typing import Any

import psycopg

from benchmarks.portal import LOADED, Portal
from benchmarks.scale import WORK, database, server

REQUESTS = 300
BODY = {
    "name": "Load 001",
    "category": LOADED,
    "description": "Inserted under load. " * 10,
    "price": "123.45",
    "features": ["one feature", "another"],
    "icon": "icon-1",
}
PARTS = (
    ("the whole request", "flask/app.py", "wsgi_app"),
    ("the token and whose it is", "app/identity/authentication.py", "_user_of"),
    ("  of it, asking the database", "app/identity/authentication.py", "_look_up"),
    ("reading and validating the body", "app/api/operation.py", "_body"),
    ("the operation", "app/catalog/operations.py", "create_product"),
    ("  of it, saying who changes what", "app/core/audit.py", "audit_as"),
    ("  of it, the row and its slug", "app/core/records.py", "insert_records"),
    ("commit", "sqlalchemy/orm/scoping.py", "commit"),
)
INSERT = """
    insert into products (id, name, slug, category, description, price, features, icon, created_at, updated_at)
    values (gen_random_uuid(), %(name)s, 'load-' || gen_random_uuid(), %(category)s, %(description)s,
            %(price)s::numeric, %(features)s, %(icon)s, now(), now())
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default=os.environ.get("DATABASE_URL"), help="any database on the server to use")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    with server(options.url) as url:
        address = database(url, 0)
        portal = Portal(address, WORK)
        portal.migrate()
        measure_requests(portal)
        measure_insert(address)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("delete from products where category = %s", [LOADED])


def measure_requests(portal: Portal) -> None:
    headers = dict(line.split(": ", 1) for line in portal.credentials() if line.startswith("Authorization"))
    client = portal.app.test_client(use_cookies=False)

    def create() -> None:
        answer = client.post("/api/products", json=BODY, headers=headers)
        if answer.status_code != 201:
            raise SystemExit(f"{answer.status}: {answer.text[:300]}")

    for _ in range(50):
        create()
    began = time.process_time()
    for _ in range(REQUESTS):
        create()
    spent = (time.process_time() - began) / REQUESTS * 1000
    print(f"processor time of this process: {spent:.2f} ms a request, the test client's included")
    profile = cProfile.Profile(time.process_time)
    profile.enable()
    for _ in range(REQUESTS):
        create()
    profile.disable()
    _print_shares(pstats.Stats(profile).stats)  # type: ignore[attr-defined]


def _print_shares(stats: dict[tuple[str, int, str], Any]) -> None:
    def seconds(path: str, name: str) -> float:
        return max(
            (numbers[3] for (file, _, function), numbers in stats.items() if file.endswith(path) and function == name),
            default=0.0,
        )

    whole = seconds(*PARTS[0][1:])
    for label, path, name in PARTS:
        print(f"{label:<36}{seconds(path, name) / whole:>6.0%}")


def measure_insert(address: str) -> None:
    told: dict[str, list[float]] = {}
    with psycopg.connect(address) as connection:
        for _ in range(50):
            for (line,) in connection.execute(f"explain (analyze, costs off) {INSERT}", BODY):
                if found := re.match(r"Trigger (\w+):.* time=([\d.]+)|Execution (Time): ([\d.]+)", line):
                    name, value = (found[1], found[2]) if found[1] else ("row and triggers", found[4])
                    told.setdefault(name, []).append(float(value))
        connection.rollback()
    for name, values in told.items():
        print(f"PostgreSQL, {name:<24}{median(values):>6.2f} ms")


if __name__ == "__main__":
    main()
