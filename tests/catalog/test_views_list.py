"""The list pages: search, filters, sorting, paging, with and without htmx, in a bounded number of queries."""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.web.page import sent_by

HTMX = {"HX-Request": "true"}


def names_in(html: str) -> list[str]:
    return re.findall(r'<span class="cell-name">([^<]*)</span>', html)


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture
def shelf(make_product: Any) -> None:
    make_product(name="Café planner", category="Food", price=30)
    make_product(name="Sales analytics", category="Analytics", price=20, features=["Fast"])
    make_product(name="Zebra archive", category="Tools", price=10)
    make_product(name="Gone", category="Tools", archived=True)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("sort=name", ["Café planner", "Sales analytics", "Zebra archive"]),
        ("sort=-price", ["Café planner", "Sales analytics", "Zebra archive"]),
        ("sort=price", ["Zebra archive", "Sales analytics", "Café planner"]),
        ("q=cafe", ["Café planner"]),
        ("category=Tools", ["Zebra archive"]),
        ("category=Tools&archived=archived", ["Gone"]),
        ("category=Tools&archived=all&sort=name", ["Gone", "Zebra archive"]),
        ("min_price=15&max_price=25", ["Sales analytics"]),
        ("feature=Fast", ["Sales analytics"]),
        ("q=&category=&min_price=&sort=name&limit=1", ["Café planner"]),
    ],
)
def test_list_answers_what_is_asked(as_manager: Any, shelf: None, query: str, names: list[str]) -> None:
    answer = as_manager.get(f"/admin/products?{query}")
    assert answer.status_code == 200
    assert names_in(answer.text) == names


def test_misspelt_search_says_what_it_shows(as_manager: Any, shelf: None) -> None:
    page = as_manager.get("/admin/products?q=analitycs").text
    assert names_in(page) == ["Sales analytics"]
    assert re.search(r"Showing results for\s+<strong>analytics</strong>", page)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("min_price=cheap", 422),
        ("sort=colour", 422),
        ("limit=0", 422),
        ("limit=101", 422),
        ("limit=x", 422),
        ("archived=maybe", 422),
        ("q=" + "x" * 5000, 422),
        ("max_price=NaN", 422),
        ("max_price=1e999", 422),
        ("cursor=nonsense", 400),
        ("cursor=%00", 200),
        ("q=%00", 200),
        ("q=%F0%9F%99%82", 200),
        ("q=%27%29%3B--", 200),
        ("category=%3Cb%3E", 200),
        ("unknown=1", 200),
    ],
)
def test_query_that_makes_no_sense_is_told_and_the_rest_answered(
    as_manager: Any, shelf: None, query: str, status: int
) -> None:
    answer = as_manager.get(f"/admin/products?{query}")
    assert answer.status_code == status
    assert ("list-problems" in answer.text) == (status != 200)
    if status != 200:
        assert len(names_in(answer.text)) == 3


def test_what_was_typed_into_a_filter_is_kept(as_manager: Any, shelf: None) -> None:
    page = as_manager.get("/admin/products?min_price=cheap&q=%3Cb%3E&category=Nowhere").text
    form = dict(sent_by(page, "list-filters"))
    assert (form["min_price"], form["q"], form["category"]) == ("cheap", "<b>", "Nowhere")


def test_pages_follow_each_other_both_ways(as_manager: Any, make_product: Any) -> None:
    for number in range(7):
        make_product(name=f"P{number}")
    url: str | None = "/admin/products?sort=name&limit=3"
    seen, last = [], ""
    while url:
        page = as_manager.get(url).text
        seen += names_in(page)
        following = re.search(r'href="([^"]*)" rel="next"', page)
        last, url = page, following[1].replace("&amp;", "&") if following else None
    assert seen == [f"P{number}" for number in range(7)]
    back = re.search(r'href="([^"]*)" rel="prev"', last)
    assert back is not None
    assert names_in(as_manager.get(back[1].replace("&amp;", "&")).text) == ["P3", "P4", "P5"]


def test_header_sorts_and_sorts_back(as_manager: Any, shelf: None) -> None:
    page = as_manager.get("/admin/products?q=a&sort=name").text
    assert 'aria-sort="ascending"' in page
    link = re.search(r'href="([^"]*sort=-name[^"]*)"', page)
    assert link is not None
    assert "q=a" in link[1]


# Page and fragment


