"""Files as people save them: whatever the separators, the letters and the kind of file, the same table comes out."""

import csv
import io
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.tables.heading import find_heading, first_rows, names_in
from app.core.tables.letters import most_plausible
from app.core.tables.opening import open_table
from app.core.tables.rows import Reading, Unreadable
from tests.factories.workbooks import Raw, ods, xlsx

LETTERS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff\u2028\u2029\x85")
TEXT = st.text(LETTERS, min_size=1, max_size=20).filter(lambda t: t.strip() == t and not t.lower().startswith("sep="))
CELL = st.one_of(
    st.just(""), TEXT, st.builds("{}\n{}".format, TEXT, TEXT), st.builds('{}"{};{},'.format, TEXT, TEXT, TEXT)
)
FULL = st.lists(TEXT, min_size=2, max_size=6, unique=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tables")


@pytest.fixture(scope="module")
def read(folder):
    def read(content, chosen=None):
        path = Path(folder, "file")
        path.write_bytes(content)
        with open_table(path, chosen) as table:
            return table, list(table.rows())

    return read


def cells(rows):
    return [(row.number, list(row.cells)) for row in rows]


def saved(rows, separator=",", encoding="utf-8-sig"):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=separator, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerows(rows)
    return buffer.getvalue().encode(encoding)


@given(FULL, st.data(), st.sampled_from([";", ",", "\t"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_what_was_saved_is_read(read, headers, data, separator, encoding):
    row = st.lists(CELL, min_size=len(headers), max_size=len(headers)).filter(any)
    rows = [headers, *data.draw(st.lists(row, max_size=5))]
    _, found = read(saved(rows, separator, encoding))
    assert cells(found) == list(enumerate(rows, 1))


@given(st.binary(max_size=300).filter(lambda content: not content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))))
def test_any_bytes_are_a_table_or_refused_kindly(read, content):
    with suppress(Unreadable):
        read(content)


@pytest.mark.parametrize(
    ("content", "separator", "encoding"),
    [
        ("name;price\r\nKöln;1,50\r\n".encode("cp1252"), ";", "cp1252"),
        ("name,price\r\nKöln,1.50\r\n".encode("utf-8-sig"), ",", "utf-8"),
        ("name\tprice\r\nKöln\t1,50\r\n".encode("utf-16"), "\t", "utf-16"),
        ("name\tprice\r\nKöln\t1,50\r\n".encode("utf-16-le"), "\t", "utf-16-le"),
        ("name|price\nKöln|1,50\n".encode(), "|", "utf-8"),
        ("sep=;\r\nname;price\r\nKöln;1,50\r\n".encode(), ";", "utf-8"),
        ("\ufeffsep=;\r\nname;price\r\nKöln;1,50\r\n".encode(), ";", "utf-8"),
        ("name;price\rKöln;1,50\r".encode(), ";", "utf-8"),
    ],
)
def test_separator_and_letters_are_found_out(read, content, separator, encoding):
    table, rows = read(content)
    assert (table.reading.separator, table.reading.encoding) == (separator, encoding)
    assert [row.cells[0] for row in rows] == ["name", "Köln"]


def test_separator_and_letters_can_be_chosen(read):
    content = "name;price\nStůl;1,50\n".encode("cp1250")
    _, rows = read(content, Reading("csv", encoding="cp1252", separator=","))
    assert cells(rows)[1] == (2, ["Stùl;1", "50"])


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        *(("cp1252", text) for text in ("Köln", "Crème brûlée", "Señor piñata", "Größe 5 €", "Ångström", "Ø 12 mm")),
        *(("cp1252", text) for text in ("São Paulo, coração", "„Test“ ½ Zoll", "100 g ± 5°", "Price £12.50", "MÖBEL")),
        *(
            ("cp1250", text)
            for text in ("Krzesło dąb Łódź", "Žluťoučký kůň", "Szék fából, tölgy, őszi", "Stůl dřevěný")
        ),
        *(("cp1251", text) for text in ("Колодки тормозные", "Стол", "Дошка, ґанок, їжа")),
        *(("cp850", text) for text in ("Bürostuhl Größe 3", "Crème brûlée", "Köln", "Stühle grün")),
        ("cp852", "Krzesło dąb Łódź"),
        ("cp866", "Колодки тормозные"),
        ("cp1253", "Καρέκλα γραφείου"),
        ("cp1254", "Sandalye büyük işçi"),
        ("cp1254", "Çalışma masası ğ"),
    ],
)
def test_letters_are_told_by_what_reads_like_words(encoding, text):
    content = text.encode(encoding)
    assert content.decode(most_plausible(content)) == text


