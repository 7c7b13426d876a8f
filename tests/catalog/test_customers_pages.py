"""The catalogue as customers read it: cards in place of the table, without what is staff's."""

import pytest


def inside(answer):
    return answer.text.partition('id="results"')[2]


def test_customers_filter_the_catalogue(as_client, make_product):
    make_product(name="Ledger", category="Tools", price="10.00")
    make_product(name="Abacus", category="Toys", price="99.00")
    page = as_client.get("/dashboard/products?category=Tools&max_price=20")
    assert ("Ledger" in inside(page), "Abacus" in inside(page)) == (True, False)
    assert "Clear search and filters" in page.text


def test_they_read_it_by_name_and_a_search_best_match_first(as_client, make_product):
    for name in ("Zebra ledger", "Ledger", "Abacus"):
        make_product(name=name)
    names = inside(as_client.get("/dashboard/products")).split('"catalogue-name"')[1:]
    assert ["Abacus" in names[0], "Ledger" in names[1], "Zebra" in names[2]] == [True] * 3
    assert "Sorted by best match" in inside(as_client.get("/dashboard/products?q=ledger"))


def test_a_filter_that_makes_no_sense_is_told_and_left_out(as_client, make_product):
    make_product(name="Ledger")
    page = as_client.get("/dashboard/products?min_price=cheap&sort=nonsense")
    assert page.status_code == 422
    assert "Price from" in page.text
    assert "Ledger" in inside(page)


def test_nothing_found_and_nothing_there_read_differently(as_client):
    assert "Nothing matches" in as_client.get("/dashboard/products?q=nothing").text
    empty = as_client.get("/dashboard/products").text
    assert "As soon as there are some, you find them here." in empty
    assert "/new" not in empty.partition("<main")[2]


def test_what_is_for_staff_is_no_parameter_of_theirs(as_client, make_product):
    make_product(name="Gone", archived=True)
    page = as_client.get("/dashboard/products?archived=all&include_archived=1")
    assert page.status_code == 200
    assert "Gone" not in inside(page)
    assert as_client.get("/dashboard/products/export.csv?archived=all").status_code == 403


def test_they_take_it_along_as_a_file(as_expert):
    file = as_expert.get("/dashboard/products/export.csv?category=Tools")
    assert (file.status_code, file.text[1:].partition(",")[0]) == (200, "id")


@pytest.mark.parametrize("page", ["/history", "/edit", "/archive", "/undo"])
def test_history_and_forms_are_staffs(as_client, make_product, page):
    assert as_client.get(f"/dashboard/products/{make_product().slug}{page}").status_code == 404


def test_staff_are_led_to_the_same_page_of_theirs(as_manager, make_product):
    slug = make_product().slug
    assert as_manager.get(f"/dashboard/products/{slug}").location == f"/admin/products/{slug}"
    assert as_manager.get("/dashboard/products?q=a").location == "/admin/products?q=a"


def test_a_member_who_may_do_nothing_else_reads_it(client, sign_in, make_user, make_product):
    product = make_product()
    member = sign_in(client, make_user(role="client", company_role="member", limits=[]))
    assert [member.get(f"/dashboard/products{page}").status_code for page in ("", f"/{product.slug}")] == [200, 200]
