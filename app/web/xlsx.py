"""Workbooks (ECMA-376, SpreadsheetML) as a stream: the first rows leave while the last ones are still in the database.

Libraries that write XLSX build the file on disk or in memory before its first byte can be sent; this one keeps one
block of rows. `benchmarks/exports.py` compares it with XlsxWriter.
"""

import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any
from xml.sax.saxutils import escape

from app.core.cells import as_text, shield

MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_575
"""Rows below the heading of one sheet; the next one goes into a further sheet."""
MOST_BYTES = 1_900_000_000
"""Of one sheet's XML, so that no reader needs the 64-bit form of ZIP."""
MOST_CHARACTERS = 32_767
"""Of one cell, in UTF-16 units; spreadsheets call a file with more of them damaged."""
MOST_DIGITS = 15
"""A number with more would lose some: it is written as text."""
CUT = " … [cut: a cell of a workbook holds 32,767 characters]"

_BOLD, _DAY, _TIME = 1, 2, 3
_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
_FIRST_DAY = date(1900, 3, 1)
"""Before it the spreadsheets' calendar differs from everybody's."""
_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_BLOCK = 256
AT_ONCE = 64 * 1024
"""Bytes that are gathered before they are sent."""
COMPRESSION = 3

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_BEFORE_ROWS = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2"'
    ' activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    '<cols><col min="1" max="{columns}" width="18" customWidth="1"/></cols><sheetData>'
)
_STYLES = f"""{_XML}<styleSheet xmlns="{_MAIN}"><numFmts count="2">\
<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/><numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/>\
</numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>\
<font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/>\
</fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>\
<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="4"><xf xfId="0"/><xf xfId="0" fontId="1" applyFont="1"/>\
<xf xfId="0" numFmtId="164" applyNumberFormat="1"/><xf xfId="0" numFmtId="165" applyNumberFormat="1"/></cellXfs>\
</styleSheet>"""