def test_a_bad_byte_spoils_its_cell_and_not_the_file(read):
    content = "name;price\nStühle grün;12,50\nf\xfcr Büro;1\n".encode().replace("für".encode(), b"f\xfcr")
    table, rows = read(content)
    assert table.reading.encoding == "utf-8"
    assert cells(rows)[1:] == [(2, ["Stühle grün", "12,50"]), (3, ["f\ufffdr Büro", "1"])]


def test_a_quotation_mark_in_the_middle_makes_one_row_wrong(read):
    _, rows = read(b'name,price\n"A",1\n"[x=\\"1, 2\\"] y",2\n"C",3\n')
    assert [(row.number, bool(row.problem)) for row in rows] == [(1, False), (2, False), (3, True), (4, False)]
    assert rows[3].cells == ("C", "3")


def test_a_quotation_mark_left_open_makes_one_row_wrong(read):
    _, rows = read(b'name,price\n"A,1\nB,2\n' + b"C,3\n" * 5_000)
    assert rows[1].problem == "A quotation mark in this row is opened and not closed."
    assert rows[2].cells == ("B", "2")
    assert len(rows) == 5_003


def test_empty_rows_are_left_out_and_numbers_stay(read):
    _, rows = read(b'name;price;;\r\n\r\nA;1;;\r\n;;;\r\n"B\r\nC";2;;\r\n;;;\r\n')
    assert [(row.number, row.cells[0]) for row in rows] == [(1, "name"), (3, "A"), (5, "B\r\nC")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\r\n \r\n", "empty"),
        (b"PK\x03\x04rest", "can't be read"),
        (b"\xd0\xcf\x11\xe0rest", "can't be read"),
        (b"%PDF-1.7", "PDF"),
        (b"name,price\nA\x00,1\n" + b"B,2\n" * 50, "NUL"),
        (b"x" * (50 * 1024 * 1024 + 1), "larger than 50 MB"),
        (xlsx({"Empty": []}), "empty"),
    ],
)
def test_what_is_no_table_is_refused_by_name(read, content, says):
    with pytest.raises(Unreadable, match=says):
        read(content)


SHEET = [
    [None, "Price list, as of 2026-11-01"],
    [],
    [None, "name", "price", "sku"],
    [None, "Shelf", 1249.0, "007"],
    [None, "Lamp", 99.90000000000001, 12],
    [None, "Chair", 0.1, None],
]


@pytest.mark.parametrize("make", [xlsx, ods])
def test_a_workbook_gives_numbers_as_numbers_and_text_as_text(read, make):
    table, rows = read(make({"Products": SHEET, "Notes": [["not this"]]}, hidden=[5]))
    assert list(table.sheets) == ["Products", "Notes"]
    assert table.notes == ("The sheet “Products” has 1 hidden row; they are read like the others.",)
    assert cells(rows) == [
        (1, ["", "Price list, as of 2026-11-01"]),
        (3, ["", "name", "price", "sku"]),
        (4, ["", "Shelf", 1249, "007"]),
        (5, ["", "Lamp", 99.9, 12]),
        (6, ["", "Chair", 0.1]),
    ]


def test_a_sheet_can_be_chosen(read):
    _, rows = read(xlsx({"A": [["a"]], "B": [["b"]]}), Reading("workbook", sheet="B"))
    assert cells(rows) == [(1, ["b"])]


