import re
from decimal import Decimal

import pytest

from app.catalog import operations
from app.core.audit import using_audit_context
from app.identity.models import User
from tests.factories.automations import make_automation, make_run


@pytest.mark.parametrize(
    ("browser", "home"),
    [("as_manager", "/admin/"), ("as_admin", "/admin/"), ("as_client", "/dashboard/"), ("as_expert", "/dashboard/")],
)
def test_the_root_leads_home(request, browser, home):
    answer = request.getfixturevalue(browser).get("/")
    assert answer.status_code == 303
    assert answer.location == home


def test_the_root_asks_strangers_to_sign_in(client):
    assert client.get("/").location.startswith("/login")


def test_home_counts_what_there_is(as_manager, make_product):
    make_product()
    make_product(archived=True)
    page = as_manager.get("/admin/").text
    assert "Products, 1 archived" in page


def test_home_says_no_number_of_what_nobody_counts(as_manager, db_session):
    """A log has rows by the million, and no counter: 0 would be wrong as soon as there is one."""
    automation = make_automation()
    make_run(automation)
    page = as_manager.get("/admin/").text
    labels = re.findall(r'class="tile-label">([^<,]+)', page)
    assert "Automations" in labels
    assert not {"Runs", "Outgoing messages"} & set(labels)


def test_home_tells_who_changed_what_with_the_way_back(as_manager, make_product, db_session):
    product = make_product(name="Atlas", price=Decimal("1499.00"))
    with using_audit_context(via="portal", request_id="r-1"):
        operations.update_product(product, {"price": Decimal("1299.00")}, actor=as_manager.user)
        db_session.commit()
    page = as_manager.get("/admin/").text
    assert as_manager.user.username in page
    assert "1,499.00" in page
    assert "1,299.00" in page
    assert f'action="/admin/products/{product.id}/undo"' in page


def test_an_undone_change_is_not_offered_again(as_manager, make_product, db_session):
    product = make_product(name="Atlas", price=Decimal("1499.00"))
    operations.update_product(product, {"price": Decimal("1299.00")}, actor=as_manager.user)
    db_session.commit()
    page = as_manager.get("/admin/").text
    change = page.partition('name="change" value="')[2].partition('"')[0]
    answer = as_manager.post(f"/admin/products/{product.id}/undo", data={"change": change})
    assert answer.status_code == 303
    assert f'value="{change}"' not in as_manager.get("/admin/").text


def test_home_of_an_empty_house_says_what_to_do_next(as_manager):
    assert "/admin/products/new" in as_manager.get("/admin/").text


def test_home_asks_as_little_of_the_database_with_many_changes(as_manager, make_product, count_queries):
    make_product()
    with count_queries() as few:
        as_manager.get("/admin/")
    for _ in range(20):
        make_product()
    with count_queries() as many:
        as_manager.get("/admin/")
    assert len(many) <= len(few) + 1


def test_the_theme_is_kept_in_a_cookie_and_drawn_by_the_server(as_manager):
    answer = as_manager.post("/theme", data={"theme": "dark", "next": "/admin/products"})
    assert (answer.status_code, answer.location) == (303, "/admin/products")
    assert 'data-bs-theme="dark"' in as_manager.get("/admin/products").text


@pytest.mark.parametrize("next_", ["https://example.com/", "//example.com", "javascript:alert(1)", ""])
def test_the_theme_switch_leads_nowhere_else(as_manager, next_):
    assert as_manager.post("/theme", data={"theme": "dark", "next": next_}).location == "/"


def test_an_unknown_theme_is_not_kept(as_manager):
    assert "Set-Cookie" not in as_manager.post("/theme", data={"theme": "sepia"}).headers


def test_settings_are_kept_with_the_account(as_client, db_session):
    answer = as_client.post("/account", data={"timezone": "Asia/Tokyo", "theme": "dark"})
    assert answer.status_code == 303
    user = db_session.get(User, as_client.user.id)
    assert (user.timezone, user.theme) == ("Asia/Tokyo", "dark")
    assert 'data-zone="Asia/Tokyo"' in as_client.get("/account").text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"timezone": "Mars/Base", "theme": "light"}, "Choose a time zone"),
        ({"timezone": "", "theme": "sepia"}, "Choose one of"),
        ({"timezone": "x" * 100, "theme": "light"}, "60 characters at most"),
    ],
)
def test_wrong_settings_come_back_with_the_reason(as_client, data, said):
    answer = as_client.post("/account", data=data)
    assert answer.status_code == 422
    assert said in answer.text
