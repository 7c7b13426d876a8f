"""Search finds what people mean, says so when it guessed, and takes any text."""

from collections.abc import Callable
from typing import Any

import pytest

from app.catalog.kinds import PRODUCTS, SOLUTIONS
from app.core.lists import fetch, query_schema
from app.core.search import palette
from app.core.words import slips, understand

Query = query_schema(PRODUCTS)


@pytest.fixture
def find(db_session: Any) -> Callable[..., set[str]]:
    def find(q: str, **asked: str) -> set[str]:
        page = fetch(db_session, PRODUCTS, Query(q=q, **asked), staff=True)
        return {row.name for row in page.rows}

    return find


@pytest.fixture(autouse=True)
def shelf(make_product: Callable[..., Any]) -> None:
    make_product(name="Café Register", category="Retail", description="Rings up a crème brûlée.")
    make_product(name="Sales Analytics", category="Analytics", features=["Monthly report", "API access"])
    make_product(name="Invoice Scanner SKU-12/34", category="Finance", description="Reads invoices, writes nothing.")
    make_product(name="Old Ledger", category="Finance", archived=True)


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("cafe", "Café Register"),
        ("CAFÉ", "Café Register"),
        ("creme brulee", "Café Register"),
        ("analyti", "Sales Analytics"),
        ("reports", "Sales Analytics"),
        ("api report", "Sales Analytics"),
        ("analytics sales", "Sales Analytics"),
        ("invoicing", "Invoice Scanner SKU-12/34"),
        ("sku-12", "Invoice Scanner SKU-12/34"),
        ("sku-12/34", "Invoice Scanner SKU-12/34"),
        ("34", "Invoice Scanner SKU-12/34"),
        ("finance", "Invoice Scanner SKU-12/34"),
    ],
)
def test_words_are_found_whatever_their_accents_capitals_and_endings(find: Any, q: str, found: str) -> None:
    assert find(q) == {found}


@pytest.mark.parametrize("q", ["cafe analytics", "finance register", "sku-99", "12345", "qwxyz"])
def test_all_words_have_to_be_there(find: Any, q: str) -> None:
    assert find(q) == set()


@pytest.mark.parametrize(
    ("q", "read_as"),
    [
        ("analitycs", {"analitycs": "analytics"}),
        ("anlytics sales", {"anlytics": "analytics"}),
        ("registre", {"registre": "register"}),
        ("invoise", {"invoise": "invoice"}),
        ("sacnner", {"sacnner": "scanner"}),
    ],
)
def test_a_misspelt_word_is_read_as_the_nearest_known_one(db_session: Any, q: str, read_as: dict[str, str]) -> None:
    page = fetch(db_session, PRODUCTS, Query(q=q), staff=True)
    assert len(page.rows) == 1
    assert page.corrections == read_as


@pytest.mark.parametrize("q", ["sku77", "x9", "42", "1234567", "ab", "qwxyz", "東京", "привет"])
def test_numbers_short_words_and_words_like_nothing_known_are_left_as_they_are(db_session: Any, q: str) -> None:
    page = fetch(db_session, PRODUCTS, Query(q=q), staff=True)
    assert (page.total, page.corrections) == (0, {})


@pytest.mark.parametrize(
    "q",
    ["'", '"', "\\", "\\'", "a'b\\c", "& | ! <-> :*", "()", "!!" * 100, "a:*b", "x & !y", "%", "_", "🎉", "\u202e",
     "'" * 200, "foo:bar", "<script>", "a" * 200, "a " * 100, "--", ";drop table products", "é" * 200, "-1", "$1",
     "%(q)s", ":q"],
)  # fmt: skip
def test_any_text_is_safe_to_search_for(db_session: Any, q: str) -> None:
    fetch(db_session, PRODUCTS, Query(q=q), staff=True)
    palette(db_session, q)


def test_a_text_without_words_matches_nothing(find: Any) -> None:
    assert find("!!! & 🎉") == set()


def test_a_text_of_blanks_is_no_search(find: Any) -> None:
    assert len(find("   ")) == 3


def test_only_the_first_eight_words_count(db_session: Any) -> None:
    assert len(understand(db_session, "a b c d e f g h i j k").terms) == 8


def test_archived_rows_are_found_by_those_who_ask_for_them(find: Any) -> None:
    assert find("ledger") == set()
    assert find("ledger", archived="all") == {"Old Ledger"}


@pytest.mark.parametrize("q", ["scanner c", "scanner ab", "scanner 015e838c"])
def test_a_word_of_a_letter_or_two_is_found_beside_others(find: Any, make_product: Any, q: str) -> None:
    made = make_product(name=f"Scanner {q.removeprefix('scanner ')}", category="Hardware")
    make_product(name="Abacus", category="Cash")
    assert find(q) == {made.name}


def test_search_and_filters_go_together(find: Any) -> None:
    assert find("invoice", category="Finance") == {"Invoice Scanner SKU-12/34"}
    assert find("invoice", category="Retail") == set()


def test_the_palette_finds_every_kind_and_puts_names_that_begin_so_first(db_session: Any, make_solution: Any) -> None:
    make_solution(name="Analytics for retail", industry="Retail")
    found = palette(db_session, "analyt")
    assert [(f.kind.key, f.name) for f in found] == [
        ("solutions", "Analytics for retail"), ("products", "Sales Analytics"),
    ]  # fmt: skip


def test_the_palette_corrects_and_keeps_to_its_limit(db_session: Any, make_product: Any) -> None:
    for number in range(5):
        make_product(name=f"Analytics {number}")
    assert len(palette(db_session, "analitycs", limit=3)) == 3


def test_the_palette_leaves_archived_records_out(db_session: Any) -> None:
    assert palette(db_session, "ledger") == []


@pytest.mark.parametrize(
    ("typed", "meant", "count"),
    [
        ("cat", "cat", 0),
        ("cta", "cat", 1),
        ("ca", "cat", 0.5),
        ("cats", "cat", 1),
        ("bat", "cat", 1),
        ("analitycs", "analytics", 2),
    ],
)
def test_slips_are_counted_as_people_make_them(typed: str, meant: str, count: float) -> None:
    assert slips(typed, meant) == count


def test_solutions_are_searched_by_the_same_words(db_session: Any, make_solution: Any) -> None:
    make_solution(name="Shop floor", industry="Manufacturing", summary="For cafés")
    page = fetch(db_session, SOLUTIONS, query_schema(SOLUTIONS)(q="cafe"), staff=False)
    assert [row.name for row in page.rows] == ["Shop floor"]
