"""Forms made from schemas: the schema decides, the errors go back to their fields, and what was typed is kept."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from app.catalog.schemas import ProductInput, ServiceCategoryInput, SolutionInput
from app.core.errors import Conflict, FieldError
from app.web.forms import SchemaForm, form_class
from app.web.forms.lists import MOST_ROWS

GOOD = {"name": "Atlas", "category": "Analytics", "price": "10.50", "currency": "USD"}


@pytest.fixture(autouse=True)
def _request(app: Flask) -> Any:
    with app.test_request_context("/", method="POST"):
        yield


def bound(schema: Any, values: Any, **options: Any) -> SchemaForm:
    return form_class(schema)(formdata=MultiDict(values), meta={"csrf": False}, **options)


def test_good_input_gives_what_the_schema_gives() -> None:
    form = bound(ProductInput, GOOD | {"features": "Fast\r\n\r\nSafe\n"})
    assert form.new_values() == ProductInput(
        name="Atlas", category="Analytics", price=Decimal("10.50"), features=["Fast", "Safe"]
    )


def test_fields_bear_the_names_of_the_schema() -> None:
    form = form_class(ProductInput)(formdata=None, meta={"csrf": False})
    assert list(form.fields) == list(ProductInput.model_fields)
    assert [field.kind for field in form.fields.values()] == [
        "line", "line", "line", "prose", "amount", "choice", "tags", "line",
    ]  # fmt: skip


BAD = {
    "name": ["", "   ", "x" * 121, "x" * 6000, "a\x00b", "a\x07b", "two\nlines", "tab\tbed"],
    "slug": ["Not A Slug", "-a", "a--b", "ä", "x" * 141, "a\x00", "<b>"],
    "category": ["", "c" * 61, "a\x1fb"],
    "description": ["d" * 5001, "nul\x00"],
    "price": [
        *("", "free", "-1", "-0.01", "NaN", "nan", "Infinity", "-inf", "1e999", "1,500", "99999999999", "0x10"),
        *("١٢", "1" * 6000, "\x00"),
    ],
    "currency": ["", "XXX", "usd", "<script>", "U\x00D"],
    "features": ["f" * 121, "ok\nbad\x00line", "\n".join(["f"] * 51), "tab\tbed"],
    "icon": ["i" * 61, "a\nb", "\x00"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "typed"), [(name, typed) for name, values in BAD.items() for typed in values])
def test_bad_value_is_told_at_its_field_and_kept(name: str, typed: str) -> None:
    form = bound(ProductInput, GOOD | {name: typed})
    assert form.new_values() is None
    assert form.fields[name].errors, form.problems
    assert [field.name for field in form.fields.values() if field.errors] == [name]
    assert form.fields[name].data == typed
    assert all(message for _, _, message in form.problems)


@pytest.mark.parametrize("typed", ["🙂", "<b>bold</b> & \"quoted\" 'too'", "Ünïcödé שלום", "x" * 120])
def test_unusual_text_is_taken_as_it_is(typed: str) -> None:
    values = bound(ProductInput, GOOD | {"name": typed}).new_values()
    assert values is not None
    assert values.name == typed  # type: ignore[attr-defined]


def test_what_turns_the_writing_is_left_out_of_a_name() -> None:
    values = bound(ProductInput, GOOD | {"name": "Ünïcödé \u202e rtl"}).new_values()
    assert values is not None
    assert values.name == "Ünïcödé rtl"  # type: ignore[attr-defined]


@pytest.mark.parametrize("missing", ["name", "category", "price"])
def test_new_record_needs_what_the_schema_requires(missing: str) -> None:
    form = bound(ProductInput, {name: value for name, value in GOOD.items() if name != missing})
    assert form.new_values() is None
    assert form.fields[missing].errors == ["Fill this in."]


def test_edit_leaves_alone_what_was_not_sent() -> None:
    form = bound(ProductInput, {"price": "12"}, data=GOOD | {"price": Decimal(10), "features": ["Fast"]})
    assert form.changed_values() == {"price": Decimal("12.00")}
    assert form.fields["features"].data == "Fast"


def test_blank_required_field_of_an_edit_is_refused_and_not_left_alone() -> None:
    form = bound(ProductInput, {"price": ""}, data=GOOD | {"price": Decimal(10)})
    assert form.changed_values() is None
    assert form.fields["price"].errors


def test_fields_that_the_form_does_not_have_are_ignored() -> None:
    form = bound(ProductInput, GOOD | {"id": "1", "admin": "yes", "archived_at": "now"})
    assert form.new_values() is not None


def test_list_sent_as_many_parameters_is_one_list() -> None:
    form = bound(ProductInput, [*GOOD.items(), ("features", "Fast"), ("features", "Safe")])
    values = form.new_values()
    assert values is not None
    assert values.features == ["Fast", "Safe"]  # type: ignore[attr-defined]


def test_error_in_a_list_names_the_line() -> None:
    form = bound(ProductInput, GOOD | {"features": "fine\n\n" + "x" * 121})
    assert form.new_values() is None
    assert form.fields["features"].errors == ["Line 3: Use 120 characters at most; these are 121."]


def test_operation_error_goes_to_the_field_that_it_names() -> None:
    form = bound(ProductInput, GOOD | {"slug": "atlas"})
    form.refuse_because(Conflict("Taken.", errors=[FieldError("/slug", "That slug is taken.", "taken")]))
    assert form.fields["slug"].errors == ["That slug is taken."]
    form.refuse_because(Conflict("Not now."))
    assert form.problems[0] == ("", "", "Not now.")


ROWS = {
    "name": "Finance",
    "offerings-0-name": "Books",
    "offerings-0-price_from": "35",
    "offerings-0-currency": "EUR",
    "offerings-0-unit": "hour",
    "offerings-4-name": "Payroll",
    "offerings-4-price_from": "x",
}


def rows_of(form: SchemaForm) -> list[str]:
    return [row.fields["name"].data for row in form.fields["offerings"].rows]  # type: ignore[attr-defined]


def test_rows_are_numbered_afresh_and_errors_stand_in_their_row() -> None:
    form = bound(ServiceCategoryInput, ROWS)
    assert form.new_values() is None
    assert [(id_, label) for id_, label, _ in form.problems] == [("offerings-1-price_from", "Offerings 2, price from")]


def test_row_that_was_left_blank_is_not_sent_on() -> None:
    blank = {"offerings-9-name": " ", "offerings-9-currency": "USD", "offerings-9-unit": "hour"}
    form = bound(ServiceCategoryInput, ROWS | {"offerings-4-price_from": "9"} | blank)
    values = form.new_values()
    assert values is not None
    assert [o.name for o in values.offerings] == ["Books", "Payroll"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("command", "left"),
    [
        ("offerings:up:1", ["Payroll", "Books"]),
        ("offerings:down:0", ["Payroll", "Books"]),
        ("offerings:remove:0", ["Payroll"]),
        ("offerings:add", ["Books", "Payroll", ""]),
        ("offerings:up:0", ["Books", "Payroll"]),
        ("offerings:remove:99", ["Books", "Payroll"]),
        ("offerings:remove:-1", ["Books", "Payroll"]),
        ("offerings:remove:²", ["Books", "Payroll"]),
        ("offerings:explode:1", ["Books", "Payroll"]),
    ],
)
def test_helper_buttons_of_rows(command: str, left: list[str]) -> None:
    form = bound(ServiceCategoryInput, ROWS)
    assert form.act(command)
    assert rows_of(form) == left


@pytest.mark.parametrize("command", ["save", "", "enter", "nothing:add", "offerings", "\x00"])
def test_what_is_no_helper_button_saves(command: str) -> None:
    assert not bound(ServiceCategoryInput, ROWS).act(command)


def test_rows_beyond_all_reason_are_cut_off_and_refused() -> None:
    form = bound(ServiceCategoryInput, {"name": "X"} | {f"offerings-{n}-name": "a" for n in range(1000)})
    assert len(rows_of(form)) == MOST_ROWS
    assert form.new_values() is None


def test_malformed_row_names_are_ignored() -> None:
    names = ["offerings--name", "offerings-x-name", "offerings-1", "offerings-1-evil", "offerings-99999999999-name"]
    form = bound(ServiceCategoryInput, {"name": "X"} | dict.fromkeys(names, "a"))
    assert rows_of(form) == []
    assert form.new_values() is not None


def test_picks_keep_their_order_and_can_be_moved() -> None:
    first, second = str(uuid4()), str(uuid4())
    form = bound(SolutionInput, [("product_ids", ""), ("product_ids", first), ("product_ids", second)])
    form.act("product_ids:down:0")
    assert form.fields["product_ids"].data == [second, first]
    form.act(f"product_ids:add:{first}")
    form.act("product_ids:add:nonsense")
    assert form.fields["product_ids"].data == [second, first]


def test_pick_that_is_no_id_is_kept_and_told() -> None:
    form = bound(SolutionInput, [("name", "S"), ("industry", "Retail"), ("product_ids", "<b>no id</b>")])
    assert form.new_values() is None
    assert form.fields["product_ids"].data == ["<b>no id</b>"]
    assert form.fields["product_ids"].errors


def test_no_picks_left_means_none() -> None:
    form = bound(SolutionInput, {"product_ids": ""}, data={"product_ids": [uuid4()]})
    assert form.changed_values() == {"product_ids": []}


def test_enter_in_the_search_box_of_a_picker_searches() -> None:
    asked = {"product_ids-query": "atlas", "product_ids-asked": ""}
    assert bound(SolutionInput, asked).act("enter")
    assert not bound(SolutionInput, asked | {"product_ids-asked": "atlas"}).act("enter")
