"""Rows of a workbook. A process of its own takes them out of it (`extract`), so that what the reader holds in memory,
and what a hostile file makes it do, stays there."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.tables.rows import MAX_CELL, MAX_ROWS, Row, Unreadable

_EXTRACT = Path(__file__).with_name("extract.py")
_SECONDS = 300
_ROOM_FOR_TITLES = 1_000
_TOO_LARGE = 3


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook that holds anything; `hidden` rows are among its rows."""

    name: str
    path: Path
    rows: int
    hidden: int


def sheets_of(path: Path, folder: Path) -> Sequence[Sheet]:
    """Take the sheets out of a workbook, into files in `folder`."""
    command = [sys.executable, "-I", str(_EXTRACT), str(path), str(folder), str(MAX_ROWS + _ROOM_FOR_TITLES)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603, our own program
    except subprocess.TimeoutExpired:
        raise Unreadable("Reading this workbook takes too long. Save the sheet as CSV UTF-8 and import that.") from None
    if done.returncode == _TOO_LARGE:
        raise Unreadable("This workbook is too large when unpacked. Save the sheet as CSV UTF-8 and import that.")
    if done.returncode:
        raise Unreadable(_why(done.stderr))
    sheets = [_sheet(found, folder) for found in json.loads(done.stdout) if found["rows"]]
    if not sheets:
        raise Unreadable("The file is empty.")
    return sheets


def rows_of(sheet: Sheet) -> Iterator[Row]:
    with sheet.path.open(encoding="utf-8") as file:
        for line in file:
            number, cells = json.loads(line)
            too_long = any(isinstance(cell, str) and len(cell) > MAX_CELL for cell in cells)
            problem = f"A cell in this row is longer than {MAX_CELL:,} characters." if too_long else ""
            yield Row(number, tuple(cells), problem)


def _sheet(found: Mapping[str, int | str], folder: Path) -> Sheet:
    return Sheet(str(found["name"]), folder / f"{found['index']}.jsonl", int(found["rows"]), int(found["hidden"]))


def _why(stderr: bytes) -> str:
    if b"assword" in stderr:
        return "This workbook has a password. Save it without one and import it again."
    if b"MemoryError" in stderr or b"memory allocation" in stderr:
        return "This workbook is too large to be read. Save the sheet as CSV UTF-8 and import that."
    return (
        "This looks like an Excel workbook or an ODS table, but can't be read as one. Open it in the spreadsheet and "
        "save it as XLSX."
    )
