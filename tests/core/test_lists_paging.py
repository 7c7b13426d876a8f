"""Keyset paging: whatever is asked for and whoever writes meanwhile, no row is skipped or repeated."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import delete, insert

from app.catalog.kinds import PRODUCTS, SERVICES, SOLUTIONS
from app.catalog.models import Product
from app.core.errors import Refused
from app.core.ids import new_id
from app.core.lists import BadCursor, exact_count, fetch, finding, query_schema

Query = query_schema(PRODUCTS)
DAY = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ("alpha", "Alpha", "álpha", "beta", "Beta two", "gamma ray", "Ωmega", "z", "my tools", "two beta")
WAYS = {
    "small table": {},
    "planner": {"SMALL_TABLE": 0},
    "gather": {"SMALL_TABLE": 0, "WORTH_GATHERING": 10**9},
    "walk": {
        "SMALL_TABLE": 0,
        "WORTH_GATHERING": -1,
        "STEP": 0,
        "STEP_IN_TIME": 0,
        "SHORTEST_WALK": 3,
        "LONGEST_WALK": 3,
    },
    "neither": {"SMALL_TABLE": 0, "GATHERED": 0, "SHORTEST_WALK": 1, "LONGEST_WALK": 1},
}


def row(
    name: str = "alpha", price: int = 1, category: str = "Tools", age: int = 0, archived: bool = False, **more: Any
) -> dict[str, Any]:
    key = more.get("id") or new_id()
    at = DAY + timedelta(days=age)
    return {
        "id": key, "name": name, "slug": f"p-{key}", "category": category, "price": Decimal(price), "currency": "USD",
        "features": [], "icon": "", "description": "", "created_at": at, "updated_at": at,
        "archived_at": at if archived else None,
    } | more  # fmt: skip


rows = st.builds(
    row,
    name=st.sampled_from(NAMES),
    price=st.integers(0, 3),
    category=st.sampled_from(["Tools", "Toys"]),
    age=st.integers(0, 2),
    archived=st.booleans(),
    id=st.uuids(version=4),
)
queries = st.fixed_dictionaries(
    {
        "limit": st.integers(1, 7),
        "sort": st.sampled_from(
            ["name", "-name", "price", "-price", "created_at", "-created_at", "updated_at", *["relevance"] * 4]
        ),
        "archived": st.sampled_from(["active", "archived", "all"]),
    },
    optional={
        "category": st.just("Tools"),
        "min_price": st.just("1"),
        "q": st.sampled_from(["alp", "beta", "ray gamma", "two", "ra", "too", "tools", "bet two"]),
    },
)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in WAYS[request.param].items():
        monkeypatch.setattr(finding, name, value)
    return str(request.param)


def get(session: Any, asked: dict[str, Any], cursor: str | None = None) -> Any:
    return fetch(session, PRODUCTS, Query(**asked, cursor=cursor), staff=True)


def walk(session: Any, asked: dict[str, Any], cursor: str | None = None, to: str = "next_cursor") -> list[list[Any]]:
    pages = []
    while True:
        page = get(session, asked, cursor)
        pages.append([found.id for found in page.rows])
        cursor = getattr(page, to)
        if cursor is None:
            return pages
        assert len(pages) < 500, "the walk does not end"


def expected(made: list[dict[str, Any]], asked: dict[str, Any]) -> list[UUID]:
    def plain(name: str) -> str:
        return name.replace("á", "a").lower()

    def matches(r: dict[str, Any]) -> bool:
        words = plain(f"{r['name']} {r['category']}").split()
        return (
            (asked["archived"] == "all" or (asked["archived"] == "archived") == (r["archived_at"] is not None))
            and asked.get("category", r["category"]) == r["category"]
            and r["price"] >= Decimal(asked.get("min_price", 0))
            and all(any(w.startswith(term) for w in words) for term in asked.get("q", "").split())
        )

    if asked["sort"] == "relevance":
        return [r["id"] for r in _best_first(list(filter(matches, made)), asked.get("q"), plain)]
    name = asked["sort"].removeprefix("-")
    key = (lambda r: (plain(r["name"]).encode(), r["id"])) if name == "name" else (lambda r: (r[name], r["id"]))
    return [r["id"] for r in sorted(filter(matches, made), key=key, reverse=asked["sort"].startswith("-"))]


def _best_first(found: list[dict[str, Any]], q: str | None, plain: Any) -> list[dict[str, Any]]:
    newest = sorted(found, key=lambda r: (r["created_at"], r["id"]), reverse=True)
    if q is None:
        return newest
    tiers: list[list[dict[str, Any]]] = [[], [], [], []]
    for r in newest:
        words = plain(r["name"]).split()
        in_name = all(any(word.startswith(term) for word in words) for term in q.split())
        whole = all(term in words for term in q.split())
        tiers[3 if not in_name else 0 if plain(r["name"]).startswith(q) else 1 if whole else 2].append(r)
    tiers[0].sort(key=lambda r: (plain(r["name"]).encode(), r["id"]))
    return [r for tier in tiers for r in tier]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(made=st.lists(rows, max_size=40, unique_by=lambda r: r["id"]), asked=queries)
def test_pages_hold_every_row_once_and_in_order(db_session: Any, way: str, made: Any, asked: Any) -> None:
    with db_session.begin_nested() as savepoint:
        if made:
            db_session.execute(insert(Product), made)
        right = expected(made, asked)
        pages = walk(db_session, asked)
        assert [key for page in pages for key in page] == right
        assert all(len(page) == asked["limit"] for page in pages[:-1])
        total = get(db_session, asked)
        assert (total.total, total.total_is_exact) == (len(right), True) or not total.total_is_exact
        assert exact_count(db_session, PRODUCTS, Query(**asked)) == len(right)
        if len(pages) > 1:
            last = get(db_session, asked, _cursor_of_last(db_session, asked))
            backward = walk(db_session, asked, last.prev_cursor, "prev_cursor")
            assert [key for page in reversed(backward) for key in page] == right[: len(right) - len(pages[-1])]
        savepoint.rollback()


def _cursor_of_last(session: Any, asked: dict[str, Any]) -> str | None:
    cursor = None
    while (following := get(session, asked, cursor).next_cursor) is not None:
        cursor = following
    return cursor


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    made=st.lists(rows, min_size=3, max_size=30, unique_by=lambda r: r["id"]),
    late=st.lists(st.tuples(st.integers(0, 8), rows), max_size=10, unique_by=lambda pair: pair[1]["id"]),
    gone=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 29)), max_size=10),
    asked=queries,
)
def test_writes_between_pages_neither_repeat_nor_skip_an_untouched_row(
    db_session: Any, way: str, made: Any, late: Any, gone: Any, asked: Any
) -> None:
    known = {r["id"] for r in made}
    late = [(when, r) for when, r in late if r["id"] not in known]
    with db_session.begin_nested() as savepoint:
        db_session.execute(insert(Product), made)
        seen: list[UUID] = []
        removed: set[UUID] = set()
        cursor, number = None, 0
        while number == 0 or cursor is not None:
            page = get(db_session, asked, cursor)
            seen += [r.id for r in page.rows]
            for when, r in late:
                if when == number:
                    db_session.execute(insert(Product), [r])
            for when, index in gone:
                if when == number and index < len(made):
                    removed.add(made[index]["id"])
                    db_session.execute(delete(Product).where(Product.id == made[index]["id"]))
            cursor, number = page.next_cursor, number + 1
        untouched = [key for key in expected(made, asked) if key not in removed]
        assert len(seen) == len(set(seen))
        assert [key for key in seen if key in set(untouched)] == untouched
        savepoint.rollback()


@pytest.fixture
def fifty(db_session: Any) -> list[dict[str, Any]]:
    made = [row(price=number // 10, age=number) for number in range(50)]
    db_session.execute(insert(Product), made)
    return made


def test_the_first_page_has_no_previous_one_even_when_reached_backwards(db_session: Any, fifty: Any) -> None:
    first = get(db_session, {"limit": 20})
    second = get(db_session, {"limit": 20}, first.next_cursor)
    again = get(db_session, {"limit": 20}, second.prev_cursor)
    assert first.prev_cursor is None
    assert [r.id for r in again.rows] == [r.id for r in first.rows]
    assert again.prev_cursor is None
    assert again.next_cursor is not None


def test_the_last_page_has_no_next_one(db_session: Any, fifty: Any) -> None:
    page = get(db_session, {"limit": 50})
    assert len(page.rows) == 50
    assert page.next_cursor is None


def test_an_emptied_page_leads_back_to_the_rows_before_it(db_session: Any, fifty: Any) -> None:
    asked = {"limit": 25, "sort": "created_at"}
    first = get(db_session, asked)
    db_session.execute(delete(Product).where(Product.created_at > first.rows[-1].created_at))
    second = get(db_session, asked, first.next_cursor)
    assert (list(second.rows), second.next_cursor) == ([], None)
    assert [r.id for r in get(db_session, asked, second.prev_cursor).rows] == [r.id for r in first.rows]


def test_an_emptied_beginning_leads_on_to_the_rows_behind_it(db_session: Any, fifty: Any) -> None:
    asked = {"limit": 25, "sort": "created_at"}
    second = get(db_session, asked, get(db_session, asked).next_cursor)
    db_session.execute(delete(Product).where(Product.created_at < second.rows[0].created_at))
    before = get(db_session, asked, second.prev_cursor)
    assert (list(before.rows), before.prev_cursor) == ([], None)
    assert [r.id for r in get(db_session, asked, before.next_cursor).rows] == [r.id for r in second.rows]


@pytest.mark.parametrize(
    "cursor", ["x", "%%%", "e30", "W10", "é", "AAAA", "WyJhIiwiYiJd", "bnVsbA", "MQ", "=" * 50, "W" * 2000]
)
def test_what_is_no_cursor_is_refused(db_session: Any, cursor: str) -> None:
    with pytest.raises(BadCursor) as caught:
        get(db_session, {}, cursor)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "other", [{"sort": "name"}, {"category": "Toys"}, {"q": "alp"}, {"archived": "all"}, {"min_price": "1"}]
)
def test_a_cursor_of_another_sort_or_filter_is_refused(db_session: Any, fifty: Any, other: dict[str, str]) -> None:
    cursor = get(db_session, {"limit": 5}).next_cursor
    with pytest.raises(BadCursor):
        get(db_session, {"limit": 5} | other, cursor)


def test_a_cursor_of_another_list_is_refused(db_session: Any, fifty: Any) -> None:
    cursor = get(db_session, {"limit": 5}).next_cursor
    with pytest.raises(BadCursor):
        fetch(db_session, SOLUTIONS, query_schema(SOLUTIONS)(cursor=cursor), staff=True)


def test_a_forged_key_of_another_type_is_refused(db_session: Any, fifty: Any) -> None:
    from app.core.lists.cursor import Place, write_cursor  # noqa: PLC0415

    for key in (Decimal(1), "text", 7, "2026-01-01", ["x"], None):
        query = Query()
        forged = write_cursor(PRODUCTS, query, Place("after", key, new_id()))
        with pytest.raises(BadCursor):
            get(db_session, {}, forged)


def test_another_limit_goes_on_with_the_same_cursor(db_session: Any, fifty: Any) -> None:
    cursor = get(db_session, {"limit": 10}).next_cursor
    assert len(get(db_session, {"limit": 30}, cursor).rows) == 30


@pytest.mark.parametrize("asked", [{"archived": "all"}, {"archived": "archived"}, {"include_archived": "true"}])
def test_archived_rows_are_for_staff_alone(db_session: Any, asked: dict[str, str]) -> None:
    db_session.execute(insert(Product), [row(archived=True), row()])
    with pytest.raises(Refused):
        fetch(db_session, PRODUCTS, Query(**asked), staff=False)
    assert fetch(db_session, PRODUCTS, Query(), staff=False).total == 1


def test_totals_of_whole_lists_come_from_the_counters(db_session: Any, fifty: Any) -> None:
    db_session.execute(insert(Product), [row(archived=True)])
    totals = {shows: get(db_session, {"archived": shows, "limit": 1}).total for shows in ("active", "archived", "all")}
    assert totals == {"active": 50, "archived": 1, "all": 51}


def test_filtered_totals_are_exact_up_to_the_bound(
    db_session: Any, fifty: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "COUNTED", 40)
    few, many = get(db_session, {"max_price": "3"}), get(db_session, {"min_price": "0"})
    assert (few.total, few.total_is_exact) == (40, True)
    assert (many.total, many.total_is_exact) == (40, False)
    exact = fetch(db_session, PRODUCTS, Query(min_price="0"), staff=True, exact_total=True)
    assert (exact.total, exact.total_is_exact) == (50, True)


def test_records_are_given_on_request(db_session: Any, fifty: Any, way: str) -> None:
    for asked in ({}, {"category": "Tools"}):
        page = fetch(db_session, PRODUCTS, Query(limit=3, **asked), staff=True, entities=True)
        assert [type(record) for record in page.rows] == [Product] * 3


@pytest.mark.parametrize("spec", [PRODUCTS, SOLUTIONS, SERVICES])
def test_an_empty_list_is_a_page_without_rows(db_session: Any, spec: Any) -> None:
    for asked in ({}, {"q": "nothing"}, {"archived": "archived"}):
        page = fetch(db_session, spec, query_schema(spec)(**asked), staff=True)
        assert (list(page.rows), page.total, page.next_cursor, page.prev_cursor) == ([], 0, None, None)


@pytest.mark.parametrize(
    "given",
    [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"sort": "price desc"}, {"sort": "id"}, {"q": "x" * 201},
     {"min_price": "NaN"}, {"min_price": "-1"}, {"max_price": "1.234"}, {"category": "x" * 121}, {"archived": "no"}],
)  # fmt: skip
def test_parameters_out_of_range_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Query.model_validate(given)


def test_empty_and_unknown_parameters_count_as_absent() -> None:
    query = Query.model_validate({"q": "", "category": " ", "min_price": "", "limit": "", "utm_source": "x"})
    assert query == Query()


@pytest.mark.parametrize("text", ["\0", "a\0b", "\x01\x02", "a\ud800b", "\N{RIGHT-TO-LEFT OVERRIDE}x", "🎉", "%_'\"\\"])
def test_control_characters_in_filters_and_search_find_nothing_and_break_nothing(db_session: Any, text: str) -> None:
    for name in ("q", "category", "feature"):
        assert get(db_session, {name: text} | {"archived": "all"}).total == 0


def test_the_query_documents_itself() -> None:
    properties = Query.model_json_schema()["properties"]
    assert set(properties) >= {"limit", "cursor", "sort", "q", "include_archived", "category", "min_price", "feature"}
    assert "-price" in properties["sort"]["enum"]
    assert all("description" in properties[name] for name in properties)


@pytest.mark.parametrize(
    ("always", "matches", "told"), [(50_000, 8, (8, True)), (0, 8, (2, False)), (0, 2, (2, False)), (0, 1, (1, True))]
)
def test_a_total_is_exact_or_a_number_that_is_really_reached(
    db_session: Any, monkeypatch: pytest.MonkeyPatch, always: int, matches: int, told: tuple[int, bool]
) -> None:
    bounds = {"SMALL_TABLE": 0, "WORTH_GATHERING": -1, "WORTH_COUNTING": -1, "STEP": 0, "STEP_IN_TIME": 0}
    for name, value in {**bounds, "ALWAYS_COUNTED": always}.items():
        monkeypatch.setattr(finding, name, value)
    db_session.execute(insert(Product), [row(category="Tools" if n < matches else "Toys") for n in range(20)])
    page = fetch(db_session, PRODUCTS, Query.model_validate({"category": "Tools", "limit": 1}), staff=True)
    assert (page.total, page.total_is_exact) == told
