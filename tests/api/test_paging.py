"""Lists: page by page, with ready addresses."""

import re
from base64 import urlsafe_b64encode
from urllib.parse import parse_qs, urlsplit

import pytest

from app.api.paging import page_answer
from app.core.lists import Page


def links(answer):
    return {name: address for address, name in re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers.get("Link", ""))}


@pytest.fixture
def many(make_product):
    return [make_product(name=f"Product {number:02}", price=number) for number in range(25)]


def test_links_lead_through_the_whole_list_and_back(client, many):
    seen, address = [], "/api/products?limit=10&sort=price"
    while address:
        answer = client.get(address)
        assert answer.headers["X-Total-Count"] == "25"
        seen.append([product["name"] for product in answer.json])
        last, address = address, links(answer).get("next")
    assert [len(page) for page in seen] == [10, 10, 5]
    assert [name for page in seen for name in page] == [product.name for product in many]
    assert parse_qs(urlsplit(last).query)["sort"] == ["price"]
    back = client.get(links(client.get(last))["prev"])
    assert [product["name"] for product in back.json] == seen[1]
    assert "prev" not in links(client.get("/api/products?limit=10"))


def test_addresses_are_those_that_the_caller_reaches(client, many):
    answer = client.get("/api/products?limit=1", headers={"Host": "portal.example.com"})
    assert links(answer)["next"].startswith("http://portal.example.com/api/products?limit=1&cursor=")


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1.5", "50.0", "50.", "1_0", "٣", "1e1", "9" * 400])
def test_limit_out_of_bounds_is_refused(client, limit):
    answer = client.get("/api/products", query_string={"limit": limit})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/query/limit"


def test_limit_without_a_value_is_refused(client):
    for path in ("/api/products", "/api/virtual-assistants", "/api/expert-teams"):
        for name in ("limit", "sort"):
            answer = client.get(f"{path}?{name}=")
            assert answer.status_code == 422, answer.text
            assert answer.json["errors"][0]["pointer"] == f"/query/{name}"
    assert client.get("/api/products?q=&min_price=&cursor=").status_code == 200
    assert client.get("/api/virtual-assistants?skill=&max_rate=&skill=").status_code == 200


OF_ANOTHER_KIND = ["[]", "7", "null", '"x"', "{}", '["a","after","b"]', '["a","after","b","c","d"]', "[1,2,3,4]"]


@pytest.mark.parametrize(
    "cursor",
    [
        *(urlsafe_b64encode(text.encode()).decode() for text in OF_ANOTHER_KIND),
        "a" * 2_001, "a" * 20_000, "a\0b", "WyJh\n", "\tWyJh", "WyJh\x1f", "WyJh\x85", " ", "Wy Jh", "WyJh=", "\ud7ff",
    ],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("path", ["/api/products", "/api/solutions", "/api/expert-teams", "/api/virtual-assistants"])
def test_cursor_of_another_kind_is_refused(client, path, cursor):
    answer = client.get(path, query_string={"cursor": cursor})
    assert answer.status_code == 400, answer.text
    assert answer.json["type"].endswith("bad-cursor")
    assert answer.json["errors"][0]["pointer"] == "/query/cursor"


def test_cursor_with_something_between_its_letters_is_refused(client, many):
    cursor = parse_qs(urlsplit(links(client.get("/api/products?limit=5"))["next"]).query)["cursor"][0]
    assert client.get("/api/products", query_string={"limit": 5, "cursor": cursor}).status_code == 200
    for broken in (f"{cursor[:9]}\n{cursor[9:]}", f"{cursor} ", f".{cursor}", f"{cursor[:9]} {cursor[9:]}"):
        assert client.get("/api/products", query_string={"limit": 5, "cursor": broken}).status_code == 400


@pytest.mark.parametrize("cursor", ["x", "AAAA", "💥", "WyJ4Il0", "a" * 1_000])
def test_bad_cursor_is_refused(client, cursor):
    answer = client.get("/api/products", query_string={"cursor": cursor})
    assert answer.status_code == 400
    assert answer.json["type"].endswith("bad-cursor")


def test_cursor_of_another_sort_or_filter_is_refused(client, many):
    cursor = parse_qs(urlsplit(links(client.get("/api/products?limit=5&sort=price"))["next"]).query)["cursor"][0]
    for query in ("sort=name", "sort=-price", "sort=price&min_price=3", "sort=price&q=product"):
        assert client.get(f"/api/products?{query}&cursor={cursor}").status_code == 400


def test_total_that_is_a_lower_bound_says_so(app):
    page = Page((), 10_000, False, None, None, query=None)
    with app.test_request_context("/api/products"):
        told = page_answer(page, exact_asked=False).headers
    assert (told["X-Total-Count"], told["X-Total-Count-Relation"]) == ("10000", "at-least")


def test_exact_total_is_counted_when_asked_for(client, many):
    for query in ("min_price=1", "q=product"):
        exact = client.get(f"/api/products?{query}", headers={"Prefer": "respond-async, count=exact"})
        assert exact.headers["X-Total-Count"] == ("24" if "price" in query else "25")
        assert "X-Total-Count-Relation" not in exact.headers
        assert exact.headers["Preference-Applied"] == "count=exact"
        assert "Prefer" in exact.headers["Vary"]


def test_filters_narrow(client, make_product):
    make_product(name="Cheap", price=5, category="A", features=["Fast"])
    make_product(name="Dear", price=500, category="B", features=["Fast", "Safe"])

    def names(query):
        return [product["name"] for product in client.get(f"/api/products?sort=name&{query}").json]

    assert names("min_price=5&max_price=5") == ["Cheap"]
    assert names("category=B") == ["Dear"]
    assert names("feature=Safe") == ["Dear"]
    assert names("q=dear") == ["Dear"]
    assert client.get("/api/products?min_price=-1").status_code == 422


def test_search_tells_what_it_put_right(client, make_product):
    make_product(name="Analytics suite")
    answer = client.get("/api/products?q=analitycs")
    assert [product["name"] for product in answer.json] == ["Analytics suite"]
    assert answer.headers["X-Search-Correction"] == "analitycs=analytics"
