from decimal import Decimal

import pytest


def test_a_client_is_greeted_by_company(as_client, db_session):
    assert as_client.user.client.name in as_client.get("/dashboard/").text


def test_the_dashboard_lists_what_is_offered(
    as_client, make_solution, make_service_category, make_offering, make_product
):
    solution = make_solution(name="Retail suite", products=[make_product(name="Atlas")])
    category = make_service_category(
        name="Finance", offerings=[make_offering(price_from=Decimal("35.00"), unit="hour")]
    )
    page = as_client.get("/dashboard/").text
    assert f"/dashboard/solutions/{solution.slug}" in page
    assert f"/dashboard/services/{category.slug}" in page
    assert "from $35.00 per hour" in page


def test_no_link_of_the_dashboard_is_dead(as_client, make_solution, make_service_category, make_product):
    make_solution(products=[make_product()])
    make_service_category()
    page = as_client.get("/dashboard/").text
    links = {part.partition('"')[0] for part in page.split('href="')[1:]} - {"#main"}
    assert len(links) > 6
    for link in links:
        assert as_client.get(link.replace("&amp;", "&")).status_code in (200, 303), link


def test_a_solution_shows_its_products_that_are_on_sale(as_client, make_solution, make_product):
    solution = make_solution(products=[make_product(name="Atlas"), make_product(name="Old one", archived=True)])
    page = as_client.get(f"/dashboard/solutions/{solution.slug}").text
    assert "Atlas" in page
    assert "Old one" not in page


@pytest.mark.parametrize("key", ["solutions", "services", "products"])
def test_archived_offers_are_not_there(as_client, make_solution, make_service_category, make_product, key):
    make = {"solutions": make_solution, "services": make_service_category, "products": make_product}[key]
    record = make(name="Hidden thing", archived=True)
    assert "Hidden thing" not in as_client.get(f"/dashboard/{key}").text
    assert as_client.get(f"/dashboard/{key}/{record.slug}").status_code == 404


def test_the_catalogue_is_searched(as_client, make_product):
    make_product(name="Café planner")
    make_product(name="Other")
    page = as_client.get("/dashboard/products?q=cafe", headers={"HX-Request": "true"}).text
    assert "Café planner" in page
    assert "Other" not in page


def test_a_bad_cursor_is_a_bad_request(as_client):
    assert as_client.get("/dashboard/products?cursor=nonsense").status_code == 400


def test_staff_are_led_to_their_own_home(as_manager):
    assert as_manager.get("/dashboard/").location == "/admin/"


def test_clients_are_kept_out_of_the_staff_pages(as_client):
    for path in ("/admin/", "/admin/jobs", "/admin/products"):
        assert as_client.get(path).status_code == 403


def test_navigation_names_the_present_page(as_manager):
    page = as_manager.get("/admin/audit").text
    assert 'href="/admin/audit" aria-current="page"' in page
    assert 'href="/admin/jobs" aria-current' not in page
