"""The staff pages of the catalogue: who may, what is refused, what is kept, what two people do at once."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.catalog.models import Product, ServiceCategory, Solution
from app.extensions import db
from tests.web.page import changed, sent_by

KEYS = ("products", "solutions", "services")
HTMX = {"HX-Request": "true"}
NEW = {
    "products": {"name": "Atlas", "category": "Analytics", "price": "1499.00"},
    "solutions": {"name": "Atlas", "industry": "Retail"},
    "services": {"name": "Atlas"},
}


@pytest.fixture
def record(make_product: Any, make_solution: Any, make_service_category: Any, make_offering: Any) -> Any:
    """`record(key)` makes one of each kind, with parts."""

    def make(key: str, **values: Any) -> Any:
        if key == "products":
            return make_product(**values)
        if key == "solutions":
            return make_solution(products=[make_product(name="One"), make_product(name="Two")], **values)
        return make_service_category(offerings=[make_offering(), make_offering(name="Payroll")], **values)

    return make


def edit_form(browser: Any, record: Any, key: str = "products") -> Any:
    answer = browser.get(f"/admin/{key}/{record.id}/edit")
    assert answer.status_code == 200
    return sent_by(answer.text)


def post_edit(browser: Any, record: Any, key: str = "products", **changes: Any) -> Any:
    return browser.post(f"/admin/{key}/{record.id}/edit", data=changed(edit_form(browser, record, key), **changes))


# Who may


CHANGING = ("new", "{id}/edit", "{id}/archive", "{id}/restore", "{id}/undo", "bulk")
READING = ("", "/export.csv", "/new", "/{id}", "/{id}/edit", "/{id}/history")


@pytest.mark.parametrize("key", KEYS)
def test_anonymous_is_asked_to_sign_in(client: Any, record: Any, key: str) -> None:
    made = record(key)
    for path in READING:
        answer = client.get(f"/admin/{key}{path.format(id=made.id)}")
        assert answer.status_code in (302, 303), path
        assert urlsplit(answer.location).path == "/login"
        assert "next" in parse_qs(urlsplit(answer.location).query)
    for path in CHANGING:
        answer = client.post(f"/admin/{key}/{path.format(id=made.id)}", data=NEW[key])
        assert answer.status_code == 401, path
        assert 'action="/login"' in answer.text
    assert db.session.get_one(type(made), made.id).version == 1


@pytest.mark.parametrize("key", KEYS)
def test_client_is_refused(as_client: Any, record: Any, key: str) -> None:
    made = record(key)
    for path in READING:
        assert as_client.get(f"/admin/{key}{path.format(id=made.id)}").status_code == 403, path
    for path in CHANGING:
        assert as_client.post(f"/admin/{key}/{path.format(id=made.id)}", data=NEW[key]).status_code == 403, path
    assert db.session.get_one(type(made), made.id).version == 1


@pytest.mark.parametrize("key", KEYS)
def test_form_without_token_is_refused(as_manager: Any, key: str) -> None:
    answer = as_manager.post(f"/admin/{key}/new", data=NEW[key], csrf=False)
    assert answer.status_code == 400
    assert db.session.scalar(select(func.count()).select_from(Product)) == 0


@pytest.mark.parametrize("ref", [str(UUID(int=7)), "no-such-slug", "%00", "' or 1=1", "x" * 300])
def test_unknown_record_is_not_found(as_manager: Any, ref: str) -> None:
    for path in ("", "/edit", "/history"):
        assert as_manager.get(f"/admin/products/{ref}{path}").status_code == 404
    for path in ("edit", "archive", "restore", "undo"):
        assert as_manager.post(f"/admin/products/{ref}/{path}").status_code == 404


# New


@pytest.mark.parametrize("key", KEYS)
def test_good_form_makes_a_record_and_leads_to_it(as_manager: Any, key: str) -> None:
    form = sent_by(as_manager.get(f"/admin/{key}/new").text)
    answer = as_manager.post(f"/admin/{key}/new", data=changed(form, **NEW[key]))
    assert answer.status_code == 303
    page = as_manager.get(answer.location)
    assert page.status_code == 200
    assert "Created “Atlas”." in page.text
    assert as_manager.get(f"/admin/{key}/atlas").status_code == 200


@pytest.mark.parametrize(("name", "typed"), [("name", ""), ("price", "1e999"), ("price", "NaN"), ("currency", "XXX"),
    ("name", "🙂\x00<b>"), ("description", "x" * 6000), ("slug", "Not a slug")])  # fmt: skip
def test_wrong_value_comes_back_with_its_error(as_manager: Any, name: str, typed: str) -> None:
    answer = as_manager.post("/admin/products/new", data=NEW["products"] | {name: typed})
    assert answer.status_code == 422
    assert dict(sent_by(answer.text))[name] == typed
    control = answer.text.split(f'id="{name}"')[1].split(">")[0] + answer.text.split(f'id="{name}"')[0].split("<")[-1]
    assert 'aria-invalid="true"' in control
    assert f"{name}-error" in control
    assert f'id="{name}-error"' in answer.text
    assert f'href="#{name}"' in answer.text
    assert db.session.scalar(select(func.count()).select_from(Product)) == 0


def test_markup_in_a_value_is_shown_as_text(as_manager: Any) -> None:
    answer = as_manager.post(
        "/admin/products/new", data=NEW["products"] | {"name": "<script>alert(1)</script>", "price": "x"}
    )
    assert "<script>alert(1)" not in answer.text
    assert dict(sent_by(answer.text))["name"] == "<script>alert(1)</script>"


@pytest.mark.parametrize("body", [b"", b"\xff\xfe=%zz&&&=&name", b"name=%00%ff&price=%f0%9f"])
def test_malformed_body_is_told_and_not_crashed_on(as_manager: Any, body: bytes) -> None:
    answer = as_manager.post("/admin/products/new", data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data", "nonsense"])
def test_other_content_types_are_told_and_not_crashed_on(as_manager: Any, content_type: str) -> None:
    answer = as_manager.post("/admin/products/new", data=b'{"name": "Atlas"}', content_type=content_type)
    assert answer.status_code in (400, 415, 422)


def test_form_that_is_too_large_is_refused(as_manager: Any) -> None:
    answer = as_manager.post("/admin/products/new", data=NEW["products"] | {"description": "x" * 20_000_000})
    assert answer.status_code == 413


def test_slug_that_is_taken_is_told_at_the_slug(as_manager: Any, make_product: Any) -> None:
    make_product(slug="atlas")
    answer = as_manager.post("/admin/products/new", data=NEW["products"] | {"slug": "atlas"})
    assert answer.status_code == 422
    assert 'id="slug-error"' in answer.text
    free = as_manager.post("/admin/products/new", data=NEW["products"] | {"slug": ""})
    assert free.status_code == 303
    assert as_manager.get("/admin/products/atlas-2").status_code == 200


# Edit, alone and at once


@pytest.mark.parametrize("key", KEYS)
def test_form_that_is_sent_as_it_came_changes_nothing(as_manager: Any, record: Any, key: str) -> None:
    made = record(key)
    answer = post_edit(as_manager, made, key)
    assert answer.status_code == 303
    assert "Nothing to change" in as_manager.get(answer.location).text
    assert db.session.get_one(type(made), made.id).version == 1


def test_change_is_saved_and_shown_in_the_history(as_manager: Any, make_product: Any) -> None:
    product = make_product(price=10)
    answer = post_edit(as_manager, product, price="12.50", features="Fast\nSafe")
    assert answer.status_code == 303
    page = as_manager.get(answer.location).text
    assert "Saved" in page
    assert "10.00" in page
    assert "$12.50" in page
    history = as_manager.get(f"/admin/products/{product.id}/history").text
    assert as_manager.user.username in history
    assert "Safe" in history


def test_two_who_change_different_fields_both_win(as_manager: Any, as_admin: Any, make_product: Any) -> None:
    product = make_product(name="Old", price=10)
    mine = edit_form(as_manager, product)
    assert post_edit(as_admin, product, name="Theirs").status_code == 303
    answer = as_manager.post(f"/admin/products/{product.id}/edit", data=changed(mine, price="99"))
    assert answer.status_code == 303
    saved = db.session.get_one(Product, product.id)
    assert (saved.name, saved.price) == ("Theirs", 99)
    told = as_manager.get(answer.location).text
    assert f"{as_admin.user.username} changed name" in told


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_two_who_change_the_same_field_are_asked(
    as_manager: Any, as_admin: Any, make_product: Any, headers: dict[str, str]
) -> None:
    product = make_product(name="Old", price=10, category="Tools")
    mine = edit_form(as_manager, product)
    post_edit(as_admin, product, price="77", name="Theirs")
    url = f"/admin/products/{product.id}/edit"
    answer = as_manager.post(url, data=changed(mine, price="99", category="Mine"), headers=headers)
    assert answer.status_code == 409
    for text in ("77.00", "99.00", "10.00", as_admin.user.username, "price-conflict"):
        assert text in answer.text
    again = dict(sent_by(answer.text))
    assert (again["price"], again["category"], again["name"]) == ("99", "Mine", "Theirs")
    assert db.session.get_one(Product, product.id).price == 77


@pytest.mark.parametrize(("choice", "typed", "price"), [("mine", "99", 99), ("theirs", "99", 77), ("mine", "55", 55)])
def test_conflict_is_settled_by_choice(
    as_manager: Any, as_admin: Any, make_product: Any, choice: str, typed: str, price: int
) -> None:
    product = make_product(price=10, category="Tools")
    mine = edit_form(as_manager, product)
    post_edit(as_admin, product, price="77")
    url = f"/admin/products/{product.id}/edit"
    asked = sent_by(as_manager.post(url, data=changed(mine, price="99", category="Mine")).text)
    answer = as_manager.post(url, data=changed(asked, price=typed, take__price=choice))
    assert answer.status_code == 303
    saved = db.session.get_one(Product, product.id)
    assert (saved.price, saved.category) == (price, "Mine")


def test_same_change_by_two_is_no_conflict(as_manager: Any, as_admin: Any, make_product: Any) -> None:
    product = make_product(price=10)
    mine = edit_form(as_manager, product)
    post_edit(as_admin, product, price="77")
    answer = as_manager.post(f"/admin/products/{product.id}/edit", data=changed(mine, price="77.00"))
    assert answer.status_code == 303


def test_conflict_in_rows_keeps_both_sides(as_manager: Any, as_admin: Any, record: Any) -> None:
    category = record("services")
    mine = edit_form(as_manager, category, "services")
    post_edit(as_admin, category, "services", offerings__0__price_from="40")
    url = f"/admin/services/{category.id}/edit"
    answer = as_manager.post(url, data=changed(mine, offerings__0__price_from="50"))
    assert answer.status_code == 409
    assert dict(sent_by(answer.text))["offerings-0-price_from"] == "50"
    kept = as_manager.post(url, data=changed(sent_by(answer.text), take__offerings="theirs"))
    assert kept.status_code == 303
    assert db.session.get_one(ServiceCategory, category.id).offerings[0].price_from == 40


def test_version_that_is_no_number_is_told(as_manager: Any, make_product: Any) -> None:
    answer = post_edit(as_manager, make_product(), version="x\x00", name="New")
    assert answer.status_code == 422
    assert "which version" in answer.text


def test_archived_record_is_restored_before_it_is_edited(as_manager: Any, make_product: Any) -> None:
    product = make_product()
    form = edit_form(as_manager, product)
    as_manager.post(f"/admin/products/{product.id}/archive")
    url = f"/admin/products/{product.id}/edit"
    assert as_manager.get(url).status_code == 303
    answer = as_manager.post(url, data=changed(form, name="Kept in the form"))
    assert answer.status_code == 409
    assert dict(sent_by(answer.text))["name"] == "Kept in the form"


# Archive, restore, undo


@pytest.mark.parametrize("key", KEYS)
def test_archive_and_restore_lead_back_to_the_record(as_manager: Any, record: Any, key: str) -> None:
    url = f"/admin/{key}/{record(key).id}"
    answer = as_manager.post(f"{url}/archive")
    assert (answer.status_code, urlsplit(answer.location).path) == (303, url)
    page = as_manager.get(url).text
    assert "Archived “" in page
    assert f'action="{url}/restore"' in page
    assert _told(as_manager, f"{url}/archive", url).endswith("” is archived already.")
    assert _told(as_manager, f"{url}/restore", url).startswith("Restored “")
    assert _told(as_manager, f"{url}/restore", url).endswith("” is not archived.")


def _told(browser: Any, act: str, page: str, **data: Any) -> str:
    """What the record's page says last after the act, which led back to it."""
    answer = browser.post(act, data=data)
    assert (answer.status_code, urlsplit(answer.location).path) == (303, page)
    shown = re.findall(r'class="flash-text">(.*?)</p>', browser.get(page).text, re.DOTALL)
    return unescape(re.sub(r"<[^>]*>", "", shown[-1])).strip()


