"""Other people's files at the width of a phone, by keyboard alone and without scripts: what each column holds is
chosen, questions are answered, and the import is applied and undone."""

import secrets

import pytest

from tests.browser.conftest import sign_in
from tests.browser.keyboard import choose, focused, press, tab_to
from tests.browser.test_every_page import NARROW, faults
from tests.factories.workbooks import xlsx

pytestmark = pytest.mark.browser


def shop(mark):
    """As a shop exports it: variants in rows of their own, HTML, columns that nobody needs, no currency."""
    heading = (
        "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant Price,Image,Status"
    )
    return f"""{heading}
rack-{mark},Rack {mark},"<p>Solid, <b>oiled</b>.</p>",Muster,Shelves,"oak, indoor",true,Width,60 cm,49.00,u,active
rack-{mark},,,,,,,,90 cm,69.00,u,
card-{mark},Card {mark},<p>Any amount</p>,Muster,Vouchers,gift,false,Value,25,25.00,,draft
card-{mark},,,,,,,,50,20.00,,
""".encode()


def price_list(mark):
    """As a supplier saves it: a sheet of remarks, and title lines above the heading."""
    lines = [["Muster GmbH"], ["Preisliste", "Stand November"], [], ["Artikel", "Preis", "Lieferant"]]
    rows = [[f"Bank {mark}", 49.5, "M"], [f"Regal {mark}", 20, "M"]]
    return xlsx({"Preise": [*lines, *rows], "Hinweise": [["Alle Preise", "ohne Steuer"], ["a", "b"]]})


def upload(page, name, content):
    page.goto("/admin/products/import")
    page.get_by_label("File").first.set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


def looks_well(page):
    assert list(faults(page)) == []


def choices_of(page):
    """What is chosen for each column, by its heading."""
    rows = page.locator(".import-choice tbody tr")
    return {row.locator("th").inner_text(): row.locator("select").input_value() for row in rows.all()}


def names_found(page, mark):
    page.goto(f"/admin/products?q={mark}&sort=name")
    return page.locator("tbody .cell-name").all_inner_texts()


@pytest.fixture
def phone(open_window):
    return open_window("manager", viewport=NARROW, bypass_csp=True, reduced_motion="reduce")


def test_the_export_of_a_shop_is_imported_by_keyboard_alone(phone):
    mark = f"m{secrets.token_hex(4)}"
    upload(phone, "shop.csv", shop(mark))
    press(phone, "button", "Preview import")
    phone.locator(".import-choice").wait_for()
    looks_well(phone)
    assert choices_of(phone)["Vendor"] == ""
    choose(phone, phone.get_by_label("Vendor"), "Icon")
    assert choices_of(phone)["Vendor"] == "icon"
    choose(phone, phone.get_by_label("Vendor"), "Don’t import")

    press(phone, "button", "Preview import")
    phone.get_by_text("Some choices are missing").wait_for()
    assert focused(phone).get_attribute("role") == "alert"
    looks_well(phone)
    press(phone, "link", "Choose how variants are imported.")
    assert focused(phone).get_attribute("value") == "own"
    phone.keyboard.press("ArrowDown")
    assert phone.get_by_label("with the lowest price").is_checked()
    press(phone, "button", "Preview import")

    phone.get_by_text("Which currency are the amounts in?").wait_for()
    assert focused(phone).get_attribute("aria-label") == "Currency: question"
    looks_well(phone)
    phone.keyboard.press("Tab")
    assert focused(phone).inner_text() == "USD"
    press(phone, "button", "EUR")
    apply = phone.get_by_role("button", name="Apply 2 rows")
    apply.wait_for()
    looks_well(phone)
    tab_to(phone, apply)
    phone.keyboard.press("Enter")
    phone.get_by_text("2 rows saved").first.wait_for()
    address = phone.url
    assert names_found(phone, mark) == [f"Rack {mark}"], "the draft is archived"
    assert "€49.00" in phone.inner_text("tbody")

    phone.goto(address)
    press(phone, "button", "Undo")
    assert focused(phone).inner_text() == "Go back"
    looks_well(phone)
    press(phone, "button", "Undo")
    phone.get_by_text("removed").first.wait_for()
    assert names_found(phone, mark) == []


