"""What goes past SQLAlchemy to the driver keeps to the transaction, and fails as anything else does."""

from functools import partial

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, InternalError, OperationalError

from app.core.audit import SYSTEM, audit_as
from app.core.database_errors import Unavailable, explain
from app.core.driver import driver_of, literal
from app.core.rls import rows_of
from app.extensions import db

pytestmark = pytest.mark.committed
ACTION = text("select coalesce((audit_context()).action, '')")


@pytest.fixture
def connection(app, committed_db):
    with app.app_context(), db.engine.connect() as made:
        yield made


def told(connection):
    return connection.scalar(ACTION) or None


def test_what_is_attributed_holds_to_the_end_of_the_transaction(connection):
    for ending in (connection.commit, connection.rollback):
        audit_as(connection, actor=SYSTEM, action="update")
        assert told(connection) == "update"
        ending()
        assert told(connection) is None
        connection.rollback()


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_a_transaction_begins_as_it_was_asked_for(connection, level):
    connection.execution_options(isolation_level=level)
    audit_as(connection, actor=SYSTEM, action="update")
    assert connection.scalar(text("show transaction_isolation")) == level.lower()
    assert told(connection) == "update"


def test_within_a_savepoint_it_ends_with_it(connection):
    audit_as(connection, actor=SYSTEM, action="update")
    with connection.begin_nested() as savepoint:
        audit_as(connection, actor=SYSTEM, action="archive")
        assert told(connection) == "archive"
        savepoint.rollback()
    assert told(connection) == "update"
    audit_as(connection, actor=SYSTEM, action="archive")
    assert told(connection) == "archive"


@pytest.mark.parametrize("value", ["", "it's", "a\\b", "%s %(a)s :b $1", "Zoë 名 “quoted”", "'; drop table users; --"])
def test_any_text_stays_a_text(connection, value):
    line = driver_of(connection).pgconn
    assert connection.exec_driver_sql("select " + literal(line, value).decode().replace("%", "%%")).scalar() == value
    audit_as(connection, actor=SYSTEM, action=value)
    assert connection.scalar(ACTION) == value


def test_after_an_error_nothing_is_attributed(connection):
    with pytest.raises(DBAPIError):
        connection.execute(text("select 1 / 0"))
    with pytest.raises(InternalError):
        audit_as(connection, actor=SYSTEM, action="update")


def test_a_lost_connection_is_told_as_one(connection, committed_db):
    own = connection.scalar(text("select pg_backend_pid()"))
    with psycopg.connect(committed_db, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 5000)", [own])
    with pytest.raises(OperationalError) as caught:
        audit_as(connection, actor=SYSTEM, action="update")
    assert isinstance(explain(caught.value), Unavailable)


def test_a_statement_for_the_driver_gives_its_rows_or_none(connection):
    assert rows_of(connection, "select %(a)s::int, '%%'", {"a": 1}) == [(1, "%")]
    assert rows_of(connection, "set local timezone = 'UTC'", {}) == []


def test_what_it_is_refused_is_told_without_the_row(connection):
    own = "insert into users (id, username) values (gen_random_uuid(), %(name)s)"
    messages = []
    for ask in (connection.exec_driver_sql, partial(rows_of, connection)):
        with pytest.raises(IntegrityError) as caught:
            ask(own, {"name": "secret"})
        assert caught.value.orig.diag.column_name
        messages.append(str(caught.value))
        connection.rollback()
    assert messages[0] == messages[1]
    assert "Failing row" not in messages[0]
    assert rows_of(connection, "select 1", {}) == [(1,)]


def test_a_connection_that_is_lost_on_the_way_is_told_as_one(connection, committed_db):
    own = connection.scalar(text("select pg_backend_pid()"))
    with psycopg.connect(committed_db, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 5000)", [own])
    with pytest.raises(OperationalError) as caught:
        rows_of(connection, "select 1", {})
    assert caught.value.connection_invalidated
    assert isinstance(explain(caught.value), Unavailable)
