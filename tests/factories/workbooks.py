"""Small workbooks made in memory, as spreadsheets save them."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"

Rows = Sequence[Sequence[Any]]


class Raw(str):
    """A cell as it is written in the file's own XML, with `{at}` for its place."""


def xlsx(sheets: Mapping[str, Rows], *, hidden: Sequence[int] = (), formats: Sequence[str] = ()) -> bytes:
    """A workbook of sheets by name; numbers are numbers, None is no cell. `hidden` rows are of every sheet. The style
    0 of cells has no format, those from 1 on have `formats`."""
    files = {
        "[Content_Types].xml": _content_types(len(sheets)),
        "_rels/.rels": _relations({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": _workbook(sheets),
        "xl/_rels/workbook.xml.rels": _relations(
            {f"rId{at}": ("worksheet", f"worksheets/sheet{at}.xml") for at in range(1, len(sheets) + 1)}
        ),
    }
    for at, rows in enumerate(sheets.values(), 1):
        files[f"xl/worksheets/sheet{at}.xml"] = "".join(sheet_xml(rows, hidden))
    files["xl/styles.xml"] = _styles(formats)
    return _zipped(files)


def _styles(formats: Sequence[str]) -> str:
    codes = "".join(f'<numFmt numFmtId="{164 + at}" formatCode={quoteattr(code)}/>' for at, code in enumerate(formats))
    cells = "".join(f'<xf numFmtId="{164 + at}" fontId="0"/>' for at in range(len(formats)))
    return (
        f'<?xml version="1.0"?><styleSheet xmlns="{_MAIN}"><numFmts>{codes}</numFmts><cellStyleXfs>'
        f'<xf numFmtId="9"/></cellStyleXfs><cellXfs><xf numFmtId="0"/>{cells}</cellXfs></styleSheet>'
    )


def sheet_xml(rows: Any, hidden: Sequence[int] = ()) -> Any:
    """The XML of a sheet in pieces."""
    yield f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{_MAIN}"><sheetData>'
    for number, row in enumerate(rows, 1):
        cells = "".join(_cell(f"{_letters(at)}{number}", value) for at, value in enumerate(row) if value is not None)
        yield f'<row r="{number}"{" hidden=" + quoteattr("1") if number in hidden else ""}>{cells}</row>'
    yield "</sheetData></worksheet>"


def ods(sheets: Mapping[str, Rows], *, hidden: Sequence[int] = ()) -> bytes:
    tables = "".join(
        f"<table:table table:name={quoteattr(name)}>{''.join(_ods_rows(rows, hidden))}</table:table>"
        for name, rows in sheets.items()
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="{_ODF}:office:1.0" '
        f'xmlns:text="{_ODF}:text:1.0" xmlns:table="{_ODF}:table:1.0" office:version="1.2"><office:body>'
        f"<office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = f'<?xml version="1.0"?><manifest:manifest xmlns:manifest="{_ODF}:manifest:1.0"/>'
    return _zipped({"mimetype": _ODS_TYPE, "META-INF/manifest.xml": manifest, "content.xml": content})


def _ods_rows(rows: Rows, hidden: Sequence[int]) -> Any:
    for number, row in enumerate(rows, 1):
        cells = "".join(map(_ods_cell, row))
        visibility = ' table:visibility="filter"' if number in hidden else ""
        yield f"<table:table-row{visibility}>{cells}</table:table-row>"


def _ods_cell(value: Any) -> str:
    if isinstance(value, Raw):
        return value
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, int | float):
        attributes = f'office:value-type="float" office:value="{value}"'
        return f"<table:table-cell {attributes}><text:p>{value}</text:p></table:table-cell>"
    return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'


def _cell(at: str, value: Any) -> str:
    if isinstance(value, Raw):
        return value.replace("{at}", at)
    if isinstance(value, bool):
        return f'<c r="{at}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{at}"><v>{value!r}</v></c>'
    return f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def _letters(at: int) -> str:
    return (_letters(at // 26 - 1) if at >= 26 else "") + chr(65 + at % 26)


def _workbook(sheets: Mapping[str, Rows]) -> str:
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{at}" r:id="rId{at}"/>' for at, name in enumerate(sheets, 1)
    )
    return f'<?xml version="1.0"?><workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>{listed}</sheets></workbook>'


def _relations(targets: Mapping[str, tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="{key}" Type="{_LINKS}/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'<?xml version="1.0"?><Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def _content_types(count: int) -> str:
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{at}.xml" ContentType="{_SHEET_TYPE}.worksheet+xml"/>'
        for at in range(1, count + 1)
    )
    return (
        f'<?xml version="1.0"?><Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET_TYPE}.sheet.main+xml"/>{parts}</Types>'
    )


def _zipped(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()