def test_a_price_list_below_title_lines_is_imported_by_keyboard_alone(phone):
    mark = f"m{secrets.token_hex(4)}"
    upload(phone, "preise.xlsx", price_list(mark))
    press(phone, "button", "Preview import")
    phone.locator(".import-choice").wait_for()
    assert choices_of(phone) == {"Artikel": "name", "Preis": "price", "Lieferant": ""}
    choose(phone, phone.get_by_label("Sheet"), "Hinweise")
    press(phone, "button", "Reload file")
    phone.get_by_label("Alle Preise").wait_for()
    choose(phone, phone.get_by_label("Sheet"), "Preise")
    press(phone, "button", "Reload file")
    phone.get_by_label("Artikel").wait_for()
    choose(phone, phone.get_by_label("Heading row"), "2: Preisliste")
    press(phone, "button", "Reload file")
    phone.get_by_label("Stand November").wait_for()
    choose(phone, phone.get_by_label("Heading row"), "4: Artikel")
    press(phone, "button", "Reload file")
    phone.get_by_label("Artikel").wait_for()

    choose(phone, phone.get_by_label("Lieferant"), "Description")
    tab_to(phone, phone.get_by_label("Category", exact=True))
    phone.keyboard.type("Möbel")
    phone.keyboard.press("Enter")
    phone.get_by_text("2 new").wait_for()
    assert "Description M" in phone.inner_text("main"), "Enter sends what was chosen"
    press(phone, "button", "CHF")
    press(phone, "button", "Apply 2 rows")
    phone.get_by_text("2 rows saved").first.wait_for()
    assert names_found(phone, mark) == [f"Bank {mark}", f"Regal {mark}"]


def test_the_focus_is_on_the_cell_that_is_still_wrong(phone):
    mark = f"m{secrets.token_hex(4)}"
    rows = [f"{mark} {number},Cloud,{'dear' if number > 7 else number},EUR" for number in range(1, 10)]
    upload(phone, "list.csv", "\n".join(["name,category,price,currency", *rows]).encode())
    press(phone, "button", "Preview import")
    phone.get_by_text("2 with errors", exact=True).wait_for()
    tab_to(phone, phone.get_by_label("Price").nth(1))
    phone.keyboard.type("cheap")
    phone.keyboard.press("Enter")
    phone.wait_for_url("**/rows/10")
    assert focused(phone).input_value() == "cheap"
    looks_well(phone)


def test_the_export_of_a_shop_is_imported_without_scripts(open_window):
    page = open_window(None, viewport=NARROW, java_script_enabled=False)
    sign_in(page, "manager")
    mark = f"m{secrets.token_hex(4)}"
    # Another heading, so that nothing is remembered of how a file like it was read.
    upload(page, "shop.csv", shop(mark).replace(b"Image", b"Picture"))
    page.get_by_role("button", name="Preview import").click()
    page.get_by_label("Encoding").select_option(value="cp1252")
    page.get_by_role("button", name="Reload file").click()
    assert page.get_by_label("Encoding").input_value() == "cp1252"
    page.get_by_label("Vendor").select_option(label="Icon")
    page.get_by_role("button", name="Preview import").click()
    assert page.locator("[autofocus]").first.get_attribute("role") == "alert"
    assert page.get_by_label("Vendor").input_value() == "icon", "what was chosen is kept"
    page.get_by_label("Vendor").select_option(label="Don’t import")
    page.get_by_label("separate products").check()
    page.get_by_role("button", name="Preview import").click()
    assert page.locator("[autofocus]").first.get_attribute("aria-label") == "Currency: question"
    page.get_by_role("button", name="EUR", exact=True).click()
    address = page.url
    page.get_by_role("button", name="Apply 4 rows").click()
    assert names_found(page, mark) == [f"Rack {mark}, 60 cm", f"Rack {mark}, 90 cm"]
    page.goto(address)
    page.get_by_role("button", name="Undo", exact=True).click()
    page.get_by_text("removed").first.wait_for()
    assert names_found(page, mark) == []
