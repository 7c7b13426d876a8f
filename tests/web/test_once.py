"""A form that is sent twice makes one record."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from io import BytesIO
from threading import Barrier
from typing import Any

import pytest

from app.auth.api_keys.models import ApiKey
from app.catalog.models import Product
from app.core.changes.models import ChangeRow, ChangeSet
from app.core.clock import today
from app.extensions import db
from app.identity.models import User
from tests.factories.assistants import make_assistant
from tests.factories.projects import make_project, make_team
from tests.web.page import changed, sent_by

MAKES = re.compile(r"\.(new|create|rotate|log|invite|add_time_off|preview|import_file|import_time|bulk)$")


def token_of(html: str) -> str:
    return unescape(re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', html)[-1])


def send(browser: Any, path: str, data: Any) -> Any:
    return browser.post(path, data=data, csrf=False)


def product_form(browser: Any, **values: str) -> Any:
    page = browser.get("/admin/products/new").text
    return changed(sent_by(page), **{"name": "Ledger", "category": "Tools", "price": "5", **values}, _do="save")


def test_every_form_that_makes_a_record_takes_it_once(app: Any) -> None:
    makers = {
        str(rule.endpoint)
        for rule in app.url_map.iter_rules()
        if "POST" in rule.methods and MAKES.search(rule.endpoint) and not str(rule).startswith("/api")
    }
    assert len(makers) > 20
    assert {name for name in makers if not getattr(app.view_functions[name], "makes_one", False)} == set()


def test_the_second_is_led_where_the_first_was(as_manager: Any) -> None:
    form = product_form(as_manager)
    first, second = send(as_manager, "/admin/products/new", form), send(as_manager, "/admin/products/new", form)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert db.session.query(Product).count() == 1
    assert "had been sent before" in as_manager.get(second.location).text


def test_what_was_refused_can_be_put_right_and_sent_again(as_manager: Any) -> None:
    wrong = product_form(as_manager, name="")
    for _ in range(2):
        answer = send(as_manager, "/admin/products/new", wrong)
        assert answer.status_code == 422
    form = {**wrong, "name": ["Ledger"]}
    assert send(as_manager, "/admin/products/new", form).status_code == 303
    assert db.session.query(Product).count() == 1


def test_another_record_of_the_same_form_or_the_same_of_another_form_is_made(as_manager: Any) -> None:
    form = product_form(as_manager)
    send(as_manager, "/admin/products/new", form)
    send(as_manager, "/admin/products/new", {**form, "name": ["Other ledger"]})
    assert db.session.query(Product).count() == 2


@pytest.mark.committed
def test_two_at_once_make_one(app: Any, committed_db: str, db_session: Any, as_manager: Any) -> None:
    form, gate = product_form(as_manager), Barrier(2)
    cookies = {
        name: as_manager.get_cookie(name).value for name in ("session", "remember_token") if as_manager.get_cookie(name)
    }
    cookies |= {cookie.key: cookie.value for cookie in as_manager._cookies.values()}

    def post(_: int) -> Any:
        browser = app.test_client()
        for name, value in cookies.items():
            browser.set_cookie(name, value)
        with app.app_context():
            gate.wait()
            return browser.post("/admin/products/new", data=form, csrf=False)

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(post, range(2)))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len({answer.location for answer in answers}) == 1
    assert db.session.query(Product).count() == 1


def twice(browser: Any, page: str, path: str, **data: Any) -> list[Any]:
    token = token_of(browser.get(page).text)
    return [send(browser, path, {"csrf_token": token, **data}) for _ in range(2)]


def test_a_key_is_made_once_and_shown_to_both(as_client: Any) -> None:
    given = {"name": "Shop", "scopes": "products:read", "days": "30"}
    first, second = twice(as_client, "/account/api-keys/new", "/account/api-keys/new", **given)
    assert first.status_code == second.status_code == 200, first.text
    assert first.text == second.text
    assert db.session.query(ApiKey).count() == 1


def test_an_invitation_goes_out_once(as_client: Any) -> None:
    before = db.session.query(User).count()
    twice(as_client, "/account/company", "/account/company/invitations", email="new@example.com", company_role="member")
    assert db.session.query(User).count() == before + 1


def test_time_is_logged_once(as_expert: Any, db_session: Any) -> None:
    from app.projects.timesheets.models import TimeEntry  # noqa: PLC0415

    team = make_team(members=[as_expert.user])
    project = make_project(team=team, start_date=today() - timedelta(days=9), end_date=date(2030, 1, 1))
    given = {"work": str(project.id), "worked_on": today().isoformat(), "hours": "1"}
    answers = twice(as_expert, "/dashboard/time", "/dashboard/time", **given)
    assert [answer.status_code for answer in answers] == [303, 303], answers[0].text
    assert db.session.query(TimeEntry).count() == 1


def test_a_team_and_an_assistant_are_asked_for_once(as_client: Any, db_session: Any) -> None:
    from app.assistants.models import MatchRequest  # noqa: PLC0415
    from app.projects.models import Project  # noqa: PLC0415

    make_assistant(skills=("Excel",))
    start = (today() + timedelta(days=7)).isoformat()
    given = {"specialization": "Cloud migration", "title": "Move", "description": "All of it", "skills": "Excel"}
    twice(as_client, "/dashboard/projects/new", "/dashboard/projects/new", **given, start_date=start)
    assert db.session.query(Project).count() == 1
    page = as_client.get("/dashboard/matches/new").text
    form = changed(sent_by(page, "request-form"), skills="Excel", hours_per_week="10", start_date=start)
    answers = [send(as_client, "/dashboard/matches/new", form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303], answers[0].text
    assert db.session.query(MatchRequest).count() == 1


def import_form(browser: Any, content: bytes = b"name,category,price,currency\nShelf,Shelves,1.00,EUR\n") -> Any:
    token = token_of(browser.get("/admin/products/import").text)
    return lambda content=content: {"csrf_token": token, "file": (BytesIO(content), "list.csv")}


def test_a_file_that_is_sent_twice_is_one_import(as_manager: Any) -> None:
    form = import_form(as_manager)
    first, second = (send(as_manager, "/admin/products/import", form()) for _ in range(2))
    assert (first.status_code, second.location) == (303, first.location)
    assert db.session.query(ChangeSet).count() == 1
    assert "1 new" in as_manager.get(first.location).text


def test_another_file_of_the_same_form_is_another_import(as_manager: Any) -> None:
    form = import_form(as_manager)
    send(as_manager, "/admin/products/import", form())
    send(as_manager, "/admin/products/import", form(b"name,category,price,currency\nDesk,Desks,1.00,EUR\n"))
    assert {row.label for row in db.session.query(ChangeRow)} == {"Shelf", "Desk"}


def test_a_bulk_change_that_is_sent_twice_is_one(as_manager: Any, make_product: Any) -> None:
    product = make_product(price=Decimal("10.00"))
    token = token_of(as_manager.get("/admin/products").text)
    form = {"csrf_token": token, "ids": [str(product.id)], "action": "move:price", "percent": "10"}
    first, second = (send(as_manager, "/admin/products/bulk", form) for _ in range(2))
    assert (first.status_code, second.location) == (303, first.location)
    assert db.session.query(ChangeSet).count() == 1
