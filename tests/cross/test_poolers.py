"""Behind a pooler: row-level security holds, nothing is kept in a session, and what needs one's own session says so."""

import random
import threading
import time
from collections import Counter
from functools import partial
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from app.cli.preparation import CannotServe, prepare_database
from app.core import audit, roles
from app.core.audit import audit_as
from app.core.database_errors import Unavailable, explain
from app.core.database_login import database_login
from app.core.driver import driver_of
from app.core.engine import connect_arguments, register_engine_events
from app.core.poolers import is_alone, shares_sessions
from app.core.rls import PINNED, apply_tenant
from app.core.tenancy import NOBODY, SYSTEM, TenantContext, current_tenant, tenant_context
from app.core.versions import Lookout
from app.extensions import db
from app.identity.cache.counters import Counters
from app.identity.cache.listener import Listener
from app.jobs.queue import enqueue
from config import libpq_url, sqlalchemy_url
from tests.factories import make_client_company, make_user
from tests.pgbouncer import needs_pgbouncer, pgbouncer, running

pytestmark = [pytest.mark.committed, needs_pgbouncer]

SEEN = text("select current_user::text, coalesce(current_company_id()::text, '-'), count(*) from clients")


@pytest.fixture(params=["transaction", "session"])
def pooled(request, committed_db):
    with pgbouncer(committed_db, mode=request.param, size=2 if request.param == "transaction" else 20) as address:
        yield address


@pytest.fixture
def transactional(committed_db):
    with pgbouncer(committed_db, mode="transaction", size=2) as address:
        yield address


@pytest.fixture
def companies(db_session):
    made = [make_client_company() for _ in range(2)]
    db_session.commit()
    return [company.id for company in made]


def engine_of(app, address):
    engine = create_engine(sqlalchemy_url(address), connect_args=connect_arguments(app.config["SETTINGS"]))
    register_engine_events(engine, app)
    return engine


@pytest.fixture
def engine(app, pooled):
    made = engine_of(app, pooled)
    yield made
    made.dispose()


def wanted_of(companies: list[UUID]) -> dict[TenantContext, tuple[str, str, int]]:
    own = {TenantContext(client_id=one): (roles.own().tenant, str(one), 1) for one in companies}
    return {SYSTEM: (roles.own().staff, "-", 2), NOBODY: (roles.own().tenant, "-", 0)} | own


