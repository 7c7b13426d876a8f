"""A search has the best match first: in lists, in the API, in files and in the palette."""

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest

from app.api.openapi import document
from app.auth.people.kinds import USERS
from app.catalog.kinds import PRODUCTS
from app.core.lists import BadCursor, fetch, finding, query_schema
from app.core.search import palette

Query = query_schema(PRODUCTS)
DAY = datetime(2026, 1, 1, tzinfo=UTC)
SHELF = (
    ("Report", ""),
    ("Weekly report", ""),
    ("Report builder", ""),
    ("Reporting suite", ""),
    ("Sales reports", ""),
    ("Annual report", ""),
    ("Dashboard", "Has a report for every morning."),
    ("Scanner", "Reports what it sees."),
    ("Unrelated", ""),
)
BEST_FIRST = [
    "Report", "Report builder", "Reporting suite", "Annual report", "Weekly report", "Sales reports", "Scanner",
    "Dashboard",
]  # fmt: skip
NEWEST_FIRST = [
    "Scanner", "Dashboard", "Annual report", "Sales reports", "Reporting suite", "Report builder", "Weekly report",
    "Report",
]  # fmt: skip


@pytest.fixture(autouse=True)
def shelf(make_product: Any) -> None:
    for age, (name, text) in enumerate(SHELF):
        made = DAY + timedelta(days=age)
        make_product(name=name, category="Tools", description=text, created_at=made, updated_at=made)


@pytest.fixture(params=["gathered", "in parts"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "in parts":
        monkeypatch.setattr(finding, "SMALL_TABLE", 0)
        monkeypatch.setattr(finding, "GATHERED", 0)


def names(session: Any, **asked: Any) -> list[str]:
    return [row.name for row in fetch(session, PRODUCTS, Query.model_validate(asked), staff=True).rows]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "report"}, BEST_FIRST),
        ({"q": " REPÓRT "}, BEST_FIRST),
        ({"q": "report", "sort": "relevance"}, BEST_FIRST),
        ({"q": "report", "sort": "-created_at"}, NEWEST_FIRST),
        ({"q": "report", "sort": "name"}, sorted(BEST_FIRST)),
        ({"q": "weekly report"}, ["Weekly report"]),
        ({"q": "report weekly"}, ["Weekly report"]),
        ({"q": "report", "limit": "2"}, BEST_FIRST[:2]),
        ({"q": "report", "category": "Toys"}, []),
    ],
)
def test_the_best_match_comes_first_unless_a_sort_is_chosen(
    db_session: Any, way: None, asked: dict[str, str], found: list[str]
) -> None:
    assert names(db_session, **asked) == found


def test_without_a_search_the_order_is_the_usual_one(db_session: Any) -> None:
    assert names(db_session) == names(db_session, sort="relevance") == names(db_session, sort="-created_at")


def test_the_very_name_comes_before_all_that_have_it(db_session: Any, way: None, make_product: Any) -> None:
    for name in ("C++ Schulung", "Kurs C++", "C++", "C# und C++ im Vergleich"):
        make_product(name=name, category="Kurse", description="")
    assert names(db_session, q="c++") == ["C++", "C++ Schulung", "C# und C++ im Vergleich", "Kurs C++"]
    for name in ("Wi-Fi Router", "Router", "Mesh wifi", "Wifi"):
        make_product(name=name, category="Netz", description="")
    assert names(db_session, q="wifi") == ["Wifi", "Mesh wifi", "Wi-Fi Router"]
    assert names(db_session, q="wi-fi") == ["Wi-Fi Router", "Wifi", "Mesh wifi"]


def test_a_corrected_search_is_ranked_by_what_it_was_read_as(db_session: Any, way: None, make_product: Any) -> None:
    for name in ("Cash register", "Register", "Register roll"):
        make_product(name=name, category="Shop", description="")
    assert names(db_session, q="registre") == ["Register", "Register roll", "Cash register"]


def test_pages_go_on_through_the_tiers_and_back(db_session: Any, way: None) -> None:
    for limit in (1, 2, 3, 5):
        pages, cursor = [], None
        while True:
            page = fetch(db_session, PRODUCTS, Query(q="report", limit=limit, cursor=cursor), staff=True)
            pages.append([row.name for row in page.rows])
            assert (page.total, page.total_is_exact) == (8, True)
            if page.next_cursor is None:
                break
            cursor = page.next_cursor
        assert [name for found in pages for name in found] == BEST_FIRST
        back = [pages.pop()]
        while page.prev_cursor is not None:
            page = fetch(db_session, PRODUCTS, Query(q="report", limit=limit, cursor=page.prev_cursor), staff=True)
            back.append([row.name for row in page.rows])
        assert [name for found in reversed(back) for name in found] == BEST_FIRST


