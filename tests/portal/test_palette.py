import pytest

HX = {"HX-Request": "true"}


def test_a_record_is_found_by_the_beginning_of_its_name(as_manager, make_product):
    product = make_product(name="Zephyr Ledger")
    page = as_manager.get("/admin/palette?q=zeph", headers=HX).text
    assert f"/admin/products/{product.id}" in page
    assert "<html" not in page


def test_records_of_every_kind_are_found(as_manager, make_product, make_solution, make_service_category):
    for record in (
        make_product(name="Quokka one"),
        make_solution(name="Quokka two"),
        make_service_category(name="Quokka three"),
    ):
        assert str(record.id) in as_manager.get("/admin/palette?q=quokka").text


@pytest.mark.parametrize(
    ("q", "href"),
    [
        ("aud", "/admin/audit"),
        ("new prod", "/admin/products/new"),
        ("add", "/admin/products/new"),
        ("profile", "/account"),
        ("sheet", "/admin/time"),
        ("toggl", "/admin/time/import"),
        ("asked", "/admin/matches/requests"),
    ],
)
def test_pages_and_acts_are_found_by_their_words(as_manager, q, href):
    assert f'href="{href}"' in as_manager.get("/admin/palette", query_string={"q": q}).text


def test_without_scripts_it_is_a_page_with_a_form(as_manager):
    page = as_manager.get("/admin/palette").text
    assert "<html" in page
    assert 'action="/admin/palette"' in page


@pytest.mark.parametrize("q", ["\x00", "%", "'; drop table products; --", "<script>", "🦊", "x" * 5000, "-", "&|!:*"])
def test_odd_questions_find_nothing_and_break_nothing(as_manager, q):
    answer = as_manager.get("/admin/palette", query_string={"q": q})
    assert answer.status_code == 200
    assert "<script>" not in answer.text


def test_clients_have_no_palette(as_client):
    assert as_client.get("/admin/palette").status_code == 403
