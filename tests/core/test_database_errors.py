"""What the database says of a row that it refuses stays out of errors, logs, reports and answers."""

import psycopg
import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.core.database_errors import explain, without_rows
from app.web import observability
from tests.factories import make_user

SECRET = "$argon2id$of-somebody"
BREAK = text("update users set password_hash = :secret, status = 'odd' where id = :id")


@pytest.fixture
def refused(db_session):
    user = make_user(role="manager")
    with pytest.raises(IntegrityError) as caught, db_session.begin_nested():
        db_session.execute(BREAK, {"secret": SECRET, "id": user.id})
    return caught.value


def test_an_error_names_the_rule_but_not_the_row(refused):
    assert "users_status_check" in str(refused)
    for error in (refused, refused.orig):
        assert SECRET not in str(error) + repr(error)
        assert "DETAIL" not in str(error)
    assert refused.orig.sqlstate == "23514"


def test_a_value_that_two_chose_at_once_is_named(db_session, make_product):
    first, second = make_product(), make_product()
    taking = {"slug": first.slug, "id": second.id}
    with pytest.raises(IntegrityError) as caught, db_session.begin_nested():
        db_session.execute(text("update products set slug = :slug where id = :id"), taking)
    error = explain(caught.value)
    assert error is not None
    assert [(each.pointer, each.message, each.code) for each in error.errors] == [
        ("/slug", "This slug is taken. Choose another.", "taken")
    ]


def test_a_log_line_has_neither_the_row_nor_the_parameters(refused, capsys):
    structlog.get_logger("test").error("failed", exc_info=refused)
    line = capsys.readouterr().err
    assert "users_status_check" in line
    assert SECRET not in line


def test_an_error_that_came_past_sqlalchemy_is_logged_without_the_row(committed_db, make_user, capsys):
    user = make_user(role="manager")
    with psycopg.connect(committed_db) as owner, pytest.raises(psycopg.Error) as caught:
        owner.execute("update users set password_hash = %s, status = 'odd' where id = %s", [SECRET, user.id])
    assert SECRET in str(caught.value)
    structlog.get_logger("test").error("failed", exc_info=caught.value)
    structlog.get_logger("test").warning("failed", error=str(caught.value))
    assert SECRET not in capsys.readouterr().err


def test_a_report_to_sentry_has_no_row():
    event = {"exception": {"values": [{"value": f"violates x\nDETAIL:  Failing row contains ({SECRET}\n\n)."}]}}
    assert observability._without_rows(event, {}) == {"exception": {"values": [{"value": "violates x"}]}}
    assert observability._without_rows({}, {}) == {}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("plain", "plain"),
        ("a\nDETAIL:  b\n[SQL: c]", "a\n[SQL: c]"),
        ("a\nDETAIL:  b\nb\nb", "a"),
        ("a\nCONTEXT:  COPY x, line 1: b\n(Background on", "a\n(Background on"),
    ],
)
def test_only_what_repeats_the_row_is_cut(said, kept):
    assert without_rows(said) == kept
