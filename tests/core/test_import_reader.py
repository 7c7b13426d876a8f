"""Files as people save them: whatever the separators, letters and amounts, the same table comes out."""

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.amounts import Ambiguous, decimal_mark, read_amount
from app.core.changes.csv_reader import MAX_BYTES, MAX_ROWS, Unreadable, read_sheet

LETTERS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff\u2028\u2029\x85")
TEXT = st.text(LETTERS, min_size=1, max_size=20).filter(lambda t: t.strip() == t and not t.lower().startswith("sep="))
CELL = st.one_of(
    st.just(""), TEXT, st.builds("{}\n{}".format, TEXT, TEXT), st.builds('{}"{};{},'.format, TEXT, TEXT, TEXT)
)
HEADERS = st.lists(TEXT, min_size=2, max_size=6, unique=True)


def saved(rows, separator=",", encoding="utf-8-sig"):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=separator, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerows(rows)
    return buffer.getvalue().encode(encoding)


@given(HEADERS, st.data(), st.sampled_from([";", ",", "\t"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_what_was_saved_is_read(headers, data, separator, encoding):
    row = st.lists(CELL, min_size=len(headers), max_size=len(headers)).filter(any)
    rows = data.draw(st.lists(row, max_size=5))
    sheet = read_sheet(saved([headers, *rows], separator, encoding))
    assert sheet.headers == tuple(headers)
    assert [list(r.cells) for r in sheet.rows] == rows
    assert [r.number for r in sheet.rows] == list(range(2, len(rows) + 2))


def test_a_separator_inside_quotation_marks_is_none():
    sheet = read_sheet(saved([['a";b;"c', "d"]]))
    assert sheet.headers == ('a";b;"c', "d")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_refused_kindly(content):
    with suppress(Unreadable):
        sheet = read_sheet(content)
        assert all(len(row.cells) == len(sheet.headers) for row in sheet.rows)


@pytest.mark.parametrize(
    ("content", "separator", "encoding"),
    [
        ("name;price\r\nKöln;1,50\r\n".encode("cp1252"), ";", "cp1252"),
        ("name,price\r\nKöln,1.50\r\n".encode("utf-8-sig"), ",", "utf-8"),
        ("name\tprice\r\nKöln\t1,50\r\n".encode("utf-16"), "\t", "utf-16"),
        ("name\tprice\r\nKöln\t1,50\r\n".encode("utf-16-le"), "\t", "utf-16-le"),
        (b"sep=;\r\nname;price\r\nX;1,50\r\n", ";", "utf-8"),
        (b"name;price\rX;1,50\r", ";", "utf-8"),
    ],
)
def test_separator_and_letters_are_found_out(content, separator, encoding):
    sheet = read_sheet(content)
    assert (sheet.separator, sheet.encoding, sheet.headers) == (separator, encoding, ("name", "price"))
    assert sheet.rows[0].cells[0] in ("Köln", "X")


def test_empty_rows_and_trailing_columns_are_left_out_and_numbers_stay():
    sheet = read_sheet(b'name;price;;\r\n\r\nA;1;;\r\n;;;\r\n"B\r\nC";2;;\r\n;;;\r\n')
    assert sheet.headers == ("name", "price")
    assert [(row.number, row.cells) for row in sheet.rows] == [(3, ("A", "1")), (5, ("B\r\nC", "2"))]


def test_cells_beyond_the_headers_are_kept_apart():
    row = read_sheet(b"name,price\nA,1,499\nB,2,\n").rows
    assert row[0].surplus == ("499",)
    assert row[1].surplus == ()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\r\n \r\n", "empty"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0rest", "old Excel"),
        (b"%PDF-1.7", "PDF"),
        (b"name,price\nA\x00,1\n" + b"B,2\n" * 50, "NUL"),
        (b'name,price\n"A,1\nB,2\n', "row 2"),
        (b"name,,price\nA,x,1\n", "Column 2"),
        (b"x" * (MAX_BYTES + 1), "larger than 10 MB"),
        (b"a,b\n" + b"1,2\n" * (MAX_ROWS + 1), "100,000 rows"),
    ],
)
def test_what_is_no_table_is_refused_by_name(content, says):
    with pytest.raises(Unreadable, match=says):
        read_sheet(content)


@pytest.mark.parametrize(
    ("cell", "mark", "amount"),
    [
        ("1.499,00", None, "1499.00"),
        ("1,499.00", None, "1499.00"),
        ("1 499,00 €", None, "1499.00"),
        ("1\u00a0499,00", None, "1499.00"),
        ("1’499.50", None, "1499.50"),
        ("EUR 3,-", None, "3"),
        ("$1,234,567.5", None, "1234567.5"),
        ("1.234.567", None, "1234567"),
        ("0,123", None, "0.123"),
        ("12,5", None, "12.5"),
        ("-5", None, "-5"),
        ("0.500", None, "0.500"),
        ("0,500", ",", "0.50"),
        ("2.000", ".", "2.00"),
        ("2.125", ".", "2.125"),
        (".5", None, "0.5"),
        ("CHF 1'499.–", None, "1499"),
        ("USD49", None, "49"),
        ("1,499", ".", "1499"),
        ("1,499", ",", "1.499"),
        ("1.499", ",", "1499"),
        ("1.499", ".", "1.499"),
        ("abc", ",", "abc"),
        ("1,2,3", None, "1,2,3"),
        ("NaN", None, "NaN"),
        ("1e5", None, "1e5"),
    ],
)
def test_amounts_are_read_as_they_were_meant(cell, mark, amount):
    assert read_amount(cell, mark) == amount


def test_an_amount_that_could_be_either_is_said_to_be():
    assert read_amount("1,499", None) == Ambiguous("1499", "1.499")
    assert read_amount("1.499 €", None) == Ambiguous("1499", "1.499")
    assert read_amount("1.500") == Ambiguous("1500", "1.50")


@pytest.mark.parametrize(
    ("cells", "mark"),
    [(["1,499", "12,50"], ","), (["1.499", "3.5"], "."), (["1,499", "7"], None), (["1,5", "2.5"], None), ([], None)],
)
def test_the_column_gives_its_decimal_mark_away(cells, mark):
    assert decimal_mark(cells) == mark


@given(st.decimals(min_value=0, max_value=10**9, places=2), st.sampled_from([",.", ".,", "\u00a0,", "',"]))
def test_written_amounts_are_read_back(value, style):
    thousands, mark = style
    written = f"{value:,.2f}".replace(",", "T").replace(".", mark).replace("T", thousands)
    assert read_amount(written, None) == f"{value:.2f}"
