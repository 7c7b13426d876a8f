"""The tables' counters: they move with every commit, add up whoever else writes, and make no writer wait."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest

from app.core.versions import Lookout

pytestmark = pytest.mark.committed

INSERT = """
    insert into service_categories (id, name, slug, created_at, updated_at)
    select gen_random_uuid(), number, number, now(), now()
      from (select (random() * 1e15)::bigint::text as number from generate_series(1, %s)) made
"""
ARCHIVE_OR_RESTORE = """
    update service_categories set archived_at = case when archived_at is null then now() end
     where id in (select id from service_categories
                   where xmin::text = (pg_current_xact_id()::text::bigint % 4294967296)::text)
"""
Connect = Any
TABLE = "service_categories"


@pytest.fixture
def connect(committed_db: str) -> Iterator[Connect]:
    with ExitStack() as stack:
        with psycopg.connect(committed_db) as owner:
            owner.execute("delete from data_versions where table_name = %s", [TABLE])

        def connect(**options: Any) -> psycopg.Connection[Any]:
            connection = stack.enter_context(psycopg.connect(committed_db, **options))
            connection.execute("set lock_timeout = '5s'")
            if not connection.autocommit:
                connection.commit()
            return connection

        yield connect


def counted(connection: psycopg.Connection[Any], table: str = TABLE) -> tuple[int, int, int]:
    """Version, rows and rows that are not archived, as the connection sees them."""
    found = connection.execute(
        "select coalesce(sum(version), 0)::int, coalesce(sum(total), 0)::int, coalesce(sum(live), 0)::int"
        "  from data_versions where table_name = %s", [table]
    ).fetchone()  # fmt: skip
    assert found is not None
    return found


def truth(connection: psycopg.Connection[Any]) -> tuple[int, int]:
    found = connection.execute(
        "select count(*), count(*) filter (where archived_at is null) from service_categories"
    ).fetchone()
    assert found is not None
    return found


def test_a_transaction_moves_the_version_once_and_counts_every_row(connect):
    reader, writer = connect(autocommit=True), connect()
    for _ in range(3):
        writer.execute(INSERT, [2])
    writer.execute("update service_categories set name = name || '!'")
    writer.execute(
        "update service_categories set archived_at = now() where id = (select id from service_categories limit 1)"
    )
    assert counted(writer) == (1, 6, 5)
    assert counted(reader) == (0, 0, 0)
    writer.commit()
    assert counted(reader) == (1, 6, 5)
    writer.execute("update service_categories set name = name || '?'")
    writer.execute("delete from service_categories")
    writer.commit()
    assert counted(reader) == (2, 0, 0)


def test_each_of_two_open_transactions_moves_the_version_when_it_commits(connect):
    reader, early, late = connect(autocommit=True), connect(), connect()
    lookout = Lookout(lambda **_: reader)
    late.execute(INSERT, [1])
    early.execute(INSERT, [2])
    before = lookout.look()
    early.commit()
    between = lookout.look()
    late.execute("update service_categories set name = name || '!'")
    late.commit()
    after = lookout.look()
    assert len({str(before.get(TABLE.encode())), str(between[TABLE.encode()]), str(after[TABLE.encode()])}) == 3
    assert counted(reader) == (2, 3, 3)


def test_what_a_savepoint_takes_back_is_not_counted_and_what_follows_is(connect):
    reader, writer = connect(autocommit=True), connect()
    writer.execute("savepoint first")
    writer.execute(INSERT, [1])
    writer.execute("rollback to savepoint first")
    writer.execute(INSERT, [2])
    writer.execute("savepoint second")
    writer.execute("update service_categories set archived_at = now()")
    writer.execute(INSERT, [3])
    writer.execute("rollback to savepoint second")
    writer.execute(INSERT, [4])
    writer.commit()
    assert counted(reader) == (1, 6, 6)
    writer.execute(INSERT, [5])
    writer.rollback()
    assert counted(reader) == (1, 6, 6)
    writer.execute("update service_categories set name = name || '!'")
    writer.commit()
    assert counted(reader) == (2, 6, 6)


@pytest.mark.parametrize("place", ["", "(0,1)", "(4000,7)"])
def test_nobody_can_keep_the_version_from_moving(connect, place):
    reader, writer = connect(autocommit=True), connect()
    writer.execute(INSERT, [1])
    writer.commit()
    writer.execute("select set_config('counted.service_categories', %s, true)", [place])
    writer.execute("update service_categories set name = name || '!'")
    writer.commit()
    assert counted(reader) == (2, 1, 1)


def test_writers_at_once_neither_wait_nor_lose_a_count(connect):
    def write(number: int) -> int:
        dice, connection, commits = random.Random(number), connect(), 0
        for _ in range(25):
            for _ in range(dice.randint(1, 4)):
                connection.execute(INSERT, [dice.randint(1, 3)])
                connection.execute("savepoint here")
                connection.execute(ARCHIVE_OR_RESTORE)
                if dice.random() < 0.3:
                    connection.execute("rollback to savepoint here")
            if dice.random() < 0.3:
                connection.rollback()
            else:
                connection.commit()
                commits += 1
        return commits

    reader = connect(autocommit=True)
    with ThreadPoolExecutor(8) as pool:
        commits = sum(pool.map(write, range(8)))
    version, total, live = counted(reader)
    assert (total, live) == truth(reader)
    assert version == commits
    slots = reader.execute("select count(*) from data_versions where table_name = 'service_categories'").fetchone()
    assert slots is not None
    assert slots[0] < 2 * 8


def test_a_version_stands_for_the_same_rows_whoever_writes_meanwhile(connect):
    """What makes a cache sound: under the same version nobody ever sees other rows."""
    seen: dict[int, int] = {}
    reader = connect()
    reader.execute("set transaction isolation level repeatable read")

    def write(_number: int) -> None:
        connection = connect()
        for _ in range(40):
            connection.execute(INSERT, [1])
            connection.execute(INSERT, [1])
            connection.commit()

    with ThreadPoolExecutor(6) as pool:
        running = [pool.submit(write, number) for number in range(6)]
        while not all(task.done() for task in running):
            version, total, _ = counted(reader)
            rows, _ = truth(reader)
            assert rows == total == seen.setdefault(version, rows)
            reader.rollback()
            reader.execute("set transaction isolation level repeatable read")
    assert len(seen) > 20


def test_a_thousand_statements_of_one_transaction_search_for_its_counter_and_its_chain_once(connect):
    """Each search passes all that the transaction made of the row before, so a thousand would cost a million."""
    writer = connect()
    writer.execute(INSERT, [1])
    for _ in range(1000):
        writer.execute("update service_categories set description = description || '!'")
    searches = writer.execute(
        "select relname, seq_scan + coalesce(idx_scan, 0) from pg_stat_xact_user_tables"
        " where relname in ('data_versions', 'audit_chains')"
    ).fetchall()  # fmt: skip
    assert dict(searches).keys() == {"data_versions", "audit_chains"}
    assert all(count <= 4 for _, count in searches), searches
