"""Opens a file: finds out what it is, or takes a person's word for it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from app.core.scratch import scratch_folder
from app.core.tables import delimited, letters, workbook
from app.core.tables.rows import MAX_BYTES, Reading, Row, Table, Unreadable

TEXT, WORKBOOK = "csv", "workbook"

WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_NO_TABLES = (
    (b"%PDF", "This is a PDF. Only a table saved as CSV, XLSX or ODS can be imported."),
    (b"\x1f\x8b", "This file is compressed. Unpack it first."),
    (b"\x89PNG", "This is a picture. Only a table saved as CSV, XLSX or ODS can be imported."),
    (b"\xff\xd8\xff", "This is a picture. Only a table saved as CSV, XLSX or ODS can be imported."),
    (b"{\\rtf", "This is a text document. Only a table saved as CSV, XLSX or ODS can be imported."),
)  # fmt: skip


@contextmanager
def open_table(path: Path, chosen: Reading | None = None) -> Iterator[Table]:
    """The table in a file, as `chosen` says, or as the file suggests. Of a workbook's sheets the chosen one is read,
    else the first. Raises `Unreadable`."""
    if path.stat().st_size > MAX_BYTES:
        raise Unreadable(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB. Split it into smaller ones.")
    beginning = beginning_of(path)
    if beginning.startswith(WORKBOOKS):
        with scratch_folder() as folder:
            yield _workbook(workbook.sheets_of(path, folder), chosen)
    else:
        yield _text(path, chosen)


def beginning_of(path: Path) -> bytes:
    """The first bytes of a file. Raises `Unreadable` for one that is empty, or that is known to be no table."""
    with path.open("rb") as file:
        beginning = file.read(4_096)
    if not beginning.strip(b"\0 \r\n\t"):
        raise Unreadable("The file is empty.")
    for signature, message in _NO_TABLES:
        if beginning.startswith(signature):
            raise Unreadable(message)
    return beginning


def _workbook(sheets: Sequence[workbook.Sheet], chosen: Reading | None) -> Table:
    tables: dict[str, Table] = {}
    tables.update((sheet.name, _table(sheet, tables)) for sheet in sheets)
    return tables.get(chosen.sheet if chosen else "", tables[sheets[0].name])


def _table(sheet: workbook.Sheet, tables: Mapping[str, Table]) -> Table:
    notes = []
    if sheet.hidden:
        rows = "1 hidden row" if sheet.hidden == 1 else f"{sheet.hidden:,} hidden rows"
        notes.append(f"The sheet “{sheet.name}” has {rows}; they are read like the others.")
    return Table(
        Reading(WORKBOOK, sheet=sheet.name), partial(workbook.rows_of, sheet), tables, tuple(notes), sheet.rows
    )


def _text(path: Path, chosen: Reading | None) -> Table:
    encoding = chosen.encoding if chosen and chosen.encoding in letters.ENCODINGS else letters.encoding_of(path)
    separator = chosen.separator if chosen and chosen.separator in delimited.SEPARATORS else ""
    try:
        separator = separator or delimited.guess_separator(path, encoding)
    except UnicodeError:
        raise Unreadable("This isn't text. Only a table saved as CSV, XLSX or ODS can be imported.") from None
    reading = Reading(TEXT, encoding=encoding, separator=separator)
    return Table(reading, partial(_safely, path, reading))


def _safely(path: Path, reading: Reading) -> Iterator[Row]:
    try:
        yield from delimited.rows_of(path, reading)
    except UnicodeError:
        raise Unreadable("This isn't text. Only a table saved as CSV, XLSX or ODS can be imported.") from None
