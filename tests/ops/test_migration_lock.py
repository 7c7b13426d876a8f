"""One start at a time prepares a database, and the others say whom they wait for."""

from contextlib import suppress

import psycopg
import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from app.cli import migration_lock, preparation
from app.cli.migration_lock import MIGRATING, alone
from app.cli.preparation import CannotServe
from config import Settings, sqlalchemy_url
from tests.pgbouncer import needs_pgbouncer, pgbouncer

pytestmark = pytest.mark.committed


def locks(address):
    """How many advisory locks are held in that database; the server has others, of other tests."""
    with psycopg.connect(address) as connection:
        query = """select count(*) from pg_locks join pg_database d on d.oid = database
                    where locktype = 'advisory' and datname = current_database()"""
        return connection.execute(query).fetchone()[0]


def hold(url, said):
    engine = create_engine(sqlalchemy_url(url), connect_args={"application_name": "diglit start"})
    try:
        with engine.connect() as connection, alone(connection, said.append):
            return connection.scalar(text("select 'held'"))
    finally:
        engine.dispose()


def test_who_waits_says_for_whom(committed_db, monkeypatch):
    monkeypatch.setattr(migration_lock, "PATIENCE", 0.3)
    said = []
    with psycopg.connect(committed_db, autocommit=True, application_name="diglit start") as other:
        other.execute("select pg_advisory_lock(%s)", [MIGRATING])

        def hear(what):
            said.append(what)
            other.execute("select pg_advisory_unlock(%s)", [MIGRATING])

        engine = create_engine(sqlalchemy_url(committed_db))
        with engine.connect() as connection, alone(connection, hear):
            pass
        engine.dispose()
        pid = other.info.backend_pid
    assert len(said) == 1
    assert said[0].startswith(f"Waiting for process {pid} of the database (diglit start, connected since 20")


def test_the_lock_is_given_back_after_a_failure_too(committed_db):
    engine = create_engine(sqlalchemy_url(committed_db))
    with engine.connect() as connection:
        with pytest.raises(DBAPIError), alone(connection, print):
            connection.execute(text("select 1 / 0"))
        assert locks(committed_db) == 0
    engine.dispose()


def test_no_transaction_is_open_while_migrations_run(committed_db, monkeypatch):
    """A migration that builds an index concurrently would wait for it for ever."""
    seen = []

    def run(url, *arguments):
        with psycopg.connect(committed_db) as other:
            query = "select state from pg_stat_activity where application_name = 'waiting start'"
            seen.append((*arguments, *other.execute(query).fetchone()))
        return ""

    monkeypatch.setattr(preparation, "_run_flask", run)
    monkeypatch.setattr(preparation, "is_current", lambda connection: inspect(connection).has_table("nothing"))
    engine = create_engine(sqlalchemy_url(committed_db), connect_args={"application_name": "waiting start"})
    with engine.connect() as connection, suppress(CannotServe):
        preparation._bring_up_to_date(connection, committed_db, Settings.from_environment(), print)
    engine.dispose()
    assert seen[0] == ("db", "upgrade", "idle")


@needs_pgbouncer
@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_no_lock_stays_in_a_pooler(committed_db, mode):
    said = []
    with pgbouncer(committed_db, mode=mode) as address:
        assert [hold(address, said) for _ in range(3)] == ["held"] * 3
        assert locks(committed_db) == 0
    assert said == []