def test_change_is_undone_from_the_history(as_manager: Any, make_product: Any) -> None:
    product = make_product(price=10)
    post_edit(as_manager, product, price="12")
    url = f"/admin/products/{product.id}"
    change = as_manager.get(f"{url}/history").text.split('name="change" value="')[1].split('"')[0]
    answer = as_manager.post(f"{url}/undo", data={"change": change})
    assert (answer.status_code, urlsplit(answer.location).path) == (303, url)
    assert db.session.get_one(Product, product.id).price == 10
    assert "has undone this already" in _told(as_manager, f"{url}/undo", url, change=change)


def test_undo_that_meets_a_later_change_is_shown_first(as_manager: Any, make_product: Any) -> None:
    product = make_product(price=10)
    post_edit(as_manager, product, price="12")
    url = f"/admin/products/{product.id}"
    change = as_manager.get(f"{url}/history").text.split('name="change" value="')[1].split('"')[0]
    post_edit(as_manager, product, price="15")
    answer = as_manager.post(f"{url}/undo", data={"change": change})
    assert answer.status_code == 303
    assert urlsplit(answer.location).path.startswith("/admin/changes/")
    assert db.session.get_one(Product, product.id).price == 15


@pytest.mark.parametrize("change", ["", "x", str(UUID(int=7)), "\x00"])
def test_undo_of_no_change_is_not_found(as_manager: Any, make_product: Any, change: str) -> None:
    assert as_manager.post(f"/admin/products/{make_product().id}/undo", data={"change": change}).status_code == 404