def test_nobody_sees_anothers_rows_whoever_had_the_connection_before(engine, companies):
    wanted = wanted_of(companies)
    seen: Counter[str] = Counter()

    def work(chance: random.Random) -> None:
        for turn in range(60):
            with tenant_context(chance.choice(list(wanted))), engine.connect() as connection:
                for _statement in range(1 + turn % 2):
                    # One that is prepared after some uses, where that is safe.
                    seen["right" if connection.execute(SEEN).one() == wanted[current_tenant()] else "wrong"] += 1

    threads = [threading.Thread(target=work, args=[random.Random(seed)]) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {"right": 6 * 90}


def test_the_standing_may_change_within_a_transaction_and_a_savepoint(engine, companies):
    wanted = wanted_of(companies)
    one, other = (TenantContext(client_id=company) for company in companies)
    for _time in range(3):
        with engine.connect() as connection:

            def sees(standing, on=connection):
                with tenant_context(standing):
                    return on.execute(SEEN).one() == wanted[standing]

            assert sees(one)
            savepoint = connection.begin_nested()
            assert sees(other)
            savepoint.rollback()
            assert sees(other)
            assert sees(SYSTEM)
            savepoint = connection.begin_nested()
            assert sees(one)
            savepoint.commit()
            assert sees(one)
            savepoint = connection.begin_nested()
            with pytest.raises(DBAPIError), tenant_context(NOBODY):
                connection.execute(text("select 1 / 0"))
            savepoint.rollback()
            assert sees(NOBODY)
            assert sees(one)


def test_streams_are_read_for_whom_they_were_opened(engine, companies):
    """While other transactions come and go, each with a standing of its own."""
    with tenant_context(TenantContext(client_id=companies[0])):
        streamed = engine.connect().execution_options(**{PINNED: current_tenant(), "yield_per": 1})
    with streamed:
        rows = streamed.execute(text("select name, current_company_id() from clients, generate_series(1, 6)"))
        found = []
        for row in rows:
            found.append(row.current_company_id)
            with tenant_context(SYSTEM), engine.connect() as connection:
                assert connection.execute(SEEN).one()[2] == 2
        assert found == [companies[0]] * 6


def test_what_goes_past_sqlalchemy_is_for_the_same(engine, companies):
    with tenant_context(TenantContext(client_id=companies[1])), engine.connect() as connection:
        apply_tenant(connection)
        with driver_of(connection).cursor().copy("copy (select id from clients) to stdout") as lines:
            assert [UUID(bytes(line).decode().strip()) for line in lines] == [companies[1]]


def test_changes_and_jobs_are_written_in_the_transaction_that_was_told(app, pooled, companies, db_session, monkeypatch):
    made = engine_of(app, pooled)
    monkeypatch.setitem(db.engines, None, made)
    db_session.remove()
    for _time in range(3):
        audit_as(db_session, actor=audit.SYSTEM, action="update")
        with tenant_context(TenantContext(client_id=companies[0])):
            job = enqueue(db_session, "jobs.prune")
            assert db_session.execute(SEEN).one() == (roles.own().tenant, str(companies[0]), 1)
            db_session.commit()
        assert db_session.scalar(text("select status::text from procrastinate_jobs where id = :id"), {"id": job})
        db_session.commit()
    db_session.remove()
    made.dispose()


def test_no_transaction_can_be_told_in_autocommit(engine):
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    with connection, pytest.raises(InvalidRequestError, match="AUTOCOMMIT"):
        connection.execute(SEEN)


def test_each_transaction_has_its_time_zone_and_limits_and_leaves_nothing(app, pooled, engine, monkeypatch):
    settings = app.config["SETTINGS"]
    assert not settings.is_command
    show = text("select current_setting('timezone'), current_setting('statement_timeout'), current_setting('role')")
    with engine.connect() as connection:
        assert connection.execute(show).one() == ("UTC", "15s", roles.own().staff)
    with database_login(app).connect(pooled, autocommit=True) as raw:
        assert raw.execute(show.text).fetchone() == (raw.info.timezone.key, "0", "none")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            raw.execute("select from clients")


def test_statements_are_prepared_where_no_pooler_is_between(app, committed_db, engine):
    direct = engine_of(app, committed_db)
    for made, threshold in ((engine, None), (direct, 5)):
        with made.connect() as connection:
            assert connection.connection.driver_connection.prepare_threshold == threshold
    direct.dispose()


def test_a_transaction_pooler_is_known_from_others(committed_db):
    def looks(address):
        return partial(psycopg.connect, address, autocommit=True)

    with looks(committed_db)() as direct:
        assert is_alone(direct)
    assert not shares_sessions(looks(committed_db))
    for more in ("", "server_round_robin = 1"):
        with pgbouncer(committed_db, mode="transaction", more=more) as address:
            assert shares_sessions(looks(address))
    with pgbouncer(committed_db, mode="transaction", size=1) as address:
        assert shares_sessions(looks(address))
    with pgbouncer(committed_db, mode="session") as address:
        assert not shares_sessions(looks(address))


def test_the_start_names_the_address_that_is_missing(app, committed_db, transactional):
    settings = app.config["SETTINGS"].model_copy(update={"database_url": transactional})
    with pytest.raises(CannotServe, match="Set DATABASE_DIRECT_URL"):
        prepare_database(transactional, settings, print)
    both = settings.model_copy(update={"database_direct_url": transactional})
    with pytest.raises(CannotServe, match="DATABASE_DIRECT_URL leads to a transaction pooler, too"):
        prepare_database(transactional, both, print)


def test_it_starts_if_both_addresses_lead_to_one_database(app, committed_db, transactional, postgres, db_session):
    make_user(role="admin")
    db_session.commit()
    both = {"database_url": transactional, "database_direct_url": committed_db}
    settings = app.config["SETTINGS"].model_copy(update=both)
    prepare_database(transactional, settings, print)
    another = postgres.clone()
    elsewhere = f"{transactional.rpartition('/')[0]}/{another}"
    try:
        with pytest.raises(CannotServe, match="different databases"):
            prepare_database(elsewhere, settings.model_copy(update={"database_url": elsewhere}), print)
    finally:
        postgres.drop(another)


def test_nothing_is_written_where_the_addresses_lead_to_different_databases(app, committed_db, transactional, postgres):
    postgres.execute("create database {}", name := f"{postgres.prefix}_empty")
    empty = postgres.url_of(name)
    settings = app.config["SETTINGS"].model_copy(update={"database_url": transactional, "database_direct_url": empty})
    said = []
    try:
        with pytest.raises(CannotServe, match="different databases"):
            prepare_database(transactional, settings, said.append)
        with psycopg.connect(libpq_url(empty)) as connection:
            assert connection.execute("select to_regclass('alembic_version')").fetchone() == (None,)
    finally:
        postgres.drop(name)
    assert said == []


def test_a_listener_behind_a_transaction_pooler_is_never_trusted(app, transactional, committed_db, tmp_path):
    login = database_login(app)
    through, past = partial(login.connect, transactional), partial(login.connect, committed_db)
    behind = Listener(through, through, Counters(tmp_path / "a"))
    beside = Listener(past, through, Counters(tmp_path / "b"))
    proven = Counter()
    until = time.monotonic() + 6
    while time.monotonic() < until:
        proven["behind"] += behind.is_proven()
        proven["beside"] += beside.is_proven()
        time.sleep(0.05)
    behind.stop()
    beside.stop()
    assert proven["behind"] == 0
    assert proven["beside"] > 60


def test_the_cache_looks_at_versions_through_a_pooler(app, pooled, companies):
    lookout = Lookout(partial(database_login(app).connect, pooled))
    before = lookout.look()
    make_client_company()
    db.session.commit()
    assert int(lookout.look()[b"clients"]) == int(before[b"clients"]) + 1
    lookout.close()


@pytest.mark.parametrize("through", ["a pooler", "none"])
def test_a_connection_that_is_cut_fails_no_rollback_and_no_answer(app, committed_db, transactional, through):
    engine = engine_of(app, transactional if through == "a pooler" else committed_db)
    with engine.connect() as connection:
        cut(committed_db, connection.scalar(text("select pg_backend_pid()")))
        connection.rollback()
    with engine.connect() as connection:
        assert connection.scalar(text("select 1")) == 1
    engine.dispose()


@pytest.mark.parametrize("through", ["a pooler", "none"])
@pytest.mark.parametrize("doing", ["commit", "select"])
def test_a_connection_that_is_cut_is_told_as_one(app, committed_db, transactional, through, doing):
    engine = engine_of(app, transactional if through == "a pooler" else committed_db)
    with engine.connect() as connection:
        cut(committed_db, connection.scalar(text("select pg_backend_pid()")))
        with pytest.raises(DBAPIError) as caught:
            connection.commit() if doing == "commit" else connection.execute(text("select 1"))
    assert isinstance(explain(caught.value), Unavailable)
    engine.dispose()


def cut(url, pid):
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("select pg_terminate_backend(%s, 5000)", [pid])
    time.sleep(0.1)


def test_where_the_pooler_does_not_know_the_application_the_owner_steps_down(app, committed_db, companies, capsys):
    with running(committed_db, mode="transaction", for_owner_alone=True) as bouncer:
        engine = engine_of(app, bouncer.url)
        wanted = wanted_of(companies)
        for standing, seen in wanted.items():
            with tenant_context(standing), engine.connect() as connection:
                assert connection.execute(SEEN).one() == seen
                assert connection.scalar(text("select session_user")) == "postgres"
        engine.dispose()
    assert "can't come in to the database as its own role" in capsys.readouterr().err
