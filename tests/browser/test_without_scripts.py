"""The same work with JavaScript off."""

import re
import secrets
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def plain(open_window):
    """A window of someone who signs in without scripts."""
    window = open_window(None, java_script_enabled=False)
    sign_in(window, "manager")
    return window


def test_find_edit_archive_and_restore(plain, product):
    plain.goto("/admin/products")
    plain.get_by_label("Search products").fill(product.name)
    plain.get_by_role("button", name="Apply").click()
    plain.get_by_role("link", name=product.name).click()
    plain.get_by_role("link", name="Edit").click()
    plain.get_by_label("Price").fill("77.70")
    plain.get_by_role("button", name="Save changes").click()
    assert urlsplit(plain.url).path == f"/admin/products/{product.id}"
    assert "77.70" in plain.inner_text("main")
    plain.get_by_role("button", name="Archive").click()
    plain.get_by_role("button", name="Restore").click()
    assert plain.get_by_role("button", name="Archive").is_visible()


def test_a_wrong_form_comes_back_with_what_was_typed(plain):
    plain.goto("/admin/products/new")
    plain.get_by_label("Name").fill("Half a product")
    plain.get_by_label("Price").fill("-1")
    plain.get_by_role("button", name="Create product").click()
    assert plain.get_by_label("Name").input_value() == "Half a product"
    assert plain.get_by_label("Price").get_attribute("aria-invalid") == "true"


def test_sort_and_page_by_links(plain):
    plain.goto("/admin/products?sort=name")
    first = plain.locator("tbody th").first.inner_text()
    plain.get_by_role("link", name=re.compile("^Next")).click()
    assert plain.locator("tbody th").first.inner_text() != first
    plain.get_by_role("link", name=re.compile("^Previous")).click()
    assert plain.locator("tbody th").first.inner_text() == first


def test_import_and_undo(plain):
    mark = f"m{secrets.token_hex(4)}"
    table = f"name,category,price\r\nPlain {mark},Cloud,5.00\r\n".encode()
    plain.goto("/admin/products/import")
    plain.get_by_label("File").set_input_files({"name": "p.csv", "mimeType": "text/csv", "buffer": table})
    plain.get_by_role("button", name="Preview import").click()
    address = plain.url
    plain.get_by_role("button", name="EUR", exact=True).click()
    plain.get_by_role("button", name=re.compile("^Apply 1")).click()
    plain.goto(address)
    assert "1 row saved" in plain.inner_text("main")
    plain.get_by_role("button", name="Undo", exact=True).click()
    if (again := plain.get_by_role("button", name="Undo it", exact=True)).is_visible():
        again.click()
    plain.goto(address)
    assert "Undone by manager" in plain.inner_text("main")


def test_a_page_or_record_is_found_without_the_palette(plain, product):
    plain.goto("/admin/")
    plain.get_by_role("searchbox", name="Find a page or a record").fill(product.name)
    plain.keyboard.press("Enter")
    plain.get_by_role("link", name=re.compile(product.name)).first.click()
    assert urlsplit(plain.url).path == f"/admin/products/{product.id}"
