"""The lists' queries use the indexes that are there for them, on 20,000 rows, with the planner as it comes."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import Session

from app.catalog.kinds import PRODUCTS
from app.catalog.models import Product
from app.core.lists import distinct_values, fetch, query_schema
from app.core.search import palette
from config import sqlalchemy_url

pytestmark = pytest.mark.committed

ROWS = 20_000
FILL = text("""
    insert into products (id, name, slug, category, description, price, features, archived_at, created_at, updated_at)
    select gen_random_uuid(), 'Product ' || md5(i::text), 'product-' || i, 'Category ' || i % 40,
           'word' || chr(97 + i % 26), i % 5000,
           case when i % 200 = 0 then array['Fax gateway'] else array['Audit log'] end,
           case when i % 20 = 0 then now() end, timestamptz '2026-01-01Z' + i * interval '1 min',
           timestamptz '2026-06-01Z' - i * interval '1 min'
      from generate_series(1, :rows) i
""")

COUNT = text("""
    insert into data_versions (table_name, version, total, live, xid)
    select 'products', 1, count(*), count(*) filter (where archived_at is null), pg_current_xact_id() from products
""")

Query = query_schema(PRODUCTS)
Plan = dict[str, Any]


@pytest.fixture(scope="module")
def engine(postgres: Any) -> Iterator[Engine]:
    name = postgres.clone()
    engine = create_engine(sqlalchemy_url(postgres.url_of(name)), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("set session_replication_role = replica"))
        connection.execute(FILL, {"rows": ROWS})
        connection.execute(COUNT)
        connection.execute(text("vacuum analyze products"))
    engine.dispose()
    engine = create_engine(sqlalchemy_url(postgres.url_of(name)))
    yield engine
    engine.dispose()
    postgres.drop(name)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


def plans_of(session: Any, run: Any) -> list[Plan]:
    """The plans of the statements that `run` sends, with the values it sends."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "products" in statement and "explain" not in statement:
            sent.append((statement, parameters))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        run()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    # In the same transaction, where the planner's settings for lists still hold.
    raw = session.connection()
    return [raw.exec_driver_sql(f"explain (format json) {sql}", values).scalar_one()[0]["Plan"] for sql, values in sent]


def parts(plan: Plan) -> Iterator[Plan]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from parts(part)


def check(plans: list[Plan]) -> set[str]:
    """No plan reads a whole table of records; gives the indexes that are used."""
    assert plans
    used = set()
    for plan in plans:
        for part in parts(plan):
            assert (part["Node Type"], part.get("Relation Name")) != ("Seq Scan", "products"), part
            used.add(part.get("Index Name", ""))
    return used - {""}


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({}, "products_created_idx"),
        ({"sort": "created_at"}, "products_created_idx"),
        ({"sort": "updated_at"}, "products_updated_idx"),
        ({"sort": "name"}, "products_name_idx"),
        ({"sort": "-price"}, "products_price_idx"),
        ({"category": "Category 7"}, "products_category_idx"),
        ({"category": "Category 7", "sort": "name"}, "products_category_name_idx"),
        ({"category": "Category 7", "sort": "-price", "min_price": "100"}, "products_category_price_idx"),
        ({"min_price": "100", "max_price": "110"}, "products_price_idx"),
        ({"min_price": "4800", "sort": "price"}, "products_price_idx"),
        ({"feature": "Fax gateway"}, "products_features_idx"),
        ({"q": "ab12"}, "products_search_idx"),
        ({"q": "ab12", "category": "Category 7"}, "products_search_idx"),
        ({"archived": "archived"}, "products_archived_idx"),
        ({"archived": "all", "sort": "name"}, "products_name_idx"),
    ],
)
def test_each_list_is_read_by_an_index_on_all_its_pages(session: Any, asked: dict[str, str], index: str) -> None:
    def run() -> None:
        first = fetch(session, PRODUCTS, Query(limit=20, **asked), staff=True)
        if first.next_cursor:
            second = fetch(session, PRODUCTS, Query(limit=20, cursor=first.next_cursor, **asked), staff=True)
            fetch(session, PRODUCTS, Query(limit=20, cursor=second.prev_cursor, **asked), staff=True)

    assert index in check(plans_of(session, run))


def test_suggestions_and_the_palette_are_read_by_indexes(session: Any) -> None:
    used = check(plans_of(session, lambda: distinct_values(session, Product.category, "Cat")))
    assert all(name.startswith("products_category_") for name in used)
    used = check(plans_of(session, lambda: palette(session, "product ab12")))
    assert used >= {"products_name_idx", "products_search_idx"}


def test_a_page_takes_three_round_trips_at_most(session: Any) -> None:
    sent: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *a: sent.append(a[2]))
    for asked, trips in (({}, 2), ({"category": "Category 7"}, 3), ({"q": "worda"}, 3)):
        session.rollback()
        sent.clear()
        fetch(session, PRODUCTS, Query(**asked), staff=True)
        assert len(sent) <= trips, sent