def test_history_goes_on_where_the_page_ended(as_manager: Any, make_product: Any) -> None:
    product = make_product(price=1)
    for price in range(2, 26):
        post_edit(as_manager, product, price=str(price))
    first = as_manager.get(f"/admin/products/{product.id}/history").text
    older = first.split("/history?before=")[1].split('"')[0]
    second = as_manager.get(f"/admin/products/{product.id}/history?before={older}", headers=HTMX).text
    assert "<html" not in second
    assert first.count("timeline-entry") + second.count("timeline-entry") == 25
    assert as_manager.get(f"/admin/products/{product.id}/history?before=x").status_code == 200


# Rows and picks without JavaScript


def test_rows_are_added_moved_and_removed_without_saving(as_manager: Any, record: Any) -> None:
    category = record("services")
    url = f"/admin/services/{category.id}/edit"
    added = as_manager.post(url, data=changed(edit_form(as_manager, category, "services"), _do="offerings:add"))
    assert added.status_code == 200
    form = changed(sent_by(added.text), offerings__2__name="Audit", offerings__2__price_from="9", _do="offerings:up:2")
    moved = sent_by(as_manager.post(url, data=form).text)
    assert dict(moved)["offerings-1-name"] == "Audit"
    removed = sent_by(as_manager.post(url, data=changed(moved, _do="offerings:remove:0")).text)
    assert len(db.session.get_one(ServiceCategory, category.id).offerings) == 2
    assert as_manager.post(url, data=changed(removed)).status_code == 303
    names = [offering.name for offering in db.session.get_one(ServiceCategory, category.id).offerings]
    assert names == ["Audit", "Payroll"]


