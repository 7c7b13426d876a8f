"""From a record and its form the way back leads to the list as it was."""

import re
from html import unescape
from typing import Any

import pytest

from tests.factories import make_client_company
from tests.factories.assistants import make_skill
from tests.factories.engagements import make_request
from tests.factories.projects import make_team
from tests.web.page import changed, sent_by

LIST = "/admin/products?sort=-price&category=Tools"


def links(html: str, to: str) -> list[str]:
    return [unescape(href) for href in re.findall(r'href="([^"]*)"', html) if unescape(href).startswith(to)]


def crumb(html: str) -> str:
    nav = re.search(r'<nav aria-label="Breadcrumb">(.*?)</nav>', html, flags=re.DOTALL)
    assert nav is not None
    return links(nav[1], "/admin/products")[0]


@pytest.fixture
def product(make_product: Any) -> Any:
    make_product(name="Other", category="Toys")
    return make_product(name="Ledger", category="Tools")


def test_record_form_and_save_lead_back_to_the_list_as_it_was(as_manager: Any, product: Any) -> None:
    there = links(as_manager.get(LIST).text, f"/admin/products/{product.id}")[0]
    record = as_manager.get(there).text
    assert crumb(record) == LIST
    form_address = links(record, f"/admin/products/{product.id}/edit")[0]
    form = as_manager.get(form_address).text
    assert crumb(form) == LIST
    action = unescape(re.findall(r'id="record-form" method="post" action="([^"]*)"', form)[0])
    data = changed(sent_by(form), name="Ledger 2", _do="save")
    answer = as_manager.post(action, data=data)
    assert answer.status_code == 303
    assert crumb(as_manager.get(answer.location).text) == LIST


def test_the_search_and_the_page_of_the_list_are_kept_too(as_manager: Any, make_product: Any) -> None:
    for number in range(4):
        make_product(name=f"Ledger {number}")
    first = as_manager.get("/admin/products?q=ledger&limit=2&sort=name").text
    second = next(link for link in links(first, "/admin/products?") if "cursor=" in link)
    record = next(link for link in links(as_manager.get(second).text, "/admin/products/") if "?list=" in link)
    assert crumb(as_manager.get(record).text) == second


def test_acts_on_the_record_keep_it(as_manager: Any, product: Any) -> None:
    there = links(as_manager.get(LIST).text, f"/admin/products/{product.id}")[0]
    act = unescape(re.findall(r'action="([^"]*/archive[^"]*)"', as_manager.get(there).text)[0])
    answer = as_manager.post(act)
    assert crumb(as_manager.get(answer.location).text) == LIST


def test_a_plain_list_is_a_plain_address(as_manager: Any, product: Any) -> None:
    assert f"/admin/products/{product.id}" in links(as_manager.get("/admin/products").text, "/admin/products/")
    assert crumb(as_manager.get(f"/admin/products/{product.id}").text) == "/admin/products"


@pytest.mark.parametrize(
    "given",
    ["//evil.example", "https://evil.example/?a=b", "a=b#//evil.example", 'a="><script>', "x" * 5000, "\r\nA: b"],
)
def test_it_leads_to_no_other_place(as_manager: Any, product: Any, given: str) -> None:
    page = as_manager.get(f"/admin/products/{product.id}", query_string={"list": given})
    assert page.status_code == 200
    assert re.fullmatch(r"/admin/products(\?[\w%+&=.-]*)?", crumb(page.text))
    answer = as_manager.post(f"/admin/products/{product.id}/archive", query_string={"list": given})
    assert answer.location.startswith(f"/admin/products/{product.id}")


def test_other_kinds_of_records_do_the_same(as_manager: Any, make_user: Any) -> None:
    user = make_user(role="expert")
    there = links(as_manager.get("/admin/users?role=expert").text, f"/admin/users/{user.id}")[0]
    assert "/admin/users?role=expert" in links(as_manager.get(there).text, "/admin/users?")


def test_clients_come_back_to_what_they_looked_for(as_client: Any, product: Any) -> None:
    found = as_client.get("/dashboard/products?q=ledger").text
    there = next(link for link in links(found, "/dashboard/products/") if product.slug in link)
    assert "/dashboard/products?q=ledger" in links(as_client.get(there).text, "/dashboard/products?")


def test_a_list_below_another_is_found_again_after_an_act(as_manager: Any) -> None:
    request = make_request(client=make_client_company())
    start = "/admin/matches/requests?status=open"
    there = links(as_manager.get(start).text, f"/admin/matches/requests/{request.id}")[0]
    act = unescape(re.findall(r'action="([^"]*/close[^"]*)"', as_manager.get(there).text)[0])
    answer = as_manager.post(act)
    assert start in links(as_manager.get(answer.location).text, start)


def test_a_decision_on_a_new_term_leads_back_to_what_was_looked_for(as_admin: Any) -> None:
    make_skill("Sums", status="waiting", asked=3)
    page = as_admin.get("/admin/skills/waiting?q=Sum").text
    act = unescape(re.findall(r'action="([^"]*/reject[^"]*)"', page)[0])
    assert as_admin.post(act).location == "/admin/skills/waiting?q=Sum"


def test_a_page_that_is_a_form_is_empty_when_the_list_leads_to_it(as_manager: Any) -> None:
    team = make_team()
    page = as_manager.get(f"/admin/teams/{team.id}/deliver", query_string={"list": "sort=name"})
    assert page.status_code == 200
    assert 'name="list" value="sort=name"' in page.text
