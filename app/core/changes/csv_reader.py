"""A table out of a file as a person saved it from a spreadsheet: whatever separates its cells and encodes its letters.

Pure: bytes in, a `Sheet` out, or `Unreadable` with a sentence for the person who sent it.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from app.core.errors import FieldError, Invalid

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 100_000
MAX_CELL = 100_000
SEPARATORS = (";", ",", "\t", "|")
_SAMPLE = 25

_NOT_TEXT = (
    (b"PK\x03\x04", "This is an Excel workbook. In the spreadsheet, choose “Save as” and “CSV UTF-8”."),
    (b"\xd0\xcf\x11\xe0", "This is an old Excel workbook. In the spreadsheet, choose “Save as” and “CSV UTF-8”."),
    (b"%PDF", "This is a PDF. Only a table saved as CSV can be imported."),
    (b"\x1f\x8b", "This file is compressed. Unpack it first."),
    (b"\x89PNG", "This is a picture. Only a table saved as CSV can be imported."),
    (b"{\\rtf", "This is a text document. Only a table saved as CSV can be imported."),
)  # fmt: skip


class Unreadable(Invalid):
    """The file is no table that can be read; the message says why, and what would do."""

    code = "unreadable-file"

    def __init__(self, message: str) -> None:
        super().__init__(message, errors=[FieldError("/file", message, self.code)])


@dataclass(frozen=True)
class SheetRow:
    """A row with its number as the spreadsheet shows it, and as many cells as there are headers.

    `surplus` holds what stands beyond the last header.
    """

    number: int
    cells: tuple[str, ...]
    surplus: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """What the file holds. Rows and columns without any content are left out; headers are as they were written."""

    headers: tuple[str, ...]
    rows: tuple[SheetRow, ...]
    encoding: str
    separator: str


def read_sheet(content: bytes) -> Sheet:
    """Read a CSV file: UTF-8, UTF-16 or Windows-1252; separated by semicolons, commas, tabs or bars."""
    _refuse_what_is_no_text(content)
    text, encoding = decode(content)
    named, text = _named_separator(text)
    separator = named or guess_separator(text)
    records = _records(text, separator)
    header = next(records, None)
    if header is None:
        raise Unreadable("The file is empty.")
    rows: list[tuple[int, list[str]]] = []
    for record in records:
        if len(rows) == MAX_ROWS:
            raise Unreadable(
                f"The file has more than {MAX_ROWS:,} rows. Split it, and import one part after the other."
            )
        rows.append(record)
    return _table(header[1], rows, encoding, separator)


def _refuse_what_is_no_text(content: bytes) -> None:
    if len(content) > MAX_BYTES:
        raise Unreadable(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB. Split it into smaller ones.")
    if not content.strip(b"\0 \r\n\t"):
        raise Unreadable("The file is empty.")
    for beginning, message in _NOT_TEXT:
        if content.startswith(beginning):
            raise Unreadable(message)


def decode(content: bytes) -> tuple[str, str]:
    """The text, and the name of the encoding that it was in."""
    encoding = _encoding_of(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise Unreadable("This is no text. Only a table saved as CSV can be imported.") from None
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        row = text.count("\n", 0, text.index("\0")) + 1
        raise Unreadable(f"Line {row} of the file holds a NUL character, so this is no table saved as CSV.")
    return text, encoding


def _encoding_of(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = content[:4_000]
    if head.count(0) > len(head) // 4:
        return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
    try:
        content.decode()
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _named_separator(text: str) -> tuple[str | None, str]:
    """The separator that a first line such as `sep=;` names, and the text after that line."""
    if found := re.match(r"sep=(.)\r?\n", text, re.IGNORECASE):
        return found[1], text[found.end() :]
    return None, text


def guess_separator(text: str) -> str:
    """The separator under which the quotation marks of the first rows stand right, and which cuts them into the most
    columns, each into as many as the first."""

    def stands_right(separator: str) -> bool:
        try:
            return all(cells for _, cells in islice(_records(text, separator), _SAMPLE))
        except Unreadable:
            return False

    def score(separator: str) -> tuple[bool, int, int]:
        widths = [len(cells) for _, cells in islice(_records(text, separator, lenient=True), _SAMPLE)]
        same = sum(width == widths[0] for width in widths) if widths else 0
        return (stands_right(separator), min(widths[0], 2), same * widths[0]) if widths else (False, 0, 0)

    return max(SEPARATORS, key=score)


def _records(text: str, separator: str, *, lenient: bool = False) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold anything, numbered from 1 as a spreadsheet does: empty ones count."""
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=not lenient)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            if lenient:
                return
            raise Unreadable(_what_is_wrong(error, number)) from None
        if cells is None:
            return
        if any(map(str.strip, cells)):
            yield number, cells


def _what_is_wrong(error: csv.Error, number: int) -> str:
    if "field larger" in str(error):
        return (
            f"A cell in row {number} is longer than {MAX_CELL:,} characters. Is a quotation mark left open before it?"
        )
    return f"In row {number}, a quotation mark is opened and not closed, or stands in the middle of a quoted cell."


def _table(header: Sequence[str], records: Sequence[tuple[int, list[str]]], encoding: str, separator: str) -> Sheet:
    headers = [cell.strip() for cell in header]
    while headers and not headers[-1]:
        headers.pop()
    used = [at for at, name in enumerate(headers) if name or any(len(r) > at and r[at].strip() for _, r in records)]
    for at in used:
        if not headers[at]:
            raise Unreadable(f"Column {at + 1} holds values, but has no name in the first row.")
    rows = tuple(
        SheetRow(
            number,
            tuple(cells[at] if at < len(cells) else "" for at in used),
            tuple(cell for cell in cells[len(headers) :] if cell.strip()),
        )
        for number, cells in records
    )
    return Sheet(tuple(headers[at] for at in used), rows, encoding, separator)