def workbook(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The bytes of a workbook with these rows below a heading that stays in sight.

    Numbers are numbers, days and times are dates (times in UTC), all else is text, never a formula. Rows that one sheet
    has no room for go on in the next, under the same heading.
    """
    out = _Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION) as archive:  # type: ignore[call-overload]
        source = _Rows(iter(rows))
        sheets = 0
        while sheets == 0 or not source.is_over:
            sheets += 1
            with archive.open(f"xl/worksheets/sheet{sheets}.xml", "w") as file:
                for block in _sheet(columns, source):
                    file.write(block)
                    if out.waiting >= AT_ONCE:
                        yield out.take()
        for path, text in _parts(name, sheets):
            archive.writestr(path, text)
    yield out.take()


class _Pipe:
    """What the archive writes, until it is taken. It isn't seekable, so the archive never goes back in it."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self.waiting = 0

    def write(self, chunk: bytes) -> int:
        self._chunks.append(bytes(chunk))
        self.waiting += len(chunk)
        return len(chunk)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        taken = b"".join(self._chunks)
        self._chunks.clear()
        self.waiting = 0
        return taken


class _Rows:
    """Rows of which one is looked at ahead, to know whether there is another sheet."""

    def __init__(self, rows: Iterator[Sequence[Any]]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    @property
    def is_over(self) -> bool:
        return self._next is None

    def take(self, most: int) -> list[Sequence[Any]]:
        taken: list[Sequence[Any]] = []
        while self._next is not None and len(taken) < most:
            taken.append(self._next)
            self._next = next(self._rows, None)
        return taken


def _sheet(columns: Sequence[str], rows: _Rows) -> Iterator[bytes]:
    letters = [_letters(index) for index in range(len(columns))]
    heading = "".join(
        f'<c r="{letter}1" s="{_BOLD}" {_inline(name)}</c>' for letter, name in zip(letters, columns, strict=True)
    )
    yield f'{_BEFORE_ROWS.format(columns=max(1, len(columns)))}<row r="1">{heading}</row>'.encode()
    number, written = 1, 0
    while number <= MOST_ROWS and written < MOST_BYTES:
        taken = rows.take(min(_BLOCK, MOST_ROWS + 1 - number))
        if not taken:
            break
        lines = []
        for row in taken:
            number += 1
            lines.append(f'<row r="{number}">{_cells(letters, number, row)}</row>')
        block = "".join(lines).encode()
        written += len(block)
        yield block
    yield b"</sheetData></worksheet>"


def _cells(letters: Sequence[str], number: int, row: Sequence[Any]) -> str:
    placed = zip(letters, row, strict=True)
    return "".join([f'<c r="{letter}{number}"{_cell(value)}' for letter, value in placed if value is not None])


def _letters(index: int) -> str:
    """A, B … Z, AA …"""
    before, last = divmod(index, 26)
    return (_letters(before - 1) if before else "") + chr(65 + last)


def _cell(value: Any) -> str:
    """What follows the cell's place."""
    write = _BY_TYPE.get(type(value))
    return write(value) if write else _text(as_text(value))


def _text(value: str) -> str:
    return f" {_inline(shield(value))}</c>"


def _inline(text: str) -> str:
    return f't="inlineStr"><is><t xml:space="preserve">{_escaped(text)}</t></is>'


def _escaped(text: str) -> str:
    if len(text) > MOST_CHARACTERS // 2:
        text = _short_enough(text)
    if _NOT_IN_XML.search(text):
        text = _NOT_IN_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    return escape(text)


def _short_enough(text: str) -> str:
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * MOST_CHARACTERS:
        return text
    return units[: 2 * (MOST_CHARACTERS - len(CUT))].decode("utf-16-le", "ignore") + CUT


def _whole(value: int) -> str:
    return f"><v>{value}</v></c>" if abs(value) < 10**MOST_DIGITS else _text(str(value))


def _decimal(value: Decimal) -> str:
    text = f"{value:f}"
    exact = value.is_finite() and len(value.as_tuple().digits) <= MOST_DIGITS
    return f"><v>{text}</v></c>" if exact else _text(text)


def _float(value: float) -> str:
    return f"><v>{value!r}</v></c>" if isfinite(value) else _text(str(value))


def _flag(value: bool) -> str:
    return f' t="b"><v>{int(value)}</v></c>'


def _day(value: date) -> str:
    if value < _FIRST_DAY:
        return _text(value.isoformat())
    return f' s="{_DAY}"><v>{value.toordinal() - _EPOCH.toordinal()}</v></c>'


def _time(value: datetime) -> str:
    if value.date() < _FIRST_DAY:
        return _text(as_text(value))
    return f' s="{_TIME}"><v>{(value.astimezone(UTC) - _EPOCH) / timedelta(days=1):.11f}</v></c>'


_BY_TYPE: dict[type, Callable[[Any], str]] = {
    str: _text, int: _whole, Decimal: _decimal, float: _float, bool: _flag, date: _day, datetime: _time,
}  # fmt: skip


def _parts(name: str, sheets: int) -> Iterator[tuple[str, str]]:
    """All that a workbook has besides its sheets. It comes last, when their number is known."""
    numbers = range(1, sheets + 1)
    titles = [name[:26], *(f"{name[:26]} {number}" for number in numbers[1:])]
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for number in numbers
    )
    listed = "".join(
        f'<sheet name="{escape(title)}" sheetId="{number}" r:id="rId{number}"/>'
        for number, title in zip(numbers, titles, strict=True)
    )
    related = "".join(
        f'<Relationship Id="rId{number}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    styles = f'<Relationship Id="rId{sheets + 1}" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
    yield (
        "xl/workbook.xml",
        (f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{listed}</sheets></workbook>'),
    )
    yield (
        "xl/_rels/workbook.xml.rels",
        (f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{related}{styles}</Relationships>'),
    )
    yield "xl/styles.xml", _STYLES
    yield (
        "_rels/.rels",
        (
            f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
            f' Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
    )
    yield (
        "[Content_Types].xml",
        (
            f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{types}</Types>'
        ),
    )
