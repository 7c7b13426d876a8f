"""What goes past SQLAlchemy to the driver keeps to the transaction, and fails as anything else does."""

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError

from app.core.audit import SYSTEM, audit_as
from app.core.database_errors import Unavailable, explain
from app.core.driver import driver_of, literal
from app.extensions import db

pytestmark = pytest.mark.committed
ACTION = text("select current_setting('audit.action', true)")


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
