"""What each row of a file would do, and what is wrong with it."""

from decimal import Decimal

import pytest

from app.catalog import operations
from app.catalog.kinds import products
from app.core.audit import SYSTEM
from app.core.changes import applying, staging
from app.core.changes.models import ChangeRow, RowKind, State
from app.core.records import get_record


@pytest.fixture
def preview(db_session):
    def preview(*lines, encoding="utf-8"):
        content = "\r\n".join(lines).encode(encoding)
        change_set = staging.stage_import(db_session, products, content, filename="list.csv", actor=SYSTEM)
        staging.preview_import(db_session, change_set)
        db_session.commit()
        return change_set

    return preview


@pytest.fixture
def rows(db_session):
    return lambda change_set: (
        db_session.query(ChangeRow).filter_by(change_set_id=change_set.id).order_by("number").all()
    )


def only(found):
    (row,) = found
    return row


def problems(row):
    return {problem["field"]: problem["message"] for problem in row.problems}


def test_rows_are_matched_by_id_then_slug_then_name(preview, rows, make_product):
    one, two = make_product(name="One", slug="one"), make_product(name="Two", slug="two")
    three = make_product(name="Three")
    make_product(name="Four", archived=True)
    found = rows(
        preview(
            "id;slug;name;category;price",
            f"{one.id};;Eins;;",
            ";two;Zwei;;",
            ";;Three;Neu;",
            ";;Four;Neu;4",
            ";;Five;Neu;5",
        )
    )
    assert [row.kind for row in found] == ["changed", "changed", "changed", "new", "new"]
    assert [row.record_id for row in found] == [one.id, two.id, three.id, None, None]
    assert found[2].before == {"category": "Analytics"}
    assert found[2].after == {"category": "Neu"}


def test_an_empty_cell_leaves_a_value_and_gives_a_new_record_the_default(preview, rows, make_product):
    product = make_product(slug="a", description="Long", features=["x"])
    found = rows(preview("slug;name;category;price;description;features;currency", "a;;;;;;", "b;B;c;1;;;"))
    assert [row.kind for row in found] == ["unchanged", "new"]
    assert set(found[1].after) == {"slug", "name", "category", "price"}
    assert [problem["message"] for problem in found[1].problems] == ["Currency not known yet."]
    assert product.description == "Long"


def test_columns_may_have_other_names_case_and_order(preview, rows):
    change_set = preview("PRICE ;Kategorie;NAME;Category", "1,50;x;A;c")
    assert only(rows(change_set)).after == {
        "price": Decimal("1.50"),
        "name": "A",
        "category": "c",
    }
    assert change_set.params["notes"] == ["The column “Kategorie” was ignored: products have no such field."]


def test_columns_that_only_the_portal_sets_are_passed_over(preview):
    notes = preview("name,category,price,created_at", "A,c,1,2026-01-01").params["notes"]
    assert notes == ["The column “created_at” was ignored: the portal sets this itself."]


@pytest.mark.parametrize("header", ["name;price", "foo;bar", "name;Name;category;price", "name;;category;price"])
def test_a_table_with_other_columns_is_asked_about(preview, rows, header):
    change_set = preview(header, "a;b;c;d")
    assert change_set.state == State.ASKING
    assert rows(change_set) == []


def test_wrong_cells_are_named(preview, rows, make_product):
    archived = make_product(slug="gone", archived=True)
    found = rows(
        preview(
            "slug;name;category;price;currency;features;id",
            ";;c;1,50;EUR;;",
            ";B;c;abc;XXX;;",
            ";C;c;-1,00;eur;;",
            "x y;D;c;1,00;;;",
            f"{archived.slug};E;c;1,00;;;",
            ";F;c;1,00;;;01900000-0000-7000-8000-000000000000",
            ";G;c;1,00;;;no-id",
            ";H;c;1,00;;;;surplus",
            f";I;c;1,00;;{'x' * 121};",
            ";J\x07;c;1,00;;;",
        )
    )
    assert [row.kind for row in found] == ["wrong"] * 10
    assert [set(problems(row)) for row in found] == [
        {"name"}, {"price", "currency"}, {"price"}, {"slug"}, {"slug"}, {"id"}, {"id"}, {""}, {"features"}, {"name"},
    ]  # fmt: skip
    assert problems(found[4])["slug"] == f"“{archived.name}” is archived. Restore it before you change it."
    assert found[1].number == 3