def test_helper_button_brings_htmx_the_field_alone(as_manager: Any, record: Any) -> None:
    category = record("services")
    form = changed(edit_form(as_manager, category, "services"), _do="offerings:add")
    answer = as_manager.post(f"/admin/services/{category.id}/edit", data=form, headers=HTMX)
    assert answer.text.strip().startswith('<div class="field rows" id="offerings-field"')
    assert "<form" not in answer.text


def test_products_are_found_picked_and_ordered_without_saving(as_manager: Any, record: Any, make_product: Any) -> None:
    solution = record("solutions")
    third = make_product(name="Zephyr third")
    url = f"/admin/solutions/{solution.id}/edit"
    form = changed(edit_form(as_manager, solution, "solutions"), product_ids__query="zephyr", _do="enter")
    found = as_manager.post(url, data=form)
    assert found.status_code == 200
    assert f"product_ids:add:{third.id}" in found.text
    picked = as_manager.post(url, data=changed(sent_by(found.text), _do=f"product_ids:add:{third.id}"))
    form = changed(sent_by(picked.text), _do="product_ids:up:2")
    ordered = sent_by(as_manager.post(url, data=form).text)
    assert as_manager.post(url, data=changed(ordered, _do="enter")).status_code == 303
    assert [p.name for p in db.session.get_one(Solution, solution.id).products] == ["One", "Zephyr third", "Two"]


