"""Many records at once: a price list from a spreadsheet, and a bulk change, each previewed, applied and undone."""

import re
import secrets

import pytest

pytestmark = pytest.mark.browser


def price_list(mark):
    """As Excel saves it in Germany: Windows-1252, semicolons, decimal commas; and two cells that can't be."""
    rows = [f"Büro {mark} {number};Analytics;{number},50;EUR" for number in range(1, 9)]
    rows += [f"Café {mark};Cloud;teuer;EUR", f"Bäckerei {mark};Cloud;12,00;Taler"]
    return "\r\n".join(["name;category;price;currency", *rows]).encode("cp1252")


def upload(page, mark):
    page.goto("/admin/products/import")
    page.get_by_label("File").set_input_files(
        {"name": "preise.csv", "mimeType": "text/csv", "buffer": price_list(mark)}
    )
    page.get_by_role("button", name="Preview import").click()
    page.wait_for_url("**/admin/changes/*")
    page.get_by_text("8 new").wait_for()


def confirm(page, name):
    page.get_by_role("button", name=name, exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()


def found(page, words):
    page.goto(f"/admin/products?q={words.replace(' ', '+')}")
    return page.locator("tbody tr").count()


def test_a_price_list_is_previewed_applied_and_undone(page):
    mark = f"m{secrets.token_hex(4)}"
    upload(page, mark)
    preview = page.inner_text("main")
    assert "2 with errors" in preview
    assert "Windows-1252" in preview
    assert "semicolons" in preview
    page.get_by_role("link", name=re.compile("^Errors")).click()
    page.get_by_text(f"Café {mark}").wait_for()
    assert page.get_by_label("Price").input_value() == "teuer"
    assert page.get_by_label("Currency").input_value() == "Taler"
    address = page.url.partition("?")[0].partition("#")[0]
    assert found(page, mark) == 0, "something was written before it was applied"

    page.goto(address)
    page.get_by_role("button", name=re.compile("^Apply 8")).click()
    page.get_by_text("8 rows saved").first.wait_for()
    assert found(page, mark) == 8
    assert "1.50" in page.inner_text("tbody")

    page.goto(address)
    confirm(page, "Undo")
    page.get_by_text(re.compile("8 records removed|removes 8 records")).first.wait_for()
    if (again := page.get_by_role("button", name="Undo it", exact=True)).is_visible():
        again.click()
    page.goto(address)
    page.get_by_text("Undone by manager").first.wait_for()
    assert found(page, mark) == 0


def test_a_wrong_cell_is_corrected_in_the_preview(page):
    mark = f"m{secrets.token_hex(4)}"
    upload(page, mark)
    page.get_by_role("link", name=re.compile("^Errors")).click()
    page.get_by_label("Price").fill("99,90")
    page.get_by_role("button", name="Correct row 10").click()
    page.get_by_text("9 new").wait_for()
    assert "1 with errors" in page.inner_text("main")


def test_ticked_products_are_changed_together_and_put_back(page):
    mark = f"m{secrets.token_hex(4)}"
    upload(page, mark)
    page.get_by_role("button", name=re.compile("^Apply 8")).click()
    page.get_by_text("8 rows saved").first.wait_for()

    assert found(page, mark) == 8
    page.get_by_label("Select all on this page").check()
    page.get_by_label("What to do").select_option("move:price")
    page.get_by_label("By percent").fill("10")
    page.get_by_role("button", name="Preview").click()
    page.wait_for_url("**/admin/changes/*")
    page.get_by_text("8 changed").wait_for()
    address = page.url
    page.get_by_role("button", name=re.compile("^Apply 8")).click()
    page.get_by_text("8 rows saved").first.wait_for()
    found(page, mark)
    assert "1.65" in page.inner_text("tbody")

    page.goto(address)
    confirm(page, "Undo")
    page.get_by_text("restored").first.wait_for()
    found(page, mark)
    assert "1.50" in page.inner_text("tbody")
