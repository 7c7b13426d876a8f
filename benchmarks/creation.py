"""Where the time of `POST /api/products` goes, and PostgreSQL's of keeping a match.

    python -m benchmarks.creation [--url postgresql://…]

Prints the processor time of a request in this process, and the share of each part of it (by a profile, whose own cost
weighs on what makes many calls). Of PostgreSQL, whose server must be on this machine, it prints what the backend's
processor spends on the statement, and what it is spared without one of its parts: each is taken away in a transaction
that is rolled back, in alternation. So parts that share something don't add up to the whole.
"""

import argparse
import cProfile
import os
import pstats
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import psycopg

from app.assistants.requests import operations as requests
from app.catalog.operations import create_product
from app.catalog.schemas import ProductInput
from app.core import records
from app.core.audit import SYSTEM
from app.core.exact_json import dumps, loads
from app.core.ids import new_id
from app.core.tenancy import as_system
from app.extensions import db
from benchmarks import people
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
    ("the hooks before the view", "flask/app.py", "preprocess_request"),
    ("reading the body", "app/api/bodies.py", "read_object"),
    ("validating it", "app/api/operation.py", "_body"),
    ("the operation", "app/catalog/operations.py", "create_product"),
    ("  of it, saying who changes what", "app/core/audit.py", "audit_as"),
    ("  of it, the row and its slug", "app/core/records.py", "insert_records"),
    ("    of it, the statement", "app/core/rls.py", "rows_of"),
    ("commit", "sqlalchemy/orm/scoping.py", "commit"),
    ("the answer", "app/api/operation.py", "_answer"),
)
ROUNDS, WARMING, STATEMENTS, PEOPLE = 15, 8, 25, 1000
AS_IT_IS = "alter table {table} set (autovacuum_enabled = false)"
"""Changes nothing, and has everything planned anew, as the others do."""
WITHOUT = {
    "audit, chain, counters": "alter table {table} disable trigger audit_insert",
    "learning of words": "alter table {table} disable trigger learn_insert",
    "search vector": "alter table {table} alter column search drop expression",
    "checks": "alter table {table} {checks}",
    "foreign keys": "alter table {table} {keys}",
    "indexes but unique ones": "drop index {indexes}",
    "the audit's indexes but unique ones": "drop index {audit_indexes}",
}
"""What takes a part away. One that a table hasn't got is left out."""
NAMES = {
    "checks": "select string_agg('drop constraint ' || conname, ', ') from pg_constraint"
    " where conrelid = %s::regclass and contype = 'c'",
    "keys": "select string_agg('drop constraint ' || conname, ', ') from pg_constraint"
    " where conrelid = %s::regclass and contype = 'f'",
    "indexes": "select string_agg(indexrelid::regclass::text, ', ') from pg_index"
    " where indrelid = %s::regclass and not indisunique",
    "audit_indexes": "select string_agg(indexrelid::regclass::text, ', ') from pg_index"
    " where indrelid = 'audit_entries'::regclass and not indisunique and %s <> ''",
}
WANTED = {"skills": ["bookkeeping", "MS Excel"], "hours_per_week": 5, "max_hourly_rate": Decimal(90), "limit": 10}


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
        with psycopg.connect(address, autocommit=True) as connection:
            measure_creation(connection, portal)
            measure_match(connection, portal)
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


class _Caught(Exception):
    pass


def caught(portal: Portal, module: Any, operation: Callable[[], Any]) -> tuple[str, Mapping[str, Any]]:
    """The statement that an operation sends from that module, and its values."""
    found: list[Any] = []

    def catch(*what: Any) -> None:
        found.extend(what)
        raise _Caught

    with portal.app.app_context(), as_system("a benchmark"):
        with patch.object(module, "rows_of", catch), suppress(_Caught):
            operation()
        db.session.rollback()
    return found[1], found[2]


def measure_creation(connection: psycopg.Connection[Any], portal: Portal) -> None:
    product = ProductInput.model_validate(BODY)
    statement, given = caught(portal, records, lambda: create_product(product, actor=SYSTEM))
    rows = loads(given["rows"])
    print_parts(connection, "products", statement, lambda: {**given, "rows": dumps([{**rows[0], "id": new_id()}])})


def measure_match(connection: psycopg.Connection[Any], portal: Portal) -> None:
    people.load_skills(portal)
    people.fill(connection, PEOPLE)
    company = connection.execute("select id from clients order by name limit 1").fetchone()
    assert company is not None
    statement, given = caught(
        portal, requests, lambda: requests.request_match(WANTED, client_id=company[0], actor=SYSTEM)
    )
    matches = loads(given["matches"])

    def values() -> dict[str, Any]:
        return {**given, "id": new_id(), "matches": dumps([{**match, "id": new_id()} for match in matches])}

    print_parts(connection, "matches", statement, values)


def print_parts(
    connection: psycopg.Connection[Any], table: str, statement: str, values: Callable[[], Mapping[str, Any]]
) -> None:
    """What PostgreSQL's processor spends on a statement, and what it is spared without each of its parts."""
    names = {name: connection.execute(found, [table]).fetchone()[0] for name, found in NAMES.items()}  # type: ignore[arg-type, index]
    spent: dict[str, list[float]] = {"": []}
    for _turn in range(ROUNDS + 1):
        for part, without in {"": AS_IT_IS, **WITHOUT}.items():
            with connection.transaction(force_rollback=True), suppress(psycopg.errors.Error):
                connection.execute(without.format(table=table, **names))  # type: ignore[arg-type]
                spent.setdefault(part, []).append(_time_of(connection, statement, values))
    whole = median(spent.pop("")[1:])
    print(f"PostgreSQL, {table}: {whole:.2f} ms for the statement, and without")
    for part, times in spent.items():
        print(f"  {part:<36}{median(times[1:]) - whole:>+6.2f} ms")


def _time_of(connection: psycopg.Connection[Any], statement: str, values: Callable[[], Mapping[str, Any]]) -> float:
    clock = Path(f"/proc/{connection.info.backend_pid}/schedstat")
    began = 0
    for number, given in enumerate([values() for _ in range(WARMING + STATEMENTS)]):
        if number == WARMING:
            began = int(clock.read_text().split()[0])
        connection.execute(statement.encode(), given, prepare=True)
    return (int(clock.read_text().split()[0]) - began) / STATEMENTS / 1e6


if __name__ == "__main__":
    main()
