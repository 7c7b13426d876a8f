"""Writes the sheets of a workbook out as lines of JSON. Run as a program of its own, by `workbook`: the reader holds a
whole sheet, and a hostile file must not take the server with it. So it imports nothing of the portal.

`python extract.py FILE FOLDER MAX_ROWS` writes FOLDER/0.jsonl, 1.jsonl … with `[number, [cell, …]]` in each line, and
prints what the sheets are called. It ends with 3 for a file that is too large when unpacked.
"""

import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

TOO_LARGE = 3
MEMORY = 2 * 1024**3
UNPACKED = 2 * 1024**3
MAX_SHEETS, MAX_COLUMNS, MAX_CELL = 50, 500, 100_000
_ODS_DURATION = re.compile(r"PT(\d+)H(\d+)M(\d+)S")
_CELL = re.compile(rb'<c r="([A-Z]+)(\d+)"([^>]*[^>/])?>(.*?)</c>', re.DOTALL)
_HIDDEN = re.compile(rb'<row [^>]*hidden="(?:1|true)"')
_STYLE = re.compile(rb'\bs="(\d+)"')
_VALUE = re.compile(rb"<v>([^<]*)</v>")
_PERCENT_FORMATS = {"9", "10"}
_ODS = re.compile(
    rb"<table:table (?P<sheet>)|<table:table-row(?=[ />])(?P<row>[^>]*)>|"
    rb"<table:(?:covered-)?table-cell(?=[ />])(?P<cell>[^>]*?)/?>(?:<text:p[^>]*>(?P<text>[^<]*))?"
)
_ODS_ROWS = re.compile(rb"<table:table (?P<sheet>)|<table:table-row(?=[ />])(?P<row>[^>]*)>")
_ODS_HIDDEN = re.compile(rb'table:visibility="(?:filter|collapse)"')
_ENDLESS = 10_000
_ODS_ODD = (b'"percentage"', b'value-type="error"', b"<text:p>#", b"<text:p>Err:")
Shown = dict[tuple[int, int], str]
"""Cells, by row and column, that the reader gives another value than the spreadsheet shows: errors and percentages."""


