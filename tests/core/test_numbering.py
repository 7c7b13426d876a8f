"""Numbers without gaps: whoever writes at once, and whatever is rolled back."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.numbering import is_template, next_number, written
from app.core.tenancy import SYSTEM, tenant_context
from app.extensions import db


@pytest.fixture
def company(committed_db, db_session, make_client_company):
    found = make_client_company().id
    db.session.rollback()
    return found


def test_series_count_from_one_each(company, make_client_company):
    other = make_client_company().id
    assert [next_number(company, "invoice", "2026") for _ in range(3)] == [1, 2, 3]
    assert [next_number(company, "invoice", "2027"), next_number(company, "bill", "2026")] == [1, 1]
    assert [next_number(other, "invoice", "2026"), next_number(company, "invoice", "2026")] == [1, 4]


def test_a_rollback_leaves_no_gap(company):
    assert next_number(company, "invoice") == 1
    db.session.commit()
    assert next_number(company, "invoice") == 2
    savepoint = db.session.begin_nested()
    assert next_number(company, "invoice") == 3
    savepoint.rollback()
    assert next_number(company, "invoice") == 3
    db.session.rollback()
    assert next_number(company, "invoice") == 2


def test_ten_writers_at_once_get_no_gap_and_no_double(app, company):
    writers, start, chance = 10, Barrier(10), random.Random(4)
    gives_up = [chance.random() < 0.3 for _ in range(writers * 8)]

    def write(at: int) -> list[int]:
        kept = []
        with app.app_context(), tenant_context(SYSTEM):
            start.wait()
            for nth in range(8):
                number = next_number(company, "invoice", "2026")
                if gives_up[at * 8 + nth]:
                    db.session.rollback()
                else:
                    db.session.commit()
                    kept.append(number)
        return kept

    with ThreadPoolExecutor(writers) as pool:
        kept = [number for each in pool.map(write, range(writers)) for number in each]
    assert sorted(kept) == list(range(1, gives_up.count(False) + 1))


def test_only_the_same_series_waits(app, company):
    next_number(company, "invoice", "2026")

    def take(kind: str) -> int | str:
        with app.app_context(), tenant_context(SYSTEM):
            db.session.execute(text("set local lock_timeout = '300ms'"))
            try:
                return next_number(company, kind, "2026")
            except DBAPIError as error:
                return type(error.orig).__name__
            finally:
                db.session.rollback()

    with ThreadPoolExecutor(1) as pool:
        assert [pool.submit(take, kind).result() for kind in ("bill", "invoice")] == [1, "LockNotAvailable"]
    db.session.rollback()


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("{year}-{number:06}", "2026-000123"),
        ("RE{year}{month:02}/{number}", "RE202612/123"),
        ("{number:02}", "123"),
        ("{nummer}", "{nummer}"),
    ],
)
def test_a_template_says_how_it_is_written(template, found):
    assert written(template, 123, date(2026, 12, 1)) == found


@pytest.mark.parametrize(
    ("template", "fits"),
    [
        ("{number}", True),
        ("{year}-{number:06}", True),
        ("{year}", False),
        ("", False),
        ("{number} {name}", False),
        ("{number", False),
        ("{number:3}", False),
        ("{number.__class__}", False),
    ],
)
def test_a_template_has_the_number_and_no_strange_place(template, fits):
    assert is_template(template) is fits
