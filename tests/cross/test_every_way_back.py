"""From each list to a record, its forms and back: the list is as it was left."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from app.catalog import operations
from app.catalog.kinds import products
from app.core.audit import SYSTEM, change_id
from app.core.changes.undo import undo_change
from app.extensions import db
from tests.factories.catalogue import make_product, make_service_category, make_solution
from tests.factories.events import deliver
from tests.factories.world import make_world

LISTS = {
    "admin": (
        "/admin/products?sort=-price",
        "/admin/solutions?sort=name",
        "/admin/services?sort=name",
        "/admin/skills?sort=name",
        "/admin/skills/waiting?q=Sums",
        "/admin/assistants?sort=name",
        "/admin/teams?sort=name",
        "/admin/teams/capacity?weeks=8",
        "/admin/projects?status=active",
        "/admin/time?status=submitted",
        "/admin/matches?status=proposed",
        "/admin/matches/requests?status=open",
        "/admin/users?role=expert",
        "/admin/clients?sort=name",
        "/admin/changes?kind=undo",
        "/admin/jobs?status=succeeded",
        "/admin/events?state=done",
        "/admin/automations?sort=name",
        "/admin/automations/runs?status=failed",
        "/admin/automations/secrets?sort=-name",
        "/admin/automations/analyses?sort=created_at",
        "/admin/automations/tables?sort=name",
        "/admin/outbox?status=sent",
    ),
    "client": (
        "/dashboard/products?q=product",
        "/dashboard/solutions?q=solution",
        "/dashboard/services?q=service",
        "/dashboard/projects?status=active",
        "/dashboard/matches/requests?status=open",
        "/dashboard/matches/engagements?status=proposed",
        "/dashboard/automations?sort=name",
        "/dashboard/automations/runs?status=failed",
        "/dashboard/automations/secrets?sort=-name",
        "/dashboard/automations/analyses?sort=created_at",
        "/dashboard/automations/tables?sort=name",
    ),
    "expert": ("/dashboard/products?q=product", "/dashboard/projects?status=active"),
}
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


@pytest.fixture(params=LISTS)
def browser(request: Any, app: Any, db_session: Any, sign_in: Any) -> Any:
    found = sign_in(app.test_client(), make_world().users[request.param])
    found.role = request.param
    _undo_something()
    deliver()
    return found


def _undo_something() -> None:
    make_solution(name="One solution")
    make_service_category(name="One service")
    product = make_product()
    operations.update_product(product, {"name": "Other"}, actor=SYSTEM)
    change = change_id(db.session)
    db.session.commit()
    undo_change(db.session, change, actor=SYSTEM, kind=products, record_id=product.id)
    db.session.commit()


def inside(html: str) -> str:
    return html.partition("<main")[2].partition("</main>")[0]


def addresses(html: str, within: str) -> list[str]:
    found = re.findall(r'(?:href|action)="([^"]*)"', inside(html))
    return [url for each in found if (url := unescape(each)).startswith(within) and "/export." not in url]


def crumbs(html: str) -> list[str]:
    nav = re.search(r'<nav aria-label="Breadcrumb">(.*?)</nav>', html, flags=re.DOTALL)
    return [unescape(url) for url in re.findall(r'href="([^"]*)"', nav[1])] if nav else []


def query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def leads_back(html: str, to: str) -> bool:
    return any(
        urlsplit(url).path == urlsplit(to).path and query(to).items() <= query(url).items() for url in crumbs(html)
    )


def test_each_list_is_found_again(browser: Any) -> None:
    wrong = []
    for start in LISTS[browser.role]:
        base = "/".join(urlsplit(start).path.split("/")[:3]) + "/"
        records = [url for url in addresses(browser.get(start).text, base) if "list" in query(url)]
        if not records:
            wrong.append(f"{start}: no record carries it")
        wrong += [f"{start}: {one}" for record in records[:2] for one in lost(browser, start, base, record)]
    assert not wrong, "\n".join(wrong)


def lost(browser: Any, start: str, base: str, record: str) -> list[str]:
    """What is reached from the record, and no longer knows the list."""
    answer = browser.get(record)
    if answer.status_code != 200:
        return []  # an act of the list: its answer leads back to it
    if not leads_back(answer.text, start):
        return [f"{record} leads not back"]
    here = urlsplit(record).path
    more = [url for url in addresses(answer.text, f"{here}/") if ID.search(url)]
    found = [f"{url} on {here}" for url in more if "list" not in query(url)]
    pages = [url for url in dict.fromkeys(more) if "list" in query(url)]
    return found + [
        f"{url} leads not back" for url in pages if (page := browser.get(url)).mimetype == "text/html"
        and page.status_code == 200 and not leads_back(page.text, start)
    ]  # fmt: skip


def test_a_list_of_more_than_it_should_be_is_left_out(as_manager: Any, make_product: Any) -> None:
    product = make_product()
    page = as_manager.get(f"/admin/products/{product.id}", query_string={"list": "a=b&" * 50})
    assert (page.status_code, crumbs(page.text)) == (200, ["/admin/products"])
    assert as_manager.get("/dashboard/products?" + "a=b&" * 50).status_code < 500
