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


def main(path: str, folder: str, max_rows: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    odd = _look_into(path)
    workbook = CalamineWorkbook.from_path(path)
    sheets = []
    for index, name in enumerate(workbook.sheet_names[:MAX_SHEETS]):
        errors, hidden = odd.get(index, ({}, 0))
        try:
            sheet = workbook.get_sheet_by_index(index)
        except CalamineError:  # a sheet that is a chart holds no cells
            continue
        rows = _write(sheet, Path(folder, f"{index}.jsonl"), max_rows, errors)
        sheets.append({"name": name, "index": index, "rows": rows, "hidden": hidden})
    sys.stdout.write(json.dumps(sheets))


def _write(sheet: Any, path: Path, max_rows: int, errors: dict[tuple[int, int], str]) -> int:
    written = 0
    # `iter_rows` gives the empty rows above the first, but not the empty columns before it.
    before = [""] * (sheet.start[1] if sheet.start else 0)
    with path.open("w", encoding="utf-8") as file:
        for number, row in enumerate(sheet.iter_rows(), 1):
            cells = [*before, *(_plain(value) for value in row)][:MAX_COLUMNS]
            for column, error in _errors_of(errors, number, len(cells)):
                cells[column] = error
            while cells and cells[-1] == "":
                cells.pop()
            if cells:
                file.write(json.dumps([number, cells], ensure_ascii=False) + "\n")
                written += 1
                if written > max_rows:
                    break
    return written


def _errors_of(errors: dict[tuple[int, int], str], number: int, width: int) -> Iterator[tuple[int, str]]:
    if errors:
        for column in range(width):
            if found := errors.get((number, column)):
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


def _look_into(path: str) -> dict[int, tuple[dict[tuple[int, int], str], int]]:
    """What the reader doesn't tell: cells with an error or a formula without a stored value (both look empty), and how
    many rows are hidden; by the index of the sheet."""
    if not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as archive:
        if sum(item.file_size for item in archive.infolist()) > UNPACKED:
            sys.exit(TOO_LARGE)
        names = set(archive.namelist())
        if "xl/workbook.xml" in names:
            return {at: _scan(archive, part) for at, part in enumerate(_parts(archive)) if part in names}
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


def _scan(archive: zipfile.ZipFile, part: str) -> tuple[dict[tuple[int, int], str], int]:
    errors: dict[tuple[int, int], str] = {}
    hidden = 0
    for rows in _blocks(archive, part, b"<row "):
        hidden += len(_HIDDEN.findall(rows))
        if b't="e"' in rows or b"<f" in rows:
            for column, row, attributes, inside in _CELL.findall(rows):
                if error := _error(attributes, inside):
                    errors[int(row), _column(column)] = error
    return errors, hidden


def _error(attributes: bytes, inside: bytes) -> str:
    if b't="e"' in attributes:
        found = re.search(rb"<v>([^<]*)</v>", inside)
        return found[1].decode() if found else "#N/A"
    has_value = re.search(rb"<v>[^<]+</v>", inside) or b't="str"' in attributes
    return "#FORMULA!" if b"<f" in inside and not has_value else ""


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _scan_ods(archive: zipfile.ZipFile) -> dict[int, tuple[dict[tuple[int, int], str], int]]:
    found: dict[int, int] = {}
    sheet = -1
    tags = re.compile(rb"<table:table |<table:table-row [^>]*table:visibility=\"(?:filter|collapse)\"[^>]*>")
    for block in _blocks(archive, "content.xml", b"<table:table-row"):
        for tag in tags.findall(block):
            if tag == b"<table:table ":
                sheet += 1
                continue
            repeated = re.search(rb'table:number-rows-repeated="(\d+)"', tag)
            count = int(repeated[1]) if repeated else 1
            found[sheet] = found.get(sheet, 0) + (count if count < 10_000 else 0)
    return {index: ({}, hidden) for index, hidden in found.items()}


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