def main(path: str, folder: str, max_rows: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    odd = _look_into(path)
    workbook = CalamineWorkbook.from_path(path)
    sheets = []
    for index, name in enumerate(workbook.sheet_names[:MAX_SHEETS]):
        shown, hidden = odd.get(index, ({}, 0))
        try:
            sheet = workbook.get_sheet_by_index(index)
        except CalamineError:  # a sheet that is a chart holds no cells
            continue
        rows = _write(sheet, Path(folder, f"{index}.jsonl"), max_rows, shown)
        sheets.append({"name": name, "index": index, "rows": rows, "hidden": hidden})
    sys.stdout.write(json.dumps(sheets))


def _write(sheet: Any, path: Path, max_rows: int, shown: Shown) -> int:
    written = 0
    # `iter_rows` gives the empty rows above the first, but not the empty columns before it.
    before = [""] * (sheet.start[1] if sheet.start else 0)
    with path.open("w", encoding="utf-8") as file:
        for number, row in enumerate(sheet.iter_rows(), 1):
            cells = [*before, *(_plain(value) for value in row)][:MAX_COLUMNS]
            for column, text in _shown_in(shown, number, len(cells)):
                cells[column] = text
            while cells and cells[-1] == "":
                cells.pop()
            if cells:
                file.write(json.dumps([number, cells], ensure_ascii=False) + "\n")
                written += 1
                if written > max_rows:
                    break
    return written


def _shown_in(shown: Shown, number: int, width: int) -> Iterator[tuple[int, str]]:
    if shown:
        for column in range(width):
            if found := shown.get((number, column)):
                yield column, found


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        text = value.replace("_x000D_", "").replace("\r\n", "\n")
        if found := _ODS_DURATION.fullmatch(text):
            return f"{int(found[1])}:{found[2]}" + (f":{found[3]}" if found[3] != "00" else "")
        return text[: MAX_CELL + 1]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        number = float(f"{value:.15g}")
        return int(number) if number.is_integer() and abs(number) < 1e15 else number
    return _moment(value)


def _moment(value: Any) -> str:
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    if isinstance(value, datetime):
        value = (value + timedelta(microseconds=500_000)).replace(microsecond=0)
        return str(value.date() if value.time() == time() else value.isoformat())
    if isinstance(value, time):
        return str(value.isoformat("seconds" if value.second else "minutes"))
    return str(value)


def _look_into(path: str) -> dict[int, tuple[Shown, int]]:
    """What the reader doesn't tell: cells with an error or a formula without a stored value (both look empty), cells
    that show a percentage, and how many rows are hidden; by the index of the sheet."""
    if not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as archive:
        if sum(item.file_size for item in archive.infolist()) > UNPACKED:
            sys.exit(TOO_LARGE)
        names = set(archive.namelist())
        if "xl/workbook.xml" in names:
            percent = _percent_styles(archive) if "xl/styles.xml" in names else set()
            return {at: _scan(archive, part, percent) for at, part in enumerate(_parts(archive)) if part in names}
        if "content.xml" in names:
            return _scan_ods(archive)
    return {}


def _parts(archive: zipfile.ZipFile) -> list[str]:
    """The files of the sheets, in the order of the workbook."""
    try:
        links = archive.read("xl/_rels/workbook.xml.rels").decode()
    except KeyError:
        return []
    targets = {}
    for link in re.findall(r"<Relationship [^>]*>", links):
        key, target = re.search(r'\bId="([^"]*)"', link), re.search(r'\bTarget="([^"]*)"', link)
        if key and target:
            targets[key[1]] = target[1].removeprefix("/xl/")
    sheets = re.findall(r"<(?:\w+:)?sheet [^>]*?r:id=\"([^\"]*)\"", archive.read("xl/workbook.xml").decode())
    return ["xl/" + targets.get(key, "") for key in sheets]


def _percent_styles(archive: zipfile.ZipFile) -> set[bytes]:
    """The styles of cells whose format shows a percentage."""
    styles = archive.read("xl/styles.xml").decode("utf-8", "replace")
    formats = set(_PERCENT_FORMATS)
    for tag in re.findall(r"<(?:\w+:)?numFmt [^>]*>", styles):
        key, code = re.search(r'numFmtId="(\d+)"', tag), re.search(r'formatCode="([^"]*)"', tag)
        if key and code and "%" in re.sub(r"&quot;.*?&quot;|\\\\.", "", code[1]):
            formats.add(key[1])
    cells = re.search(r"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", styles, re.DOTALL)
    found = re.findall(r'<(?:\w+:)?xf [^>]*?numFmtId="(\d+)"', cells[0]) if cells else []
    return {str(at).encode() for at, key in enumerate(found) if key in formats}


def _scan(archive: zipfile.ZipFile, part: str, percent: set[bytes]) -> tuple[Shown, int]:
    shown: Shown = {}
    hidden = 0
    marks = (b't="e"', b"<f", *(b's="%b"' % style for style in percent))
    for rows in _blocks(archive, part, b"<row "):
        hidden += len(_HIDDEN.findall(rows))
        if any(mark in rows for mark in marks):
            for column, row, attributes, inside in _CELL.findall(rows):
                if text := _error(attributes, inside) or _percentage(attributes, inside, percent):
                    shown[int(row), _column(column)] = text
    return shown, hidden


def _error(attributes: bytes, inside: bytes) -> str:
    if b't="e"' in attributes:
        found = _VALUE.search(inside)
        return found[1].decode() if found else "#N/A"
    has_value = re.search(rb"<v>[^<]+</v>", inside) or b't="str"' in attributes
    return "#FORMULA!" if b"<f" in inside and not has_value else ""


def _percentage(attributes: bytes, inside: bytes, percent: set[bytes]) -> str:
    style, value = _STYLE.search(attributes), _VALUE.search(inside)
    is_number = b"t=" not in attributes or b't="n"' in attributes
    if not percent or not is_number or style is None or value is None or style[1] not in percent:
        return ""
    return _percent(value[1])


def _percent(fraction: bytes) -> str:
    try:
        return f"{float(fraction) * 100:.12g}%"
    except ValueError:
        return ""


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _scan_ods(archive: zipfile.ZipFile) -> dict[int, tuple[Shown, int]]:
    found: dict[int, tuple[Shown, int]] = {}
    sheet = row = column = -1
    for block in _blocks(archive, "content.xml", b"<table:table-row"):
        is_odd = any(mark in block for mark in _ODS_ODD)
        for tag in (_ODS if is_odd else _ODS_ROWS).finditer(block):
            if tag["sheet"] is not None:
                sheet, row = sheet + 1, 0
                found[sheet] = {}, 0
            elif tag["row"] is not None:
                times = _repeated(tag["row"], b"rows")
                row, column = row + times, 0
                if _ODS_HIDDEN.search(tag["row"]) and times < _ENDLESS:
                    found[sheet] = found[sheet][0], found[sheet][1] + times
            elif is_odd:
                times = _repeated(tag["cell"], b"columns")
                if text := _shown_by_ods(tag["cell"], tag["text"] or b""):
                    found[sheet][0].update({(row, column + at): text for at in range(min(times, MAX_COLUMNS))})
                column += times
    return found


def _repeated(attributes: bytes, what: bytes) -> int:
    found = re.search(rb'table:number-%b-repeated="(\d+)"' % what, attributes)
    return int(found[1]) if found else 1


def _shown_by_ods(attributes: bytes, text: bytes) -> str:
    """What a cell shows that the reader takes for nothing, or for a plain number. An error is written in the language
    of whoever saved the file."""
    is_error = text.startswith((b"#", b"Err:")) and b"table:formula=" in attributes
    if b'value-type="error"' in attributes or is_error:
        return text.decode() if text.startswith(b"#") else "#ERROR!"
    value = re.search(rb'office:value="([^"]*)"', attributes)
    return _percent(value[1]) if value and b'value-type="percentage"' in attributes else ""


def _blocks(archive: zipfile.ZipFile, part: str, begin: bytes) -> Iterator[bytes]:
    """The file in pieces that each hold whole rows."""
    rest = b""
    with archive.open(part) as file:
        while chunk := file.read(1024 * 1024):
            piece, mark, rest = (rest + chunk).rpartition(begin)
            rest = mark + rest
            yield piece
    yield rest


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
