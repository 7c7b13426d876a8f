"""Every list, by every sort, both ways, forward and back, with records in sight that lack what it is sorted by."""

import gc
import re
from functools import cache
from html import unescape
from typing import Any

import pytest
from sqlalchemy.sql import visitors
from werkzeug.datastructures import MultiDict

from app.api.openapi import document
from app.core.lists import ListSpec, fetch, query_schema
from app.extensions import db
from tests.factories.bare import add_bare


@cache
def every_list() -> list[ListSpec]:
    gc.unfreeze()  # what is frozen isn't among the objects
    found = [each for each in gc.get_objects() if isinstance(each, ListSpec)]
    gc.freeze()
    assert len(found) > 15
    return sorted(found, key=lambda spec: spec.table)


@pytest.fixture
def filled(app: Any, fill_every_table: Any) -> Any:
    """The key of most rows of a world in which every table has full rows and bare ones."""
    fill_every_table()
    add_bare({spec.model for spec in every_list()})
    db.session.execute(db.text("delete from signing_keys"))
    return db.session.scalar(db.text("select id from projects where budget is not null limit 1"))


def _walk(spec: ListSpec, asked: dict[str, Any], step: str = "next_cursor") -> list[Any]:
    seen, pages = [], 0
    while True:
        page = fetch(db.session, spec, query_schema(spec).model_validate(asked), staff=True, entities=True)
        ids = [row.id for row in page.rows]
        seen = seen + ids if step == "next_cursor" else ids + seen
        cursor = getattr(page, step)
        if cursor is None:
            return seen
        asked, pages = {**asked, "cursor": cursor}, pages + 1
        assert pages < 100, "the list does not end"


def _last_cursor(spec: ListSpec, asked: dict[str, Any]) -> dict[str, Any]:
    while True:
        page = fetch(db.session, spec, query_schema(spec).model_validate(asked), staff=True, entities=True)
        if page.next_cursor is None:
            return asked
        asked = {**asked, "cursor": page.next_cursor}


def test_every_list_has_rows_without_what_it_is_sorted_by(filled: Any) -> None:
    for spec in every_list():
        assert db.session.query(spec.model).count() > 1, spec.table
        for sort in spec.sorts:
            for column in visitors.iterate(sort.expression):
                if getattr(column, "nullable", False) and column.computed is None:
                    assert db.session.query(spec.model).where(column.is_(None)).count(), (spec.table, sort.name)


def test_every_sort_of_every_list_gives_every_row_once_in_both_directions(filled: Any) -> None:
    for spec in every_list():
        everything = "all" if spec.is_archivable else None
        whole = {row.id for row in db.session.query(spec.model)}
        for sort in spec.sorts:
            upward = _walk(spec, {"sort": sort.name, "limit": 1, "archived": everything})
            downward = _walk(spec, {"sort": f"-{sort.name}", "limit": 1, "archived": everything})
            assert len(upward) == len(set(upward)) == len(whole), (spec.table, sort.name)
            assert downward == upward[::-1], (spec.table, sort.name)
            for name, right in ((sort.name, upward), (f"-{sort.name}", downward)):
                last = _last_cursor(spec, {"sort": name, "limit": 1, "archived": everything})
                assert _walk(spec, last, "prev_cursor") == right, (spec.table, name)


def _lists_of_the_api(key: Any) -> dict[str, list[str]]:
    """The addresses of all lists, with their sorts."""
    found = {}
    for path, methods in document()["paths"].items():
        for parameter in methods.get("get", {}).get("parameters", ()):
            if parameter.get("name") == "sort" and parameter.get("in") == "query":
                found[re.sub(r"\{[^}]*\}", str(key), path)] = parameter["schema"]["enum"]
    return found


def test_every_sort_of_every_list_of_the_api_is_answered(app: Any, filled: Any, api: Any, make_user: Any) -> None:
    callers = [api(make_user(role=role)) for role in ("manager", "admin", "client", "expert")]
    with app.test_request_context():
        lists = _lists_of_the_api(filled)
    assert len(lists) > 10
    for path, sorts in lists.items():
        caller = next((caller for caller in callers if caller.get(path).status_code == 200), None)
        assert caller, f"nobody reads {path}"
        for sort in sorts:
            address, pages = f"{path}?sort={sort}&limit=1", 0
            while address and pages < 6:
                answer = caller.get(address)
                assert answer.status_code == 200, (address, answer.text)
                links = dict(_links(answer))
                assert caller.get(links.get("prev", path)).status_code == 200, links
                address, pages = links.get("next", ""), pages + 1


def _links(answer: Any) -> list[tuple[str, str]]:
    return [(rel, address) for address, rel in re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers.get("Link", ""))]


def test_every_sort_that_a_page_offers_is_answered(app: Any, filled: Any, as_manager: Any) -> None:
    pages = [str(r) for r in app.url_map.iter_rules() if "GET" in r.methods and re.fullmatch("/admin/[a-z-]+", str(r))]
    offered = set()
    for path in [*pages, "/admin/matches/requests"]:
        for link in re.findall(r'(?:href|value)="([^"]*)"', as_manager.get(path).text):
            if match := re.search(r"[?&]sort=([a-z_-]+)", unescape(link)):
                offered.add((unescape(link).partition("?")[0] or path, match[1].removeprefix("-")))
    assert len({path for path, _ in offered}) > 5
    for path, sort in sorted(offered):
        for way in (sort, f"-{sort}"):
            for archived in ("", "all"):
                query = MultiDict({"sort": way, "limit": 1, "archived": archived})
                answer = as_manager.get(path, query_string=query)
                assert answer.status_code == 200, (path, way)
                for link in re.findall(r'href="([^"]*cursor=[^"]*)"', answer.text):
                    assert as_manager.get(unescape(link)).status_code == 200, link
