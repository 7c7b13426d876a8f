"""The main job in a browser: find, edit, meet somebody else's edit, archive, undo."""

import re

import pytest

pytestmark = pytest.mark.browser


def test_a_manager_finds_a_product_and_corrects_its_price(page, product):
    page.goto("/admin/products")
    page.get_by_label("Search products").fill(product.name)
    page.get_by_role("link", name=product.name).click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Price").fill("312.50")
    page.get_by_role("button", name="Save changes").click()
    page.wait_for_url(f"**/admin/products/{product.id}")
    assert "312.50" in page.inner_text("main")
    page.get_by_role("link", name="History").click()
    history = page.inner_text("main")
    assert "manager" in history
    assert "250.00" in history
    assert "312.50" in history


def test_a_wrong_value_is_named_at_its_field_and_kept(page, product):
    page.goto(f"/admin/products/{product.id}/edit")
    price = page.get_by_label("Price")
    price.fill("a lot")
    page.get_by_role("button", name="Save changes").click()
    page.wait_for_selector("[aria-invalid=true]")
    assert price.input_value() == "a lot"
    assert price.get_attribute("aria-invalid") == "true"
    told = [page.locator(f"#{part}").inner_text() for part in price.get_attribute("aria-describedby").split()]
    assert any(text.strip() for text in told)


def test_two_people_who_change_different_fields_both_win(open_window, product):
    first, second = open_window("manager"), open_window("admin")
    for window in (first, second):
        window.goto(f"/admin/products/{product.id}/edit")
    first.get_by_label("Price").fill("99.00")
    first.get_by_role("button", name="Save changes").click()
    first.wait_for_url(f"**/admin/products/{product.id}")
    second.get_by_label("Category").fill("Cloud")
    second.get_by_role("button", name="Save changes").click()
    second.wait_for_url(f"**/admin/products/{product.id}")
    text = second.inner_text("main")
    assert "99.00" in text
    assert "Cloud" in text


def test_the_same_field_shows_the_second_one_both_values(open_window, product):
    first, second = open_window("manager"), open_window("admin")
    for window in (first, second):
        window.goto(f"/admin/products/{product.id}/edit")
    first.get_by_label("Price").fill("111.00")
    first.get_by_role("button", name="Save changes").click()
    first.wait_for_url(f"**/admin/products/{product.id}")
    second.get_by_label("Price").fill("222.00")
    second.get_by_role("button", name="Save changes").click()
    second.get_by_role("button", name="Save with these choices").wait_for()
    page = second.content()
    assert "111.00" in page
    assert "222.00" in page
    second.get_by_role("button", name="Save with these choices").click()
    second.wait_for_url(f"**/admin/products/{product.id}")
    assert "222.00" in second.inner_text("main")


def test_archiving_can_be_undone(page, product):
    page.goto(f"/admin/products/{product.id}")
    page.get_by_role("button", name="Archive").click()
    page.get_by_role("button", name="Restore").wait_for()
    page.goto(f"/admin/products/{product.id}/history")
    page.get_by_role("button", name=re.compile("^Undo")).first.click()
    page.wait_for_load_state()
    page.goto(f"/admin/products/{product.id}")
    assert page.get_by_role("button", name="Archive").is_visible()


def test_back_after_filtering_shows_the_list_as_it_was(page):
    page.goto("/admin/products")
    page.get_by_label("Search products").fill("Product 117")
    page.wait_for_url("**q=Product*")
    page.get_by_role("link", name="Product 117").click()
    page.get_by_role("heading", name="Product 117").wait_for()
    page.go_back()
    page.get_by_role("link", name="Product 117").wait_for()
    assert page.get_by_label("Search products").input_value() == "Product 117"
    assert page.locator("tbody tr").count() == 1
    assert page.locator("nav").count() > 0


def test_the_palette_leads_to_a_record_by_keyboard_alone(page, product):
    page.keyboard.press("Control+k")
    page.keyboard.type(product.name)
    page.get_by_role("option", name=re.compile(product.name)).wait_for()
    # What was found on the way, with fewer letters, had others in it.
    page.get_by_role("option", name=re.compile("Ledger")).nth(1).wait_for(state="detached")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/admin/products/{product.id}")


def test_slash_goes_to_the_search(page):
    page.goto("/admin/products")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