def test_errors_and_formulas_without_a_value_are_not_taken_for_empty_cells(read):
    wrong = Raw('<c r="{at}" t="e"><f>1/0</f><v>#DIV/0!</v></c>')
    bare = Raw('<c r="{at}"><f>A1*2</f></c>')
    known = Raw('<c r="{at}"><f>A1*2</f><v>4</v></c>')
    styled = Raw('<c r="{at}" s="5"/>')
    _, rows = read(xlsx({"A": [["x", styled, wrong, bare, known]]}))
    assert cells(rows) == [(1, ["x", "", "#DIV/0!", "#FORMULA!", 4])]


def test_percentages_are_what_the_sheet_shows(read):
    cell = '<c r="{at}" s="%d"><v>%s</v></c>'
    row = [Raw(cell % (1, "0.19")), Raw(cell % (2, "0.19500000000000001")), Raw(cell % (3, "0.19")), 0.19]
    _, rows = read(xlsx({"A": [row]}, formats=["0%", "0.0 %;[Red]-0.0 %", '0.00" % of all"']))
    assert cells(rows) == [(1, ["19%", "19.5%", 0.19, 0.19])]
    cell = '<table:table-cell table:number-columns-repeated="2" office:value-type="percentage" office:value="0.07"/>'
    _, rows = read(ods({"A": [["x"], [0.07, Raw(cell)]]}))
    assert cells(rows)[1] == (2, [0.07, "7%", "7%"])


def test_errors_of_ods_are_not_taken_for_empty_cells(read):
    head = '<table:table-cell table:formula="of:=1/0" office:value-type='
    error = head + '"string" office:string-value="" calcext:value-type="error"><text:p>%s</text:p></table:table-cell>'
    old = head + '"float" office:value="0"><text:p>#NAME?</text:p></table:table-cell>'
    hashed = '<table:table-cell office:value-type="string"><text:p>#1 in its class!</text:p></table:table-cell>'
    sheet = [["x", "y", "z"], [None, "a", Raw(error % "#DIV/0!")], [Raw(error % "Err:502"), Raw(old), Raw(hashed)]]
    _, rows = read(ods({"First": [["not this"]], "A": sheet}), Reading("workbook", sheet="A"))
    assert cells(rows) == [
        (1, ["x", "y", "z"]),
        (2, ["", "a", "#DIV/0!"]),
        (3, ["#ERROR!", "#NAME?", "#1 in its class!"]),
    ]


def test_durations_of_ods_are_hours(read):
    long = Raw('<table:table-cell office:value-type="time" office:time-value="PT36H30M00S"/>')
    _, rows = read(ods({"A": [["hours"], [long]]}))
    assert cells(rows)[1] == (2, ["36:30"])


def test_a_sheet_that_goes_on_with_a_million_empty_rows_is_read_quickly(read):
    cells_ = '<table:table-cell table:number-columns-repeated="1024"/></table:table-row>'
    rest = f'</table:table-row><table:table-row table:number-rows-repeated="1048000">{cells_}<table:table-row>'
    content = ods({"A": [["name"], [Raw(f"<table:table-cell/>{rest}")]]})
    assert cells(read(content)[1]) == [(1, ["name"])]


@pytest.mark.parametrize(
    ("rows", "number"),
    [
        ([["Muster GmbH"], ["Price list"], [None], ["name", "price"], ["A", 1]], 4),
        ([["name", "price"], ["name", "A"]], 1),
        ([["Muster GmbH"], ["Artikel", "VK", "EK"], ["A", 1, 2], ["B", 2, 3], ["C", 2, 3]], 2),
        ([["slug"], ["a"], ["b"]], 1),
    ],
)
def test_the_heading_is_found_below_title_lines(tmp_path, rows, number):
    (tmp_path / "file").write_bytes(xlsx({"A": rows}))
    with open_table(tmp_path / "file") as table:
        heading = find_heading(first_rows(table), {"name", "price", "slug"}.__contains__)
    assert heading.number == number
    assert names_in(heading)[0] in ("name", "Artikel", "slug")
