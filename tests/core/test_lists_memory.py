"""A page that is given again is the page that the database would answer with now."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, event, text

from app.catalog import operations
from app.catalog.kinds import PRODUCTS, SOLUTIONS
from app.core import records
from app.core.audit import SYSTEM
from app.core.clock import being_here, frozen
from app.core.lists import Page, fetch, query_schema
from app.core.lists.spec import ListSpec
from app.extensions import db
from config import sqlalchemy_url

pytestmark = pytest.mark.committed


@pytest.fixture
def statements(app: Flask, committed_db: str, db_session: Any) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


def page_of(spec: ListSpec, **asked: Any) -> Page:
    page = fetch(db.session, spec, query_schema(spec).model_validate(asked), staff=True)
    db.session.rollback()
    return page


def names(page: Page) -> list[str]:
    return [row.name for row in page.rows]


def test_an_unchanged_page_is_given_again_after_one_look(statements: list[str], make_product: Any) -> None:
    make_product(name="One")
    first = page_of(PRODUCTS)
    del statements[:]
    assert page_of(PRODUCTS) is first
    assert len(statements) == 1


def test_a_new_day_is_another_page(statements: list[str], make_product: Any) -> None:
    """What a list says of this week is another thing on Monday, although nothing was committed."""
    make_product(name="One")
    with frozen(datetime(2026, 12, 6, 23, 59, tzinfo=UTC)):
        sunday = page_of(PRODUCTS)
        assert page_of(PRODUCTS) is sunday
        with being_here(None, "Pacific/Auckland"):
            assert page_of(PRODUCTS) is not sunday
    with frozen(datetime(2026, 12, 7, tzinfo=UTC)):
        assert page_of(PRODUCTS) is not sunday


def test_another_query_is_another_page(statements: list[str], make_product: Any) -> None:
    make_product(name="One", price=Decimal("5.00"))
    assert names(page_of(PRODUCTS)) == ["One"]
    assert names(page_of(PRODUCTS, min_price="6")) == []


def test_what_another_process_committed_is_on_the_page(
    committed_db: str, statements: list[str], make_product: Any
) -> None:
    product = make_product(name="One")
    assert names(page_of(PRODUCTS)) == ["One"]
    other = create_engine(sqlalchemy_url(committed_db))
    with other.begin() as connection:
        connection.execute(text("update products set name = 'Two' where id = :id"), {"id": product.id})
    other.dispose()
    assert names(page_of(PRODUCTS)) == ["Two"]


def test_what_a_transaction_wrote_itself_is_neither_missed_nor_kept(statements: list[str], make_product: Any) -> None:
    product = make_product(name="One")
    page_of(PRODUCTS)
    operations.update_product(product, {"name": "Mine"}, actor=SYSTEM)
    seen = fetch(db.session, PRODUCTS, query_schema(PRODUCTS).model_validate({}), staff=True)
    assert names(seen) == ["Mine"]
    db.session.rollback()
    assert names(page_of(PRODUCTS)) == ["One"]


def test_a_page_that_counts_other_records_follows_them(
    statements: list[str], make_product: Any, make_solution: Any
) -> None:
    product = make_product()
    make_solution(products=[product])
    assert [row.products_on_sale for row in page_of(SOLUTIONS).rows] == [1]
    records.archive(product, actor=SYSTEM)
    db.session.commit()
    assert [row.products_on_sale for row in page_of(SOLUTIONS).rows] == [0]


def test_a_search_is_always_made_anew(statements: list[str], make_product: Any) -> None:
    make_product(name="One")
    assert page_of(PRODUCTS, q="one") is not page_of(PRODUCTS, q="one")