def test_htmx_gets_the_results_alone(as_manager: Any, shelf: None) -> None:
    answer = as_manager.get("/admin/products?q=cafe&category=&cursor=", headers=HTMX)
    assert "<html" not in answer.text
    assert 'role="search"' not in answer.text
    assert names_in(answer.text) == ["Café planner"]
    assert answer.headers["HX-Push-Url"] == "/admin/products?q=cafe"
    assert "HX-Request" in answer.headers["Vary"]


@pytest.mark.parametrize("header", ["HX-Boosted", "HX-History-Restore-Request"])
def test_boosted_link_and_back_get_the_page(as_manager: Any, shelf: None, header: str) -> None:
    answer = as_manager.get("/admin/products?q=cafe", headers=HTMX | {header: "true"})
    assert "<html" in answer.text
    assert "HX-Push-Url" not in answer.headers
    assert "HX-Request" in answer.headers["Vary"]


def test_wrong_query_comes_back_to_htmx_as_a_fragment(as_manager: Any, shelf: None) -> None:
    answer = as_manager.get("/admin/products?min_price=x", headers=HTMX)
    assert answer.status_code == 422
    assert "<html" not in answer.text


# Empty


def test_empty_list_says_what_to_do_first(as_manager: Any) -> None:
    page = as_manager.get("/admin/products").text
    assert "No products yet" in page
    assert 'href="/admin/products/new"' in page
    assert 'href="/admin/products/import"' in page


def test_list_without_a_match_leads_back(as_manager: Any, shelf: None) -> None:
    page = as_manager.get("/admin/products?q=zzzzqqqq").text
    assert "Nothing matches" in page
    assert "No products yet" not in page
    assert "Clear search and filters" in page


# Cost


@pytest.mark.parametrize("key", ["products", "solutions", "services"])
def test_list_asks_no_question_per_row(
    as_manager: Any, key: str, make_product: Any, make_solution: Any, make_service_category: Any, make_offering: Any
) -> None:
    def fill(count: int) -> None:
        for _ in range(count):
            if key == "products":
                make_product()
            elif key == "solutions":
                make_solution(products=[make_product()])
            else:
                make_service_category(offerings=[make_offering()])

    def cost() -> int:
        as_manager.get(f"/admin/{key}")
        with counted_queries() as queries:
            assert as_manager.get(f"/admin/{key}").status_code == 200
        return len(queries)

    fill(1)
    few = cost()
    fill(20)
    assert cost() == few
    assert few <= 8


def test_record_page_asks_no_question_per_part(as_manager: Any, make_product: Any, make_solution: Any) -> None:
    def cost(parts: int) -> int:
        solution = make_solution(products=[make_product() for _ in range(parts)])
        for page in ("", "/edit", "/history"):
            as_manager.get(f"/admin/solutions/{solution.id}{page}")
        with counted_queries() as queries:
            for page in ("", "/edit", "/history"):
                assert as_manager.get(f"/admin/solutions/{solution.id}{page}").status_code == 200
        return len(queries)

    assert cost(12) == cost(2)


# Export


@pytest.mark.committed
def test_export_has_the_filters_of_the_list(committed_db: str, as_manager: Any, shelf: None) -> None:
    page = as_manager.get("/admin/products?category=Tools&archived=all&sort=name").text
    link = re.search(r'href="(/admin/products/export.csv[^"]*)"', page)
    assert link is not None
    answer = as_manager.get(link[1].replace("&amp;", "&"))
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert [row["name"] for row in rows] == ["Gone", "Zebra archive"]


def test_export_with_filters_that_make_no_sense_leads_back_to_the_list(as_manager: Any) -> None:
    answer = as_manager.get("/admin/products/export.csv?min_price=x")
    assert answer.status_code == 303
    assert answer.location.endswith("/admin/products?min_price=x")


# Back


@pytest.mark.parametrize(
    ("before", "header"), [("q=caf", "HX-Replace-Url"), ("", "HX-Push-Url"), ("q=x", "HX-Push-Url")]
)
def test_typing_on_makes_no_new_step_for_back(as_manager: Any, shelf: None, before: str, header: str) -> None:
    here = {"HX-Current-URL": f"http://localhost/admin/products?{before}"}
    answer = as_manager.get("/admin/products?q=cafe", headers=HTMX | here)
    assert answer.headers[header] == "/admin/products?q=cafe"
