"""What a long day leaves of the table of work: its size, and what a claim reads, while runs come and go.

    python -m benchmarks.leases [--url postgresql://…] [--runs 300000] [--held]

Each run is begun, looked at, tried as a step whose lease is renewed once, and ended, by the statements of the runner
itself and in its batches; what steps do is left out. --held keeps a transaction open through the second half of it, as
a dump does, so that nothing of that half can be cleared away until the end.
"""

import argparse
import os
import secrets
import time
from contextlib import ExitStack
from typing import Any
from uuid import UUID, uuid4

import psycopg
from sqlalchemy import event, text

from app.auth.accounts.operations import create_user
from app.auth.passwords.hashing import password_hasher
from app.automations.models import ADVANCE
from app.automations.operations import deploy
from app.automations.runs import work
from app.automations.runs.starting import NewRun, start_runs
from app.core.audit import SYSTEM, audit_as
from app.core.permissions import Role
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import Client
from benchmarks.automations import chain
from benchmarks.peers import of_database
from benchmarks.portal import Portal
from benchmarks.scale import WORK, server

BATCH = 32
DATABASE = "diglit_leases"
TABLES = ("automation_work", "automation_runs")
_SIZES = "select pg_relation_size(%(t)s) / 8192, (pg_indexes_size(%(t)s)) / 8192"
_KEPT = """
    select n_tup_upd, n_tup_hot_upd, n_dead_tup, autovacuum_count from pg_stat_user_tables where relname = %s
"""
_FINISH = text("update automation_runs set status = 'succeeded', finished_at = now() where id = any(:ids)")
_BEGIN = text("update automation_runs set status = 'running', started_at = now() where id = any(:ids)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default=os.environ.get("DATABASE_URL"), help="any database on the server to use")
    parser.add_argument("--runs", type=int, default=300_000)
    parser.add_argument("--held", action="store_true")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    with server(options.url) as url:
        with psycopg.connect(url, autocommit=True) as first:
            first.execute(f"drop database if exists {DATABASE} with (force)")
            first.execute(f"create database {DATABASE}")
            first.execute(f"alter database {DATABASE} set synchronous_commit = off")
        portal = Portal(of_database(url, DATABASE), WORK)
        portal.migrate()
        with portal.app.app_context(), as_system("a benchmark"), psycopg.connect(portal.database_url) as beside:
            beside.autocommit = True
            go_through(options, automations(), beside)


def automations() -> list[tuple[UUID, UUID]]:
    """An automation and its company, ten times."""
    audit_as(db.session, actor=SYSTEM, action="create")
    made = []
    workflow: dict[str, Any] = {"trigger": {"type": "manual"}, "steps": chain(1)}
    for number in range(10):
        company = Client(name=f"Leases {uuid4()}")
        db.session.add(company)
        db.session.flush()
        owner = create_user(
            username=f"owner{number}", email=f"owner{number}@example.com", password=secrets.token_urlsafe(16),
            role=Role.CLIENT, hashing=password_hasher(), actor=SYSTEM, client_id=company.id,
        )  # fmt: skip
        one = deploy(f"a{number}", workflow, client_id=company.id, actor=owner, max_concurrent=None)
        made.append((one.id, company.id))
    db.session.commit()
    return made


def go_through(
    options: argparse.Namespace, automations: list[tuple[UUID, UUID]], beside: psycopg.Connection[Any]
) -> None:
    print(f"{'runs':>8} {'s':>6} {'pages':>7} {'indexes':>8} {'a claim':>8} {'HOT':>5} {'dead':>7} {'cleared':>7}")
    began, every = time.perf_counter(), max(BATCH, options.runs // 10)
    with ExitStack() as held:
        for done in range(0, options.runs, BATCH):
            one_batch(automations)
            if options.held and done <= options.runs // 2 < done + BATCH:
                other = held.enter_context(psycopg.connect(beside.info.dsn, password=beside.info.password))
                other.execute("set transaction isolation level repeatable read; select 1")
            if done // every != (done + BATCH) // every:
                begin(automations)
                tell(done + BATCH, time.perf_counter() - began, beside)
                end()
    tell(options.runs, time.perf_counter() - began, beside)


def one_batch(automations: list[tuple[UUID, UUID]]) -> None:
    begin(automations)
    end()


def begin(automations: list[tuple[UUID, UUID]]) -> None:
    new = [NewRun(*automations[n % len(automations)], 1, None, "null") for n in range(BATCH)]
    start_runs(new, trigger="manual", actor=SYSTEM)
    db.session.commit()


def end() -> None:
    looks = claimed(work.claim_looks)
    db.session.execute(_BEGIN, {"ids": [claim.run_id for claim in looks]})
    for claim in looks:
        work.add_for(claim.run_id, claim.client_id, claim.automation_id, position=0, item=-1)
    work.hand_in(looks)
    db.session.commit()
    steps = claimed(work.claim_steps)
    work.renew(steps)
    db.session.commit()
    for claim in steps:
        work.advance(claim.run_id, claim.client_id, claim.automation_id)
    work.hand_in(steps)
    db.session.commit()
    looks = claimed(work.claim_looks)
    assert all(claim.position == ADVANCE for claim in looks)
    db.session.execute(_FINISH, {"ids": [claim.run_id for claim in looks]})
    work.hand_in(looks)
    db.session.commit()


def claimed(claim: Any) -> list[work.Claim]:
    found = claim(BATCH)
    db.session.commit()
    return list(found)


def tell(done: int, seconds: float, beside: psycopg.Connection[Any]) -> None:
    pages = claim_reads()
    for table in TABLES:
        own, indexes = beside.execute(_SIZES, {"t": table}).fetchone() or (0, 0)
        updates, hot, dead, cleared = beside.execute(_KEPT, [table]).fetchone() or (0, 0, 0, 0)
        print(
            f"{done:8,} {seconds:6.0f} {own:7,} {indexes:8,} {pages if table == TABLES[0] else '':>8}"
            f" {hot / updates if updates else 0:5.0%} {dead:7,} {cleared:7} {table}",
            flush=True,
        )


def claim_reads() -> int:
    """The pages that the two claims look at, with one batch waiting."""
    pages, seen = 0, []
    connection = db.session.connection()

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "automation_work work" in statement:
            seen.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    work.claim_looks(BATCH)
    work.claim_steps(BATCH)
    event.remove(connection, "before_cursor_execute", note)
    for statement, parameters in seen:
        plan = connection.exec_driver_sql(f"explain (analyze, buffers, format json) {statement}", parameters)
        top = plan.scalar_one()[0]["Plan"]
        pages += top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    db.session.rollback()
    return pages


if __name__ == "__main__":
    main()