def test_a_cursor_holds_for_its_sort_alone(db_session: Any) -> None:
    ranked = fetch(db_session, PRODUCTS, Query(q="report", limit=2), staff=True).next_cursor
    newest = fetch(db_session, PRODUCTS, Query(q="report", limit=2, sort="-created_at"), staff=True).next_cursor
    for asked in ({"q": "report", "sort": "name"}, {"q": "report", "sort": "-created_at"}, {"q": "reports"}, {}):
        with pytest.raises(BadCursor):
            fetch(db_session, PRODUCTS, Query(cursor=ranked, **asked), staff=True)
    with pytest.raises(BadCursor):
        fetch(db_session, PRODUCTS, Query(q="report", cursor=newest), staff=True)
    same = fetch(db_session, PRODUCTS, Query(q="report", limit=2, sort="relevance", cursor=ranked), staff=True)
    assert [row.name for row in same.rows] == BEST_FIRST[2:4]


def test_records_come_in_the_same_order(db_session: Any, way: None) -> None:
    page = fetch(db_session, PRODUCTS, Query(q="report"), staff=True, entities=True, exact_total=True)
    assert [record.name for record in page.rows] == BEST_FIRST
    assert (page.total, page.total_is_exact) == (8, True)


def test_people_are_ranked_by_their_user_names(db_session: Any, make_user: Any) -> None:
    for name, address in (("k-anna", "x@example.com"), ("anna-lena", "y@example.com"), ("bo", "anna@example.com"),
                          ("anna", "z@example.com")):  # fmt: skip
        make_user(username=name, email=address)
    page = fetch(db_session, USERS, query_schema(USERS)(q="anna"), staff=True)
    assert [row.username for row in page.rows] == ["anna", "anna-lena", "k-anna", "bo"]


def test_the_api_ranks_and_goes_on(client: Any) -> None:
    def read(address: str) -> Any:
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        return [row["name"] for row in answer.json], answer.headers

    found, headers = read("/api/products?q=report&limit=5")
    assert (found, headers["X-Total-Count"]) == (BEST_FIRST[:5], "8")
    following, headers = read(headers["Link"].split(">")[0].removeprefix("<").replace("http://localhost", ""))
    assert following == BEST_FIRST[5:]
    assert read("/api/products?q=report&sort=-created_at")[0] == NEWEST_FIRST
    assert client.get("/api/products?q=report&sort=-relevance").status_code == 422


def test_the_document_states_no_default_that_a_client_would_send(app: Any) -> None:
    with app.test_request_context():
        parameters = document()["paths"]["/api/products"]["get"]["parameters"]
    sort = next(each["schema"] for each in parameters if each["name"] == "sort")
    assert "default" not in sort
    assert sort["enum"][-1] == "relevance"


def test_the_page_says_what_a_search_is_sorted_by(as_manager: Any) -> None:
    page = as_manager.get("/admin/products?q=report").text
    assert "Sorted by best match" in page
    assert "aria-sort" not in page
    other = as_manager.get("/admin/products?q=report&sort=name&category=Tools").text
    assert "Sorted by best match" not in other
    assert 'aria-sort="ascending"' in other
    assert 'href="/admin/products?q=report&category=Tools"' in unescape(other)
    assert "best match" not in as_manager.get("/admin/products").text


def test_the_catalogue_of_a_company_ranks_too(as_client: Any) -> None:
    page = as_client.get("/dashboard/products?q=report").text
    places = [page.index(f">{name}<") for name in BEST_FIRST]
    assert places == sorted(places)
    assert "Sorted by best match" in page


def test_the_palette_ranks_by_the_same_tiers(db_session: Any) -> None:
    found = [found.name for found in palette(db_session, "report")]
    assert found[:3] == BEST_FIRST[:3]
    assert set(found[3:5]) == {"Annual report", "Weekly report"}
    assert found[5] == "Sales reports"
    assert set(found[6:]) == {"Scanner", "Dashboard"}
