"""Workbooks of the export, read by two readers that nobody here wrote."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from app.core.cells import unguard
from app.web import xlsx
from app.web.xlsx import CUT, workbook

openpyxl = pytest.importorskip("openpyxl")

KEY = UUID("0193a0c1-0000-7000-8000-000000000001")
CASES = [
    ("plain", "plain"),
    (" two  blanks ", " two  blanks "),
    ('a <b> & "c"\nd\te', 'a <b> & "c"\nd\te'),
    ("=1+1", "=1+1"),
    ("00123", "00123"),
    (Decimal("1499.00"), 1499),
    (Decimal("0.10"), 0.1),
    (Decimal("-3.5"), -3.5),
    (Decimal("1234567890123456.78"), "1234567890123456.78"),
    (7, 7),
    (12345678901234567, "12345678901234567"),
    (0.25, 0.25),
    (True, True),
    (date(2026, 11, 30), datetime(2026, 11, 30)),
    (date(1899, 1, 1), "1899-01-01"),
    (datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), datetime(2026, 11, 30, 23, 59, 59)),
    (datetime(2026, 12, 1, 1, 30, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 11, 30, 23, 30)),
    (["A | B", "plain"], "A \\| B | plain"),
    (KEY, str(KEY)),
    (None, None),
]


def made(columns: list[str], rows: list[list[Any]]) -> bytes:
    return b"".join(workbook("products", columns, rows))


def read(content: bytes) -> list[tuple[Any, ...]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    return list(sheet.iter_rows(values_only=True))


@pytest.mark.parametrize(("value", "expected"), CASES, ids=[repr(case[0])[:40] for case in CASES])
def test_values_keep_their_types(value: Any, expected: Any) -> None:
    assert read(made(["a", "b"], [[value, "after"]])) == [("a", "b"), (expected, "after")]


def test_no_text_is_a_formula() -> None:
    content = made(["=A1"], [['=HYPERLINK("x")']])
    cells = [cell for row in openpyxl.load_workbook(io.BytesIO(content)).active for cell in row]
    assert [cell.data_type for cell in cells] == ["inlineStr"] * 2 or {cell.data_type for cell in cells} == {"s"}


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=40))
def test_any_text_comes_back(text: str) -> None:
    if "\r" in text or "\0" in text:
        return  # XML folds line ends, and PostgreSQL keeps no NUL
    (found,) = read(made(["a", "b"], [[text, 1]]))[1][:1]
    decoded = openpyxl.utils.escape.unescape(found or "")
    assert unguard(decoded) == text


def test_rows_beyond_a_sheet_go_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_ROWS", 3)
    content = made(["n"], [[n] for n in range(7)])
    sheets = openpyxl.load_workbook(io.BytesIO(content)).worksheets
    assert [sheet.title for sheet in sheets] == ["products", "products 2", "products 3"]
    assert [[row[0] for row in sheet.iter_rows(values_only=True)] for sheet in sheets] == [
        ["n", 0, 1, 2], ["n", 3, 4, 5], ["n", 6],
    ]  # fmt: skip


def test_a_full_sheet_is_followed_by_no_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_ROWS", 3)
    assert CalamineWorkbook.from_filelike(io.BytesIO(made(["n"], [[1], [2], [3]]))).sheet_names == ["products"]


def test_a_list_of_nothing_is_a_heading() -> None:
    assert read(made(["a", "b"], [])) == [("a", "b")]


def test_a_cell_that_is_too_long_says_that_it_was_cut() -> None:
    (found,) = read(made(["a"], [["\U0001d11e" * 20_000]]))[1]
    assert found.endswith(CUT)
    assert len(found.encode("utf-16-le")) // 2 <= xlsx.MOST_CHARACTERS


def test_the_first_bytes_leave_before_the_last_row_is_read() -> None:
    taken = 0

    def rows() -> Iterator[list[Any]]:
        nonlocal taken
        for number in range(100_000):
            taken = number
            yield [KEY, f"Name {number}", Decimal(number)]

    first = next(islice(workbook("products", ["id", "name", "price"], rows()), 1))
    assert first.startswith(b"PK")
    assert taken < 20_000


def test_a_file_that_was_broken_off_can_not_be_opened() -> None:
    def rows() -> Iterator[list[Any]]:
        yield from ([number] for number in range(1_000))
        raise OSError("the database went away")

    sent = []
    with pytest.raises(OSError, match="went away"):
        sent.extend(workbook("products", ["n"], rows()))
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(b"".join(sent)))
