"""The export: streamed, safe in spreadsheets, and read back by the import as it was written."""

import csv
import io
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.kinds import PRODUCTS
from app.core.cells import cell, guard, join_items, split_items, unguard
from app.core.clock import frozen
from app.core.lists import query_schema
from app.extensions import db
from app.web.exports import Form, export_list, table_file

Query = query_schema(PRODUCTS)
texts = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=30)


def read(content: bytes, separator: str = ",") -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=separator))


@pytest.fixture
def shelf(committed_db: str, make_product: Any) -> None:
    make_product(
        name="Café; Register", price=Decimal("1499.00"), features=["A | B", "plain"], description='Say "hi"\nthere'
    )
    make_product(name="=HYPERLINK(1)", price=Decimal("0.50"), category="+Tools")
    make_product(name="Old", archived=True)


def exported(app: Any, separator: str = ",", **asked: Any) -> list[dict[str, str]]:
    with app.app_context():
        response = export_list(PRODUCTS, Query(**asked), Form(separator=separator))
        with closing(response):
            return read(response.get_data(), separator)


@pytest.mark.committed
@pytest.mark.parametrize("separator", [",", ";"])
def test_rows_are_exported_as_the_import_reads_them(app: Any, shelf: None, separator: str) -> None:
    rows = {row["name"]: row for row in exported(app, separator, sort="name")}
    assert list(rows) == ["'=HYPERLINK(1)", "Café; Register"]
    first = rows["Café; Register"]
    assert first["price"] == "1499.00"
    assert first["description"] == 'Say "hi"\nthere'
    assert split_items(first["features"]) == ["A | B", "plain"]
    assert datetime.fromisoformat(first["created_at"]).tzinfo is not None
    assert first["created_at"].endswith("Z")
    assert rows["'=HYPERLINK(1)"]["category"] == "'+Tools"


@pytest.mark.committed
def test_the_export_keeps_to_search_and_filters(app: Any, shelf: None) -> None:
    assert [row["name"] for row in exported(app, q="cafe")] == ["Café; Register"]
    assert [row["name"] for row in exported(app, archived="archived")] == ["Old"]
    assert exported(app, q="!!!") == []
    assert len(exported(app, limit=1, archived="all")) == 3


@pytest.mark.committed
def test_the_headers_are_the_fields_of_the_schema_and_the_id(app: Any, shelf: None) -> None:
    from app.catalog.schemas import ProductInput  # noqa: PLC0415

    assert {"id", *ProductInput.model_fields} <= set(exported(app)[0])


@pytest.mark.committed
@pytest.mark.parametrize("form", [Form(), Form("xlsx")], ids=["csv", "xlsx"])
@pytest.mark.parametrize("rows_read", [0, 1])
def test_the_connection_goes_back_when_the_reader_goes_away(app: Any, shelf: None, rows_read: int, form: Form) -> None:
    with app.app_context():
        before = db.engine.pool.checkedout()  # type: ignore[attr-defined]
        response = export_list(PRODUCTS, Query(), form)
        assert db.engine.pool.checkedout() == before + 1  # type: ignore[attr-defined]
        chunks = response.iter_encoded()
        for _ in range(rows_read):
            next(chunks)
        response.close()
        assert db.engine.pool.checkedout() == before  # type: ignore[attr-defined]


@pytest.mark.committed
def test_a_manager_downloads_the_list(as_manager: Any, shelf: None) -> None:
    with frozen(datetime(2026, 11, 22, tzinfo=UTC)):
        answer = as_manager.get("/admin/products/export.csv?q=cafe&separator=;")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="products-2026-11-22.csv"'
    assert [row["name"] for row in read(answer.data, ";")] == ["Café; Register"]


@pytest.mark.committed
@pytest.mark.parametrize(
    ("path", "status"),
    [("csv?separator=x", 400), ("csv?decimal=;", 400), ("ods", 404), ("xlsx?separator=x", 400), ("csv?decimal=,", 200)],
)
def test_other_files_are_refused(as_manager: Any, shelf: None, path: str, status: int) -> None:
    assert as_manager.get(f"/admin/products/export.{path}").status_code == status


@pytest.mark.committed
def test_a_german_spreadsheet_gets_semicolons_and_decimal_commas(as_manager: Any, shelf: None) -> None:
    answer = as_manager.get("/admin/products/export.csv?separator=;&decimal=,&sort=name")
    rows = read(answer.data, ";")
    assert [row["price"] for row in rows] == ["0,50", "1499,00"]
    assert rows[1]["created_at"].endswith("Z")


def test_the_list_offers_each_file_with_its_filters(as_manager: Any, make_product: Any) -> None:
    make_product(name="Atlas", category="Cloud")
    page = as_manager.get("/admin/products?category=Cloud&sort=-price").text
    for kept in (
        "export.xlsx?sort=-price&amp;category=Cloud",
        "export.csv?sort=-price&amp;category=Cloud",
        "export.csv?sort=-price&amp;category=Cloud&amp;separator=%3B&amp;decimal=%2C",
    ):
        assert f'href="/admin/products/{kept}"' in page


def test_lines_end_and_quote_as_rfc_4180_has_it(app: Any) -> None:
    row = [None] * len(PRODUCTS.columns)
    row[1] = 'a "b", c'
    content = table_file("products", [c.name for c in PRODUCTS.columns], [row], Form()).get_data().decode("utf-8-sig")
    assert content.endswith("\r\n")
    assert '"a ""b"", c"' in content
    assert content.count("\r\n") == 2


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "'=x", "''@"])
def test_what_a_spreadsheet_would_run_is_made_harmless(text: str) -> None:
    assert guard(text) == f"'{text}"
    assert unguard(guard(text)) == text


@pytest.mark.parametrize("text", ["", "plain", "'quoted'", "a=b", "1-2", "'"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert guard(text) == text
    assert unguard(text) == text


@given(texts)
def test_any_text_comes_back(text: str) -> None:
    assert unguard(guard(text)) == text


@given(st.lists(texts.map(str.strip).filter(len)))
def test_any_list_of_lines_comes_back(items: list[str]) -> None:
    items = [item for item in items if "\0" not in item]
    assert split_items(unguard(cell(items))) == items


def test_cells_are_plain() -> None:
    assert cell(Decimal("1E+3")) == "1000"
    assert cell(Decimal("1499.00")) == "1499.00"
    assert cell(datetime(2026, 1, 2, 3, tzinfo=UTC)) == "2026-01-02T03:00:00Z"
    assert cell(None) == ""
    assert cell(True) == "true"
    assert join_items(["a|b", "c\\"]) == "a\\|b | c\\\\"


@pytest.mark.committed
def test_a_search_is_exported_with_the_best_match_first(app: Any, committed_db: str, make_product: Any) -> None:
    for name in ("Report", "Weekly report", "Report builder", "Sales reports", "Dashboard", "Report of the day"):
        make_product(name=name, category="Tools", description="A report." if name == "Dashboard" else "")
    found = [row["name"] for row in exported(app, q="report")]
    assert found == ["Report", "Report builder", "Report of the day", "Weekly report", "Sales reports", "Dashboard"]
    assert [row["name"] for row in exported(app, q="report", sort="name")] == sorted(found)