@pytest.mark.parametrize("error", ["#N/A", "#WERT!", "#ЗНАЧ!", "#DIV/0!", "#¿NOMBRE?", "#BEZUG!", "#N/D", "#ERROR!"])
def test_an_error_of_a_spreadsheet_is_no_value(preview, rows, error):
    found = only(rows(preview("name;category;price;description", f"A;c;1;{error}")))
    assert problems(found) == {"description": f"This is an error of the spreadsheet ({error})."}


def test_an_ambiguous_amount_is_asked_about_unless_the_column_decides(preview, rows):
    asked = only(rows(preview("name;category;price", "A;c;1,499")))
    assert problems(asked)["price"] == "This may be 1499 or 1.499. Write one or the other."
    decided = rows(preview("name;category;price", "A;c;1.499", "B;c;12,50"))
    assert [row.after["price"] for row in decided] == [Decimal("1499.00"), Decimal("12.50")]


def test_of_rows_of_the_same_record_the_first_stands(preview, rows, make_product):
    make_product(slug="a", name="A")
    found = rows(preview("slug;name;category;price", "a;;x;", "a;;y;", "b;B;c;1", "b;C;c;1", ";D;c;1", ";D;c;2"))
    assert [row.kind for row in found] == ["changed", "wrong", "new", "wrong", "new", "wrong"]
    assert problems(found[1]) == {"slug": "Row 2 is of the same product already."}


def test_a_name_that_several_have_must_say_which(preview, rows, make_product):
    make_product(name="Twin", slug="t-1")
    make_product(name="Twin", slug="t-2")
    assert "2 products have this name" in problems(only(rows(preview("name;category;price", "Twin;c;1"))))["name"]


def test_a_slug_of_another_record_is_refused(preview, rows, make_product):
    mine = make_product(slug="mine")
    make_product(slug="theirs", name="Other")
    found = only(rows(preview("id;slug", f"{mine.id};theirs")))
    assert problems(found) == {"slug": "“Other” has this slug."}


def test_what_the_export_guards_comes_back_as_it_was(preview, rows):
    found = only(rows(preview("name,category,price,features", "'=1+1,c,1.00,a \\| b | c")))
    assert (found.after["name"], found.after["features"]) == ("=1+1", ["a | b", "c"])


def test_a_corrected_cell_is_examined_anew(db_session, preview, rows):
    change_set = preview("name;category;price", "A;c;1,499", "B;c;1")
    assert staging.correct_row(db_session, change_set, 2, {"price": "x"}).kind == RowKind.WRONG
    row = staging.correct_row(db_session, change_set, 2, {"price": "1499,00"})
    assert (row.kind, row.after["price"]) == (RowKind.NEW, Decimal("1499.00"))
    assert (change_set.rows_new, change_set.rows_wrong) == (2, 0)


def test_a_corrected_row_may_not_repeat_another(db_session, preview):
    change_set = preview("name;category;price", "A;c;1", "B;c;x")
    row = staging.correct_row(db_session, change_set, 3, {"name": "A", "price": "2"})
    assert row.kind == RowKind.WRONG
    assert "Row 2" in row.problems[0]["message"]


def test_a_record_changed_since_the_preview_is_not_overwritten(db_session, preview, rows, make_product):
    kept, other = make_product(slug="a", price=Decimal("1.00")), make_product(slug="b", price=Decimal("1.00"))
    change_set = preview("slug;price", "a;2,00", "b;2,00")
    operations.update_product(kept, {"price": Decimal("5.00")}, actor=SYSTEM)
    operations.update_product(other, {"name": "New name"}, actor=SYSTEM)
    db_session.commit()
    applying.apply(db_session, change_set, actor=SYSTEM)
    db_session.commit()
    assert (change_set.state, change_set.rows_done, change_set.rows_conflict) == (State.APPLIED, 1, 1)
    assert get_record(products, kept.id).price == Decimal("5.00")
    assert get_record(products, other.id).price == Decimal("2.00")
    conflict = next(row for row in rows(change_set) if row.kind == RowKind.CONFLICT)
    assert problems(conflict) == {"price": "Price has been changed since the preview: it is “5.00” now."}


def test_a_slug_taken_since_the_preview_leaves_out_that_row_alone(db_session, preview, make_product):
    change_set = preview("slug;name;category;price", "a;A;c;1", "b;B;c;2")
    make_product(slug="a")
    applying.apply(db_session, change_set, actor=SYSTEM)
    db_session.commit()
    assert (change_set.rows_done, change_set.rows_conflict) == (1, 1)
    assert get_record(products, "b").name == "B"