def test_unknown_product_is_told_at_the_picker(as_manager: Any, record: Any) -> None:
    solution = record("solutions")
    form = edit_form(as_manager, solution, "solutions")
    data = changed(form)
    data["product_ids"] = [*data["product_ids"], str(UUID(int=7))]
    answer = as_manager.post(f"/admin/solutions/{solution.id}/edit", data=data)
    assert answer.status_code == 422
    assert "product_ids-error" in answer.text


def test_enter_presses_no_helper_button(as_manager: Any) -> None:
    form = as_manager.get("/admin/services/new").text.split('id="record-form"')[1]
    first = form.split("<button")[1]
    assert 'value="enter"' in first


# Suggestions


def test_suggestions_are_for_staff_and_begin_as_typed(as_manager: Any, as_client: Any, make_product: Any) -> None:
    make_product(category="Analytics")
    make_product(category="Tools & <toys>")
    assert as_manager.get("/admin/suggestions/product-categories?q=Too").text == (
        '<option value="Tools &amp; &lt;toys&gt;">'
    )
    assert as_manager.get("/admin/suggestions/nonsense").status_code == 404
    assert as_manager.get("/admin/suggestions/product-categories?q=%00").status_code == 200
    assert as_client.get("/admin/suggestions/product-categories").status_code == 403


# Many at once


def test_bulk_change_of_ticked_rows_leads_to_its_preview(as_manager: Any, make_product: Any) -> None:
    products = [make_product(price=10) for _ in range(2)]
    data = {"ids": [str(p.id) for p in products], "action": "move:price", "percent": "5", "query": ""}
    answer = as_manager.post("/admin/products/bulk", data=data)
    assert answer.status_code == 303
    assert urlsplit(answer.location).path.startswith("/admin/changes/")
    assert db.session.get_one(Product, products[0].id).price == 10


@pytest.mark.parametrize("data", [{}, {"action": "archive"}, {"action": "explode", "ids": "x"}, {"ids": "\x00"}])
def test_bulk_change_that_makes_no_sense_leads_back_to_the_list(as_manager: Any, data: dict[str, str]) -> None:
    answer = as_manager.post("/admin/products/bulk", data=data | {"query": "category=Tools"})
    assert answer.status_code == 303
    assert answer.location.endswith("/admin/products?category=Tools")


def test_cleared_slug_of_an_edit_leaves_the_slug_as_it_is(as_manager: Any, make_product: Any) -> None:
    product = make_product(slug="stays")
    assert post_edit(as_manager, product, slug="", name="New name").status_code == 303
    saved = db.session.get_one(Product, product.id)
    assert (saved.slug, saved.name) == ("stays", "New name")


def pressed(browser: Any, page: str, label: str) -> Any:
    """Press the button of the notice."""
    form = re.search(rf'<form class="inline-form"((?:(?!</form>).)*)>{label}</button>', page, flags=re.DOTALL)
    assert form is not None, page
    data = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[1]))
    return browser.post(unescape(re.findall(r'action="([^"]*)"', form[1])[0]), data=data)


def test_the_notice_of_saving_undoes_it_and_redoes_it(as_manager: Any, make_product: Any) -> None:
    product = make_product(price=10)
    answer = post_edit(as_manager, product, price="12")
    for label, price in (("Undo", 10), ("Redo", 12), ("Undo", 10)):
        answer = pressed(as_manager, as_manager.get(answer.location).text, label)
        assert answer.status_code == 303
        db.session.expire_all()
        assert db.session.get_one(Product, product.id).price == price


def test_saving_nothing_offers_no_undo(as_manager: Any, make_product: Any) -> None:
    answer = post_edit(as_manager, make_product(price=10))
    assert "Nothing to change" in (page := as_manager.get(answer.location).text)
    assert "flash-action" not in page


def test_an_undo_that_is_refused_says_so(as_manager: Any, make_product: Any) -> None:
    product = make_product(slug="old")
    saved = post_edit(as_manager, product, slug="new")
    make_product(slug="old")
    answer = pressed(as_manager, as_manager.get(saved.location).text, "Undo")
    page = as_manager.get(answer.location).text
    assert "nothing has been undone yet" in page
    assert "Another record has the slug “old” by now." in unescape(page)
